"""The vocabulary of each provider's scopes is whole, and verdicts follow its documentation."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.systems.keys.vocabulary import EVERY, load
from tests.systems.keys.compared import (
    EXCESS,
    MISSING,
    READ,
    compared,
    said,
    slack,
    zendesk,
)


@pytest.mark.parametrize("kind", ["slack", "github", "gitlab", "zendesk"])
def test_a_vocabulary_is_whole(kind: str) -> None:
    found = load(kind)
    date.fromisoformat(found.dated)
    assert found.sources
    assert all(one.startswith("https://") for one in found.sources)
    assert found.scopes
    # What confers nothing is what the provider tells anybody who has a token.
    assert {name for name, scope in found.scopes.items() if not scope.atoms} <= {"identify", "tokens.basic"}
    assert found.areas >= {area for scope in found.scopes.values() for area, _ in scope.atoms}


def _confers(scope: str, area: str, kind: str) -> bool:
    """What Zendesk's documentation says of a scope, not by our data: RESOURCE[:ACCESS], or ACCESS for every resource."""
    resource, _, access = scope.rpartition(":") if ":" in scope else (scope, "", "")
    if scope in ("read", "write"):
        resource, access = "", scope
    wanted = "read" if kind == "read" else "write"
    return (not resource or resource == area) and (not access or access == wanted)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["read", "write", "tickets", "tickets:read", "tickets:write", "users:read", "hc"]), unique=True
    ),
    st.sampled_from(["tickets", "users", "hc"]),
    st.sampled_from(["read-only", "write", "read-write"]),
)
def test_verdicts_follow_the_documentation(scopes: list[str], area: str, access: str) -> None:
    with TemporaryDirectory() as folder:
        body = compared(Path(folder), "zendesk", [f"{{resource: s.{area}, access: {access}}}"], zendesk(*scopes))
    wanted = {"read-only": ["read"], "write": ["write"], "read-write": ["read", "write"]}[access]
    every = [(one, kind) for one in ("tickets", "users", "hc", "targets") for kind in ("read", "write")]
    excess = {
        scope
        for scope in scopes
        if any(_confers(scope, *one) and (one[0] != area or one[1] not in wanted) for one in every)
    }
    lacking = {kind for kind in wanted if not any(_confers(scope, area, kind) for scope in scopes)}
    told = said(body)
    assert {scope for rule, scope, _ in told if rule == EXCESS} == excess
    assert {level for rule, _, level in told if rule == MISSING} == ({"write"} if "write" in lacking else lacking)
    assert body["verdicts"][0]["verdict"] == ("excess" if excess else "missing" if lacking else "ok")


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(load("slack").scopes)), unique=True, max_size=6), st.randoms())
def test_order_does_not_matter_and_admin_covers_all(scopes: list[str], random: Any) -> None:
    shuffled = random.sample(scopes, len(scopes))
    with TemporaryDirectory() as one, TemporaryDirectory() as other, TemporaryDirectory() as third:
        found = said(compared(Path(one), "slack", [READ], slack(",".join(scopes))))
        assert found == said(compared(Path(other), "slack", [READ], slack(" , ".join(shuffled))))
        everything = "{resource: s, access: admin}"
        rules = {rule for rule, _, _ in said(compared(Path(third), "slack", [everything], slack(",".join(scopes))))}
    assert rules <= {MISSING}
    assert EVERY in load("slack").areas
