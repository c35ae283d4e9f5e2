"""What a system goes on calling a principal or an object that somebody renames, so that another name is no absence.

It is text: a scope, "/", and what is unlike within it. PostgreSQL's are oids, within one cluster (for an object: within one
database of it); a cluster or database that was restored from a dump numbers anew, and so has another scope. AWS gives each
user and role an id that no other ever has (IAM User Guide, "Unique identifiers"): it needs no scope. Empty where a system has
nothing of the kind.
"""

UNKNOWN = "?"
"""The scope of a system that numbers, and does not say which one it is."""
NOTHING = "nothing"
"""What is said within a scope of a name that stood for no object there."""


def alike(one: str, other: str) -> bool | None:
    """Whether two are of one and the same; None where that cannot be told."""
    scope = _scope(one)
    if not one or not other or scope != _scope(other) or scope.startswith(UNKNOWN):
        return None
    return one == other


def _scope(one: str) -> str:
    return one.rpartition("/")[0]
