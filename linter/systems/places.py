"""Which account or database answered, and whether it is the one that answered before.

A credential's variable, or a host's name, may lead elsewhere tomorrow. What is not seen there proves nothing of the place
where it was seen.
"""

from collections.abc import Iterable, Mapping

Where = Mapping[str, str]
"""What a system says of itself, by name: the database, the account, the workspace. Empty where it says nothing.

Never what changes while the place stays: a version, a login. Two are the same where all that both say agrees.
"""
NOWHERE: Where = {}
"""It does not say."""


def elsewhere(before: Where, now: Where) -> str:
    """In what two places differ, a clause; empty where they are one, or where one of them is not known."""
    if not before or not now:
        return ""
    shared = [name for name in now if name in before]
    differ = [name for name in shared if before[name] != now[name]]
    if shared and not differ:
        return ""
    then, here = (_said(one, differ or one) for one in (before, now))
    return f"asked elsewhere than before: {then} then, {here} now"


def _said(place: Where, names: Iterable[str]) -> str:
    return ", ".join(f"{name} {place[name]}" for name in names)
