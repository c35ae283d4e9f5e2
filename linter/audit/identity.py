"""What makes a permission this one and no other, how grave it is, and why it is a privileged power."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from linter.actions import action
from linter.boxes import Names
from linter.manifest.model import Resource
from linter.natives import kinds_of, kinds_of_leaf
from linter.permissions import Leaf, normal

_OF_CLASS = {"read": 1, "create": 2, "execute": 2, "update": 3, "delete": 4, "admin": 5, None: 3}
"""Class -> level. A native action without a class counts as changing, as it does for the blast radius."""
_OF_SQL = {
    "connect": 1,
    "temporary": 1,
    "usage": 1,
    "set role": 5,
    "admin option": 5,
    "create": 5,
    "set": 5,
    "alter system": 5,
}
"""PostgreSQL's privileges that are no word of the algebra; CREATE makes objects that the maker owns."""
_OF_LEVEL = {"read": 1, "write": 3, "delete": 4, "admin": 5}
"""What findings on keys and AWS say of themselves."""
_TOTAL = frozenset(
    {
        "superuser",
        "bypass-rls",
        "role-administration",
        "server-power",
        "ownership",
        "privilege-escalation",
        "unscoped-credential",
    }
)
"""Facts that no level of an object bounds."""

_ROLES = frozenset({"create_role", "alter_role", "drop_role"})
_OWNING = frozenset({"own", "owner", "ownership"})
_PASSING = frozenset({"grant", "revoke"})
_DEFINING = frozenset({"ddl", "drop", "alter", "create_table", "dynamodb:deletetable", "s3:deletebucket"})
_POWERS = {
    "superuser": "superuser",
    "bypass-rls": "row-level security bypass",
    "role-administration": "role administration",
    "server-power": "server power",
    "ownership": "ownership",
    "grant-option": "grant option",
    "privilege-escalation": "privilege escalation",
    "reachable-role": "role that it can become",
    "unscoped-credential": "every right of its owner",
    "security-definer-path": "code that runs as another role",
}
"""Fact -> the privileged power that it is."""


def digest(parts: object) -> str:
    """`sha256:` + hex of canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def declared_id(agent: str, environment: str, resource: Resource) -> str:
    """The identity of what an entry allows in an environment: by its leaves in normal form, so that other words are the same.

    What cannot be read whole is identified by what is written as well: nobody knows what else it may come to mean.
    """
    leaves = [_plain(leaf) for leaf in normal(resource.leaves)]
    unread = [] if resource.known else [resource.access, resource.actions, sorted(resource.written)]
    return digest(["declared", agent, environment, resource.system, resource.object, leaves, unread])


def _plain(leaf: Leaf) -> list[object]:
    box = {
        name: {"except" if value.excluded else "only": sorted(value.names)} if isinstance(value, Names) else value
        for name, value in leaf.box
    }
    return [leaf.system, leaf.object, leaf.action, box]


def granted_id(agent: str, environment: str, system: str, principal: str, rule: str, details: Mapping[str, Any]) -> str:
    """The identity of what is granted and not declared: the path by which it is held is not in it, nor what else others may do."""
    said = {key: value for key, value in details.items() if key not in ("via", "assumes")}
    return digest(["granted", agent, environment, system, principal, rule, said])


def level_of(word: str) -> int:
    """The gravest level that a word of the algebra may have."""
    return max(levels_of(word))


def levels_of(word: str) -> set[int]:
    """Every level that a word of the algebra may have: a pattern has those of all that it covers."""
    return {_OF_CLASS[kind] for kind in kinds_of(action(word))}


def _level_of_sql(privilege: str) -> int:
    """The level of a privilege of SQL: its CREATE is no `create`."""
    return _OF_SQL.get(privilege.lower()) or level_of(privilege)


def levels(leaves: Iterable[Leaf]) -> set[int]:
    """The levels of some leaves."""
    return {_OF_CLASS[kind] for leaf in leaves for kind in kinds_of_leaf(leaf)}


def level_of_fact(rule: str, details: Mapping[str, Any]) -> int:
    """The level of what a finding of drift says is granted, or lacking; 0 where it speaks of no right."""
    if rule.removeprefix("drift/") in _TOTAL:
        return 5
    if isinstance(details.get("gains"), list):
        words = [str(one).partition(" ")[0] for one in details["gains"]]
        return max((5 if one in ("superuser", "the") else _level_of_sql(one) for one in words), default=5)
    if details.get("privilege"):
        return _level_of_sql(str(details["privilege"]))
    if "level" in details:
        return _OF_LEVEL.get(str(details["level"]), _OF_CLASS[None])
    return 0


def powers_declared(resource: Resource) -> tuple[str, ...]:
    """Which privileged powers an entry names."""
    found: dict[str, None] = {}
    for leaf in resource.leaves:
        if "admin" in kinds_of(leaf.action):
            found[_power(leaf.action)] = None
    return tuple(found)


def _power(word: str) -> str:
    if word in _ROLES or word.startswith("iam:"):
        return "role administration"
    if word in _OWNING:
        return "ownership"
    if word in _PASSING:
        return "grant option"
    return "DDL" if word in _DEFINING else "administration"


def powers_granted(rule: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Which privileged powers a finding of drift tells of."""
    found: dict[str, None] = {}
    known = _POWERS.get(rule.removeprefix("drift/"))
    if known:
        found[known] = None
    if details.get("grantable"):
        found["grant option"] = None
    if details.get("privilege") == "CREATE":
        found["DDL"] = None
    if details.get("level") == "admin" or str(details.get("privilege")).lower() in ("all", "admin"):
        found["administration"] = None
    return tuple(found)
