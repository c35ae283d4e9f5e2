"""What is really granted: how much of each declared permission, and the rows for what nobody declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter.audit.identity import granted_id, level_of_fact, powers_granted
from linter.audit.live import Fact, Live, Verdict
from linter.audit.model import Permission
from linter.systems.aws.wildcards import overlap as overlaps
from linter.systems.keys.vocabulary import confers
from linter.systems.live import CONDITIONAL, EXCESS, GRAVITY, MISSING, OK, UNVERIFIED

_BEYOND = {
    f"drift/{name}": verdict
    for verdict, names in (
        (
            EXCESS,
            "undeclared-privilege public-privilege mutable-audit-log ownership superuser bypass-rls role-administration",
        ),
        (EXCESS, "server-power grant-option reachable-role security-definer-path privilege-escalation"),
        (EXCESS, "unscoped-credential undeclared-system"),
        (CONDITIONAL, "conditional-privilege future-privilege"),
        (OK, "coarse-grant"),
    )
    for name in names.split()
}
"""Rules that tell of what is granted and not declared, and the verdict on it. What a provider cannot withhold is ok."""
_BECOME = "SET ROLE"
_LACKING = frozenset({"drift/missing-privilege", "drift/unusable-privilege", "drift/unknown-object"})
_SHOWN = 6
_ACTION = re.compile(r"\*|[a-z0-9-]+:\S+", re.IGNORECASE)
_READS, _WRITES = frozenset({"SELECT", "USAGE"}), frozenset({"INSERT", "UPDATE", "DELETE", "USAGE"})
_EVERYWHERE: Mapping[str, frozenset[str]] = {
    "pg_read_all_data": _READS,
    "pg_write_all_data": _WRITES,
    "pg_maintain": frozenset({"MAINTAIN"}),
}
"""Predefined role of PostgreSQL -> what it confers on every object (https://www.postgresql.org/docs/18/predefined-roles.html)."""
_REPLICATION, _BYPASS = "REPLICATION", "BYPASS RLS"
_ROWS = "all rows"
"""How a right is marked that row-level security was to narrow."""


class Plane(NamedTuple):
    """The facts of one agent in one environment."""

    beyond: tuple[Fact, ...]
    lacking: tuple[Fact, ...]


def by_agent(live: Live) -> dict[tuple[str, str], Plane]:
    """(path of the manifest, environment) -> what drift found there."""
    grouped: dict[tuple[str, str], tuple[list[Fact], list[Fact]]] = {}
    for fact in live.facts:
        rule = fact.note.rule
        path = fact.note.place.rsplit(":", 2)[0]
        beyond, lacking = grouped.setdefault((path, fact.note.environment), ([], []))
        if rule in _BEYOND:
            beyond.append(fact)
        elif rule in _LACKING:
            lacking.append(fact)
    return {key: Plane(tuple(beyond), tuple(lacking)) for key, (beyond, lacking) in grouped.items()}


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Of the verdicts on entries with one name, the gravest, and what else there is."""
    every = list(verdicts)
    first = min(every, key=lambda one: _rank(one.verdict))
    others = {each for one in every for each in (one.verdict, *one.also)} - {first.verdict, OK}
    return first._replace(also=tuple(sorted(others, key=_rank)))


def _rank(verdict: str) -> int:
    return GRAVITY.index(verdict) if verdict in GRAVITY else len(GRAVITY)


def worst(verdicts: Iterable[str]) -> str:
    """The gravest of some verdicts; empty for none."""
    return min(filter(None, verdicts), key=_rank, default="")


def granted_level(declared: set[int], verdict: Verdict, resource: str, system: str, plane: Plane | None) -> int | None:
    """How much is really granted within an entry; None where that is not known.

    Args:
        declared: the levels of its leaves.
    """
    kinds = {verdict.verdict, *verdict.also}
    if verdict.verdict == UNVERIFIED or (UNVERIFIED in kinds and EXCESS not in kinds):
        return None
    lost: set[int] = set()
    if MISSING in kinds:
        for fact in _about(plane.lacking if plane else (), resource, system):
            level = level_of_fact(fact.note.rule, fact.details)
            writes = fact.details.get("level") == "write"
            if writes and declared >= {2, 3}:
                return None  # creating or updating: the finding does not say which
            lost |= {2, 3} if writes else {level} if level else declared
    left = max(declared - lost, default=0)
    if EXCESS not in kinds:
        return left
    # The finding may be another entry's that it touches as well.
    about = _about(plane.beyond if plane else (), resource, system)
    sure = [level_of_fact(one.note.rule, one.details) for one in about if _verdict(one) == EXCESS]
    return max([left, *sure]) if sure else None


def _about(facts: Sequence[Fact], resource: str, system: str) -> Sequence[Fact]:
    """The findings on an entry; where none names it, those on its system, one of which concerns it."""
    return [one for one in facts if one.note.resource == resource] or [one for one in facts if one.system == system]


def _verdict(fact: Fact) -> str:
    return CONDITIONAL if fact.details.get("bound") == "possible" else _BEYOND[fact.note.rule]


def rows(plane: Plane, agent: str) -> Iterable[Permission]:
    """What is granted to an agent in an environment and not declared, a row each."""
    for fact in plane.beyond:
        note = fact.note
        verdict = _verdict(fact)
        level = level_of_fact(note.rule, fact.details)
        principal = fact.principal or str(fact.details.get("role", ""))
        yield Permission(
            id=granted_id(agent, note.environment, fact.system, principal, note.rule, fact.details),
            agent=agent,
            environment=note.environment,
            system=fact.system,
            resource=note.resource,
            origin="granted",
            what=what(note.rule, fact.details) or note.message,
            scope="",
            level=level,
            granted=None if verdict == CONDITIONAL else level,
            verdict=verdict,
            also=(),
            reason=note.message,
            principal=principal,
            blast_declared="",
            blast_computed="",
            privileged=powers_granted(note.rule, fact.details),
            justification="",
            new=False,
            decision=None,
            finding=note.fingerprint,
            object_id=fact.object_id,
        )


def what(rule: str, details: Mapping[str, Any]) -> str:
    """What is granted, in words: `RIGHT, RIGHT on OBJECT (more)`; empty where the details do not say."""
    if details.get("privilege"):
        return _sql(rule.removeprefix("drift/"), details)
    if details.get("actions"):
        said = f"{_few(details['actions'])} on {_few(details.get('resources') or ['*'])}"
        return f"{said} (gaining {_few(details['assumes'], '; ')})" if details.get("assumes") else said
    if details.get("scopes"):
        return f"{_few(details['scopes'])} on {details.get('provider')} ({details.get('level')})"
    return ""


def _sql(rule: str, details: Mapping[str, Any]) -> str:
    privilege, name, schema = str(details["privilege"]), str(details.get("object")), details.get("schema")
    object = f"{schema}.{name}" if schema else name
    if rule == "reachable-role" or details.get("gains"):
        said = _BECOME if rule == "reachable-role" else privilege
        return f"{said} on {object} (gaining {_few(details.get('gains') or ['nothing else'], '; ')})"
    if rule in ("superuser", "bypass-rls", "server-power") or (
        details.get("object_type") == "role" and rule == "role-administration"
    ):
        return f"{privilege} on {object} (an attribute or a membership)"
    if rule == "grant-option":
        return f"{', '.join(f'GRANT OPTION FOR {one}' for one in details.get('privileges', [privilege]))} on {object}"
    notes = "; ".join(_notes(rule, details))
    return f"{privilege} on {object}" + (f" ({notes})" if notes else "")


def _notes(rule: str, details: Mapping[str, Any]) -> Iterator[str]:
    kind = details.get("object_type")
    if kind not in ("table", "view", "sequence", None):
        yield str(kind)
    if isinstance(details.get("columns"), list):
        yield f"columns {_few(details['columns'])}"
    if details.get("rows") == "all":
        yield _ROWS
    if details.get("grantable"):
        yield "with the right to grant it"
    if rule == "future-privilege":
        yield "of what does not exist yet"
    if rule == "security-definer-path":
        yield f"by code that runs as {details.get('runs_as')}"
    if rule == "conditional-privilege":
        yield "under a condition"


def _few(given: Iterable[object], between: str = ", ") -> str:
    names = [str(one) for one in given]
    more = f"{between}and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more


def overlap(one: Permission, other: Permission) -> bool:
    """Whether two rows of what is granted in one place may be about the same right, so that the absence of one proves nothing."""
    if one.principal != other.principal:
        return False
    if any(power in other.privileged for power in ("superuser", "every right of its owner")) or other.what == "* on *":
        return True  # beside it nothing else is said
    (rights, object), (others, place) = _parts(one.what), _parts(other.what)
    if rights & _EVERYWHERE.get(place, frozenset()):
        return True
    if others == {_REPLICATION} and "SELECT" in rights:
        return True  # it reads every table through the write-ahead log
    if others == {_BYPASS} and _ROWS in one.what.partition(" (")[2]:
        return True
    gains = other.what.partition(" (gaining ")[2]
    if any(_brings(gain, rights, object) for gain in gains.removesuffix(")").split("; ") if gain):
        return True
    if object == place and any(confers(place, others, right) for right in rights):
        return True
    return rights_overlap(one.what, other.what) and (
        object == place or "*" in object + place or " more" in object + place
    )


def together(one: Permission, others: Sequence[Permission]) -> list[Permission]:
    """Scopes of a key that confer what another one did, though none of them does by itself."""
    rights, provider = _parts(one.what)
    held = [other for other in others if other.principal == one.principal and _parts(other.what)[1] == provider]
    scopes = [scope for other in held for scope in sorted(_parts(other.what)[0])]
    return held if any(confers(provider, scopes, right) for right in rights) else []


def rights_overlap(one: str, other: str) -> bool:
    """Whether of two rights in words the second may be, or hold, the first, whatever they are on."""
    rights, others = _parts(one)[0], _parts(other)[0]
    uncounted = any("*" in right or right.startswith("and ") for right in rights | others)
    return uncounted or bool(rights & others) or bool(others & {"OWNERSHIP", "ALL"})


def _brings(gain: str, rights: set[str], object: str) -> bool:
    """Whether becoming another role, and what that gains, may bring back a right: `SELECT on schema app`, or a power."""
    if _ACTION.fullmatch(gain):  # what a role of AWS may do
        return any(right.startswith("and ") or overlaps(gain.lower(), right.lower()) for right in rights)
    power, _, place = gain.partition(" (")[0].partition(" on ")
    if not place:  # a role's attribute or place, or those that are only counted
        return bool(rights & _EVERYWHERE.get(power, rights))
    return power in rights and (place == object or place.endswith(f" {object}"))


def _parts(words: str) -> tuple[set[str], str]:
    rights, _, rest = words.partition(" on ")
    return set(rights.split(", ")), rest.partition(" (")[0]
