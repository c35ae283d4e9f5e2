"""Nights in which a system does not answer, or refuses the key: what is told of it, and what stays open."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.nightly.digest import troubles
from linter.nightly.history import History
from tests.nightly.nights import (
    CONFIG,
    FILES,
    Nights,
    ended,
    github,
    history,
    kept,
    manifest,
    slack,
)


def test_an_outage_resolves_nothing(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    for day, entry in ((2, slack(error="fatal_error")), (3, slack(status=503)), (4, None)):
        night = nights.run(day, {"chat": entry} if entry else {})
        assert list(kept(night)) == [FILES]
        assert not night.ended
        (trouble,) = troubles(night)
        assert (trouble.system, trouble.environment, trouble.nights, trouble.waiting) == (
            "chat",
            "production",
            day - 1,
            1,
        )
        assert (trouble.since, trouble.last_success) == ("2026-11-02", "2026-11-01T00:00:00Z")
    night = nights.run(5, {"chat": slack()})
    assert ended(night) == {FILES: "resolved"}
    assert [one.source.system for one in night.recovered] == ["chat"]
    assert [one.failures for one in night.sources] == [0]
    known = history(nights)[FILES]
    assert (known.last_seen, known.ended, known.nights) == ("2026-11-01", "2026-11-05", 1)


def test_a_system_that_was_down_is_no_finding_that_comes_and_goes(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    night = nights.run(2, {})
    assert not [one for one in night.standings.values() if one.known.rule == "drift/unverified-resource"]
    assert not nights.run(3, {"chat": slack()}).ended


def test_a_rejected_credential_is_told_apart(nights: Nights) -> None:
    for day, entry, rejected in (
        (1, slack(error="invalid_auth"), True),
        (2, slack(error="fatal_error"), False),
        (3, slack(status=401), True),
    ):
        (trouble,) = troubles(nights.run(day, {"chat": entry}))
        assert trouble.rejected is rejected, day


@pytest.mark.parametrize(
    ("kind", "answer", "rejected"),
    [
        ("gitlab", {"scopes": ["api"], "active": False, "revoked": True}, True),
        ("gitlab", {"active": True, "revoked": False}, False),
        ("oauth2", {"active": False}, True),
        ("oauth2", {"active": True}, False),
        ("github", {"permissions": {"contents": "read"}, "suspended_at": "2026-11-01T00:00:00Z"}, True),
        ("zendesk", {"token": {}}, False),
    ],
)
def test_which_answers_refuse_the_credential_itself(
    tmp_path: Path, kind: str, answer: dict[str, object], rejected: bool
) -> None:
    config = CONFIG.replace('kind = "slack"', f'kind = "{kind}"')
    nights = Nights(tmp_path, config=config)
    responses = [{"status": 200, "headers": {}, "body": answer}]
    (trouble,) = troubles(nights.run(1, {"chat": {"kind": kind, "responses": responses}}))
    assert trouble.rejected is rejected, trouble


def test_an_expired_token_is_refused_before_it_is_used(tmp_path: Path) -> None:
    nights = Nights(tmp_path, config=CONFIG.replace('kind = "slack"', 'kind = "jwt"'))
    (trouble,) = troubles(nights.run(1, {"chat": {"kind": "jwt", "claims": {"scope": "a", "exp": 1}}}))
    assert trouble.rejected


def test_the_last_success_of_each_system(tmp_path: Path) -> None:
    files = {
        "a/agent-permissions.yaml": manifest("a", "{resource: chat, access: none}", "{resource: hub, access: none}"),
        "b/agent-permissions.yaml": manifest("b", environment="staging"),
    }
    nights = Nights(tmp_path, files)
    nights.run(1, {"chat": slack(), "hub": github()})
    nights.run(2, {"chat": slack()})
    nights.run(3, {"chat": slack()}, environments=["staging"])
    with History.of(str(nights.state)) as found:
        shown = {(one.system, one.environment): (one.last_success[:10], one.failures) for one in found.sources()}
        assert found.last_run() == "2026-11-03T00:00:00Z"
    assert shown == {
        ("chat", "production"): ("2026-11-02", 0),
        ("chat", "staging"): ("2026-11-03", 0),
        ("hub", "production"): ("2026-11-01", 1),
    }
