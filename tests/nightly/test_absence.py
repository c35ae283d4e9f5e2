"""What proves no absence resolves nothing: a narrower run, a manifest or rule that is gone, an answer nobody can read."""

from __future__ import annotations

from pathlib import Path

from linter.nightly.digest import counts, troubles
from tests.nightly.nights import CONFIG, FILES, Nights, ended, github, history, kept, manifest, scopes, slack, statuses
from tests.world import build


def test_a_run_that_asks_for_less_resolves_nothing(tmp_path: Path) -> None:
    files = {
        "support/agent-permissions.yaml": manifest(
            "a", "{resource: chat, access: none}", "{resource: hub, access: none}"
        ),
        "web/agent-permissions.yaml": manifest("b", environment="staging"),
    }
    nights = Nights(tmp_path, files)
    loud, quiet = {"chat": slack(FILES), "hub": github("gist")}, {"chat": slack(), "hub": github()}
    assert sorted(statuses(nights.run(1, loud))) == [
        FILES,
        "gist",
    ]  # of two agents with one key the fingerprints differ
    open_before = nights.rows("SELECT count(*) FROM finding WHERE ended = ''")
    assert open_before == [(3,)]
    for asked, left in (
        ({"only": ["hub"]}, 2),
        ({"environments": ["staging"]}, 2),
        ({"paths": ["web/agent-permissions.yaml"]}, 2),
    ):
        nights.state.unlink()
        nights.run(1, loud)
        night = nights.run(2, quiet, **asked)
        assert len(night.ended) + night.not_asked == 3
        assert (night.not_asked, night.kept) == (left, ()), asked
        assert len(nights.run(3, quiet).ended) == left


def test_a_manifest_that_is_gone_unreadable_or_silent_resolves_nothing(nights: Nights) -> None:
    path = nights.folder / "support/agent-permissions.yaml"
    build(nights.folder, {"web/agent-permissions.yaml": manifest("other")})
    nights.run(1, {"chat": slack(FILES)})
    answers = {"chat": slack()}
    path.write_text("agent_name: [\n")
    assert "cannot be read" in kept(nights.run(2, answers))[FILES]
    path.write_text(manifest("notifier", "{resource: hub, access: none}"))
    assert "no longer names chat in production" in kept(nights.run(3, {**answers, "hub": github()}))[FILES]
    path.unlink()
    assert "no manifest of notifier any more" in kept(nights.run(4, answers))[FILES]
    # Only of an agent that is no more, whatever somebody says.
    other = nights.run(4, answers, retired=["other", "ghost"], moved=["wiki", "chat"])
    assert not other.ended
    assert other.notes == (
        "--retired ghost: the state knows no such agent",
        "--moved wiki: the state knows no such system",
    )
    path.write_text(manifest("notifier"))
    assert not nights.run(5, {"chat": slack(FILES)}, retired=["notifier"]).ended
    path.unlink()
    assert ended(nights.run(6, {"chat": slack(FILES)}, retired=["notifier"]))[FILES] == "withdrawn"
    path.write_text(manifest("notifier"))
    back = nights.run(7, {"chat": slack(FILES)})
    assert {one.known.agent: one.status for one in back.standings.values() if scopes(one.known)} == {
        "notifier": "reappeared",
        "other": "open",
    }
    assert ended(nights.run(8, answers))[FILES] == "resolved"


def test_what_nobody_can_tell_is_not_resolved(tmp_path: Path) -> None:
    """What an unknown scope confers may be what was missing."""
    nights = Nights(tmp_path, {"a/agent-permissions.yaml": manifest("a", "{resource: chat, access: write}")})
    nights.run(1, {"chat": slack()})
    night = nights.run(2, {"chat": slack("brand_new:scope")})
    assert statuses(night) == {"brand_new:scope": "new"}
    assert "nobody can tell: Slack granted brand_new:scope" in kept(night)[""]
    assert list(kept(nights.run(3, {"chat": slack("brand_new:scope")}))) == [""]
    night = nights.run(4, {"chat": slack("chat:write")})
    assert ended(night) == {"brand_new:scope": "resolved", "": "resolved"}


def test_what_a_graver_finding_swallows_is_not_resolved(tmp_path: Path) -> None:
    config = CONFIG.replace(
        'kind = "slack"\ntoken_env = "NO_SUCH_SLACK_TOKEN"', 'kind = "gitlab"\norigin = "https://gitlab.example.com"'
    )
    nights = Nights(tmp_path, {"a/agent-permissions.yaml": manifest("a")}, config)

    def gitlab(*names: str) -> dict[str, object]:
        body = {"scopes": list(names), "revoked": False, "active": True}
        return {"chat": {"kind": "gitlab", "responses": [{"status": 200, "headers": {}, "body": body}]}}

    nights.run(1, gitlab("read_api"))
    outcome, _ = nights.look(2, gitlab())
    swallower = nights.look(2, gitlab("read_api"))[0].findings[0]._replace(rule="drift/unscoped-credential", details={})
    night = nights.remember(outcome._replace(findings=(swallower,)))
    assert ended(night) == {"read_api": "superseded"}
    assert [one.how for one in nights.run(3, gitlab()).ended] == ["resolved"]
    assert history(nights)["read_api"].how == "superseded"


def test_what_is_unverifiable_by_nature_from_the_beginning_holds_nothing_open(tmp_path: Path) -> None:
    entry = "{resource: chat, access: write, scope: '#ops-alerts channel only'}"
    nights = Nights(tmp_path, {"a/agent-permissions.yaml": manifest("a", entry)})
    first = nights.run(1, {"chat": slack("chat:write", "users:read")})
    assert (counts(first).unverifiable, troubles(first)) == (0, [])  # the excess is graver
    night = nights.run(2, {"chat": slack("chat:write")})
    assert ended(night) == {"users:read": "resolved"}
    assert (counts(night).unverifiable, troubles(night)) == (1, [])


def test_a_rule_that_is_turned_off_proves_no_absence(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    config = (nights.folder / "permlint.toml").read_text()
    off = f'{config}[rules."drift/undeclared-privilege"]\nseverity = "off"\n'
    build(nights.folder, {}, off)
    assert ended(nights.run(2, {"chat": slack(FILES)})) == {FILES: "withdrawn"}
