"""What a view needs below it: whoever it reads as has to have the privilege on each relation that it names."""

from collections.abc import Iterator

from linter.systems.postgresql.granted import Object, Unusable
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import admitting, shut
from linter.systems.postgresql.rights import Rights, rights_of
from linter.systems.postgresql.snapshot import FIRST_USER_OID, Relation, Use


def below(rights: Rights, on: Object, view: Relation, privilege: str) -> Iterator[Unusable]:
    """The first thing that keeps a privilege on a view from being of use: what is missing on a relation below it.

    A view uses them as its owner; with security_invoker as whoever runs the query, also below another view.
    """
    index = rights.index
    if privilege != "SELECT" and privilege not in index.passed(view.oid):
        return
    seen = {view.oid}
    waiting = [view]
    while waiting:
        current = waiting.pop(0)
        uses = index.uses.get((current.oid, "SELECT"), ())
        if current.owner not in index.graph.roles or (privilege != "SELECT" and len(uses) != 1):
            return  # which of several relations is changed, the server knows
        for use in uses:
            target = index.relations.get(use.relation)
            if target is None or target.oid < FIRST_USER_OID or ("relation", target.oid) not in index.things:
                continue  # what initdb granted of the server's own is not in a snapshot
            lacking = _lacking(rights, current, use, target, privilege, alone=len(uses) == 1)
            if lacking is not None:
                yield Unusable(on, privilege, *lacking)
                return
            if target.kind == "v" and target.oid not in seen:
                seen.add(target.oid)
                waiting.append(target)


def _lacking(
    rights: Rights, view: Relation, use: Use, target: Relation, privilege: str, *, alone: bool
) -> tuple[str, str] | None:
    """What a view's hop to a relation lacks, and the statement that mends it."""
    index = rights.index
    name = index.object(("relation", view.oid)).sql
    if view.security_invoker:
        user, how = rights, f"which view {name} uses as whoever uses the view"
    else:
        user = rights_of(index, view.owner)
        how = f"for {quote(index.role_names[user.role])}, as whom view {name} uses it"
    object = index.object(("relation", target.oid))
    for needed in use.privileges if privilege == "SELECT" else (privilege,):
        if needed not in user.on_relation(target.oid):
            fix = f"GRANT {needed} ON {object.on} TO {quote(index.role_names[user.role])};"
            return f"{needed} on {object.sql}, {how}", fix
    if alone and shut(user, target, privilege):
        policy = f"a row-level security policy on {object.sql} for {privilege}, {how}"
        return policy, admitting(user, object, target, privilege)
    return None
