"""Whether what is not seen any more was only renamed: its principal, or the object that it is on.

Both keep an identity (`linter.systems.lasting`). A principal's is looked for in what was asked. An object's need not be: who
may still do something with it has a row of this report for that, and the row has the object's identity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from linter.audit.decisions import Decided
from linter.audit.granted import rights_overlap
from linter.audit.identity import levels_of
from linter.audit.live import Live
from linter.audit.model import Permission
from linter.systems.lasting import NOTHING, alike


class Renamed(NamedTuple):
    """Rows that there are, of the same right as one that there is not, on objects of other names."""

    sure: tuple[Permission, ...]
    """The object is the same one."""
    perhaps: tuple[Permission, ...]
    """Nobody can tell whether it is."""


def renamed(
    row: Permission, decided: Decided | None, now: Sequence[Permission], before: Mapping[str, Permission]
) -> Renamed:
    """Sort out what may be a right under an object's new name.

    Args:
        row: as it was when it was last seen.
        now: what its principal has, under whatever name.
        before: what the last report had, by id.
    """
    known = {row.object_id, decided.object_id if decided is not None else ""} - {""}
    sure, perhaps = [], []
    leads = next((one.object_id for one in now if one.id == row.id), "")
    for one in now:
        if one.id == row.id or not _same_right(row, one):
            continue
        called_alike = _called_alike(row, one, leads)
        if called_alike and one.principal == row.principal:
            continue  # the name does not stand in the way of whoever compares them
        nothing = not one.object_id or one.object_id.endswith(f"/{NOTHING}")
        told = [alike(each, one.object_id) for each in known]
        if called_alike or (True in told and not nothing):
            sure.append(one)
        elif nothing:
            continue
        elif (None in told or not told) and not _apart(row, one, before):
            perhaps.append(one)
    return Renamed(tuple(sure), tuple(perhaps))


def _apart(row: Permission, one: Permission, before: Mapping[str, Permission]) -> bool:
    """Whether the last report had both, each by itself, and one of them on the object that it is on now."""
    then = before.get(one.id)
    return then is not None and row.id in before and alike(then.object_id, one.object_id) is True


def _called_alike(row: Permission, one: Permission, leads: str) -> bool:
    """Whether their objects are called alike.

    Args:
        leads: to which object an entry's name leads now; empty where nothing says so.
    """
    first, second = object_of(row), object_of(one)
    if first == second or row.origin == one.origin == "granted" or ("." in first and "." in second):
        return first == second
    return last(first) == last(second) and (not leads or alike(leads, one.object_id) is True)


def object_of(row: Permission) -> str:
    """What a permission is on, as it is called: an entry's object, or what a fact names."""
    if row.origin == "declared":
        return row.resource.partition(".")[2]
    return row.what.partition(" on ")[2].partition(" (")[0]


def last(name: str) -> str:
    """The last part of an object's name, in whatever system's spelling."""
    return re.split(r"[.:/]", name)[-1].strip('"').lower()


def _same_right(row: Permission, one: Permission) -> bool:
    if row.origin == one.origin == "granted":
        return rights_overlap(row.what, one.what)
    if row.origin == one.origin:
        return bool(levels(row) & levels(one))
    declared, granted = (row, one) if row.origin == "declared" else (one, row)
    return bool(granted.privileged) or granted.level in levels(declared)


def levels(declared: Permission) -> set[int]:
    """The levels of what an entry names; all of them where it is administration."""
    found = set[int]().union(*map(levels_of, declared.what.split(", ")))
    return set(range(6)) if 5 in found else found


def same_principal(row: Permission, decided: Decided | None, one: Permission) -> bool:
    """Whether two rows are one principal's, whatever its names."""
    if one.principal == row.principal:
        return True
    return any(
        alike(known, one.principal_id) for known in (row.principal_id, decided.principal_id if decided else "") if known
    )


def mistaken(live: Live, row: Permission, decided: Decided | None) -> str:
    """Why the principal that was compared may be another than that which held a permission, a clause; empty where it is not."""
    now = live.identity(row.system, row.environment, row.principal)
    known = {row.principal_id, decided.principal_id if decided is not None else ""} - {""}
    if not known:
        return (
            f"that {row.principal} was renamed, and the name given to another, cannot be excluded: what it keeps under "
            "another name was not recorded"
            if now
            else ""
        )
    for identity in sorted(known):
        if alike(identity, now):
            continue
        bearer = live.bearer(row.system, row.environment, identity)
        if bearer is None:
            return f"that {row.principal} was renamed cannot be excluded: nobody could tell who has its identity now"
        if bearer:
            return f"{row.principal} was renamed to {bearer}, which still holds what it held, or was not compared"
    return ""
