"""The computed blast radius: the table of DESIGN.md, section 3, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from linter.blast import LEVELS, computed
from linter.manifest.model import build


def levels(entry: dict[str, Any]) -> tuple[str, str]:
    """The level elsewhere and in production."""
    data = {"agent_name": "a", "environment": "e", "resources": [{"scope": "some of it", **entry}]}
    [resource] = build(data, data).resources
    return LEVELS[computed(resource, production=False)], LEVELS[computed(resource, production=True)]


@pytest.mark.parametrize(
    ("actions", "elsewhere", "production"),
    [
        (["read"], "none", "none"),
        (["select"], "none", "none"),
        (["s3:GetObject"], "none", "none"),
        (["create"], "low", "low"),
        (["execute"], "low", "low"),
        (["update"], "medium", "high"),
        (["delete"], "high", "critical"),
        (["truncate"], "high", "critical"),
        (["admin"], "critical", "critical"),
        (["drop"], "critical", "critical"),
        (["chat:write"], "medium", "medium"),
        (["read", "delete", "create"], "high", "critical"),
        # A pattern is the gravest that it may cover, and so is a name in plain English.
        (["s3:*"], "critical", "critical"),
        (["s3:De*"], "critical", "critical"),
        (["s3:DeleteObject*"], "high", "critical"),
        (["s3:Get*"], "none", "none"),
        (["s3:PutObject*"], "medium", "high"),
        (["del*"], "high", "critical"),
        (["tr*"], "high", "critical"),
        (["purge"], "high", "critical"),
        (["get_ticket"], "medium", "medium"),
    ],
)
def test_by_action(actions: list[str], elsewhere: str, production: str) -> None:
    assert levels({"resource": "db.t", "actions": actions}) == (elsewhere, production)


@pytest.mark.parametrize(
    ("access", "elsewhere", "production"),
    [
        ("none", "none", "none"),
        ("read-only", "none", "none"),
        ("write", "medium", "high"),
        ("read-write", "medium", "high"),
        ("execute", "low", "low"),
        ("admin", "critical", "critical"),
    ],
)
def test_by_access(access: str, elsewhere: str, production: str) -> None:
    assert levels({"resource": "db.t", "access": access}) == (elsewhere, production)


@pytest.mark.parametrize(
    ("entry", "elsewhere", "production"),
    [
        # One more on a wildcard, whatever the scope, for anything but reading.
        ({"resource": "db.app.*", "actions": ["create"]}, "medium", "medium"),
        ({"resource": "db.*", "actions": ["update"]}, "high", "critical"),
        ({"resource": "db.app.**", "actions": ["create"]}, "medium", "medium"),
        ({"resource": "db.app.%", "actions": ["create"]}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": "no restrictions"}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": "as needed"}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": {"rows": "1=1"}}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": {"rows": "1=1 and x = 5"}}, "low", "low"),
        ({"resource": "db.*", "actions": ["chat:write"]}, "high", "high"),
        ({"resource": "db.*", "actions": ["read"]}, "none", "none"),
        ({"resource": "db.*", "actions": ["admin"]}, "critical", "critical"),
        # And on a whole system without any scope; prose counts as a scope, a note does not.
        ({"resource": "db", "actions": ["create"]}, "low", "low"),
        ({"resource": "db", "actions": ["create"], "scope": "all"}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": None}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": {"note": "x"}}, "medium", "medium"),
        ({"resource": "db", "actions": ["create"], "scope": {"paths": ["*"]}}, "medium", "medium"),
        ({"resource": "db", "actions": ["read"], "scope": None}, "none", "none"),
        # A glob among the paths is no wildcard, nor is a star within a name.
        ({"resource": "fs", "actions": ["create"], "scope": {"paths": ["docs/**"]}}, "low", "low"),
        ({"resource": "db.app*", "actions": ["create"]}, "low", "low"),
        # A named object without a scope is no whole system.
        ({"resource": "db.t", "actions": ["create"], "scope": None}, "low", "low"),
        # Columns that narrow writing leave the update.
        ({"resource": "db.t", "access": "write", "scope": "status column only"}, "medium", "high"),
        ({"resource": "slack", "access": "write", "scope": "#a channel only"}, "low", "low"),
    ],
)
def test_by_reach(entry: dict[str, Any], elsewhere: str, production: str) -> None:
    assert levels(entry) == (elsewhere, production)
