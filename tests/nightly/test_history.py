"""What a night says of each finding, and what the state remembers of it: real runs over recorded answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from linter.findings import Severity, Source
from linter.nightly import growth
from linter.nightly.digest import counts, troubles
from linter.nightly.history import History
from linter.nightly.news import Known
from linter.nightly.night import record
from linter.nightly.store import transaction
from tests.nightly.nights import CONFIG, Nights, ended, github, kept, manifest, scopes, slack, statuses
from tests.world import build

READ, FILES = "users:read", "files:write"


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def history(nights: Nights) -> dict[str, Known]:
    with History.of(str(nights.state)) as found:
        return {scopes(one): one for one in found.findings()}


def test_the_first_run_is_adoption_and_nothing_is_new(nights: Nights) -> None:
    first = nights.run(1, {"chat": slack("im:history", FILES)})
    assert first.adoption
    assert set(statuses(first).values()) == {"open"}
    assert not nights.run(2, {"chat": slack("im:history", FILES)}).adoption


def test_new_open_resolved_and_back(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    second = nights.run(2, {"chat": slack(FILES)})
    assert statuses(second)[FILES] == "new"
    third = nights.run(3, {"chat": slack(FILES)})
    (standing,) = (one for one in third.standings.values() if scopes(one.known) == FILES)
    assert (standing.status, standing.known.since, standing.known.nights) == ("open", "2026-11-02", 2)
    fourth = nights.run(5, {"chat": slack()})
    assert ended(fourth) == {FILES: "resolved"}
    known = history(nights)[FILES]
    assert (known.first_seen, known.last_seen, known.ended, known.how) == (
        "2026-11-02",
        "2026-11-03",
        "2026-11-05",
        "resolved",
    )
    back = nights.run(8, {"chat": slack(FILES)})
    assert statuses(back)[FILES] == "reappeared"
    known = history(nights)[FILES]
    assert (known.first_seen, known.since, known.nights, known.ended) == ("2026-11-02", "2026-11-08", 1, "")


def test_a_second_run_in_a_night_tells_nothing_twice_and_is_no_second_night(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    assert statuses(nights.run(2, {"chat": slack(FILES)}))[FILES] == "new"
    again = nights.run(2, {"chat": slack(FILES)})
    assert statuses(again)[FILES] == "open"
    assert history(nights)[FILES].nights == 1
    (system,) = troubles(nights.run(2, {"chat": slack(error="fatal_error")}))
    assert system.nights == 1
    (system,) = troubles(nights.run(2, {"chat": slack(error="fatal_error")}))
    assert system.nights == 1


def test_a_finding_that_reaches_further_is_worse_and_one_that_reaches_less_is_not(tmp_path: Path) -> None:
    # Unknown scopes are folded into one finding, whose list grows.
    nights = Nights(
        tmp_path, {"a/agent-permissions.yaml": manifest("a", "{resource: hub.acme/app, access: read-only}")}
    )
    app = {"permissions": {"contents": "read"}, "repository_selection": "selected"}

    def answer(*names: str) -> dict[str, object]:
        body = {**app, "repositories": [{"full_name": one} for one in ("acme/app", *names)]}
        return {"hub": {"kind": "github", "responses": [{"status": 200, "headers": {}, "body": body}]}}

    def status(day: int, *names: str) -> str:
        (one,) = nights.run(day, answer(*names)).standings.values()
        return one.status

    assert status(1, "acme/web") == "open"
    before = next(iter(nights.look(1, answer("acme/web"))[0].findings)).details
    after = next(iter(nights.look(1, answer("acme/web", "acme/pay"))[0].findings)).details
    assert growth.grew(growth.extent(before), growth.extent(after)), (before, after)
    assert status(2, "acme/web", "acme/pay") == "worsened"
    assert status(3, "acme/web", "acme/pay") == "open"
    assert status(4, "acme/web") == "open"
    assert status(5, "acme/web", "acme/pay") == "worsened"


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [
        ({"columns": ["a"]}, {"columns": ["a", "b"]}, True),
        ({"columns": ["a", "b"]}, {"columns": ["a"]}, False),
        ({"columns": ["a"]}, {"columns": None}, True),
        ({"columns": None}, {"columns": ["a"]}, False),
        ({"columns": ["a"]}, {"columns": ["b"]}, True),
        ({"level": "read"}, {"level": "delete"}, True),
        ({"level": "admin"}, {"level": "write"}, False),
        ({"bound": "possible"}, {"bound": "sure"}, True),
        ({"bound": "sure"}, {"bound": "possible"}, False),
        # What an update of permlint brings or rewords says nothing of the world.
        ({}, {"level": "admin", "scopes": ["x"]}, False),
        ({"scopes": ["x"], "why": "a"}, {"why": "other words"}, False),
        ({"level": "a word of another version"}, {"level": "admin"}, False),
    ],
)
def test_what_counts_as_growth(before: dict[str, object], now: dict[str, object], grown: bool) -> None:
    assert growth.grew(growth.extent(before), growth.extent(now)) is grown
    assert growth.loads(growth.dumps(growth.extent(now))) == growth.extent(now)


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
    assert not nights.run(4, answers, retired=["other"]).ended
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


def test_acceptances(nights: Nights) -> None:
    def accept(until: str) -> None:
        outcome, _ = nights.look(1, {"chat": slack(FILES)})
        (one,) = outcome.findings or [each.finding for each in outcome.silenced]
        entry = f"fingerprint: {one.fingerprint}\n    rule: {one.rule}\n    content: {one.content}\n"
        text = f"accepted:\n  - {entry}    reason: agreed\n    until: {until}\n    agent: notifier\n"
        build(nights.folder, {"permlint-accepted.yaml": text})

    nights.run(1, {"chat": slack(FILES)})
    accept("2026-11-20")
    night = nights.run(2, {"chat": slack(FILES)})
    assert statuses(night) == {FILES: "accepted"}
    assert not night.ended
    found = counts(night)
    assert (len(found.open), len(found.accepted), len(found.expiring)) == (0, 1, 0)
    assert len(counts(nights.run(6, {"chat": slack(FILES)})).expiring) == 1
    # An outage does not open it, nor call it stale.
    found = counts(nights.run(7, {}))
    assert (len(found.open), len(found.accepted)) == (0, 1)
    over = nights.run(21, {"chat": slack(FILES)})
    assert statuses(over)[FILES] == "reappeared"
    assert statuses(nights.run(22, {"chat": slack(FILES)}))[FILES] == "open"


def test_a_rule_that_is_turned_off_proves_no_absence(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    config = (nights.folder / "permlint.toml").read_text()
    off = f'{config}[rules."drift/undeclared-privilege"]\nseverity = "off"\n'
    build(nights.folder, {}, off)
    assert ended(nights.run(2, {"chat": slack(FILES)})) == {FILES: "withdrawn"}


def test_severity_that_rises_with_the_rule_is_not_the_worlds_doing(nights: Nights) -> None:
    nights.run(1, {"chat": slack(READ)})
    config = (nights.folder / "permlint.toml").read_text()
    build(nights.folder, {}, f'{config}[rules."drift/undeclared-privilege"]\nseverity = "error"\n')
    night = nights.run(2, {"chat": slack(READ)})
    assert statuses(night) == {READ: "open"}
    assert [one.known.severity for one in night.standings.values()] == [Severity.ERROR]


def test_severity_that_rises_under_the_same_rule_is_worse(nights: Nights) -> None:
    path = nights.folder / "support/agent-permissions.yaml"
    path.write_text(manifest("notifier", environment="canary"))
    config = (nights.folder / "permlint.toml").read_text()
    build(nights.folder, {}, f'nonproduction = ["canary"]\n{config}')
    nights.run(1, {"chat": slack(FILES)})
    build(nights.folder, {}, config)
    assert statuses(nights.run(2, {"chat": slack(FILES)})) == {FILES: "worsened"}


def test_a_renamed_rule_keeps_its_history(nights: Nights) -> None:
    def night(day: int, name: str, message: str) -> dict[str, str]:
        outcome, _ = nights.look(day, {"chat": slack(FILES)})
        rules = {name if id == old else id: rule for id, rule in outcome.rules.items()}
        findings = tuple(one._replace(rule=name, message=message) for one in outcome.findings)
        with transaction(str(nights.state)) as connection:
            found = record(
                connection,
                outcome._replace(rules=rules, findings=findings),
                whole=True,
                today=date(2026, 11, 25),
                at=datetime(2026, 11, day, tzinfo=UTC),
                keep="400d",
            )
        assert not found.ended
        return statuses(found)

    old = "drift/undeclared-privilege"
    night(1, old, "as it was said")
    assert night(2, "drift/unagreed-privilege", "in other words") == {FILES: "open"}
    known = history(nights)[FILES]
    assert (known.rule, known.first_seen, known.nights, known.message) == (
        "drift/unagreed-privilege",
        "2026-11-01",
        2,
        "in other words",
    )
    assert nights.rows("SELECT count(*) FROM finding") == [(1,)]


def test_history_is_not_written_backwards_or_ahead(nights: Nights) -> None:
    nights.run(10, {"chat": slack(FILES)})
    before = nights.rows("SELECT * FROM finding")
    back = nights.outcome(9, {"chat": slack()})
    assert back.nightly is None
    assert [one.message for one in back.errors] == [
        "has a run of 2026-11-10: history is not written backwards, to 2026-11-09"
    ]
    ahead = nights.outcome(28, {"chat": slack()})
    assert [one.message for one in ahead.errors] == ["is not written ahead: 2026-11-28 has not come yet"]
    assert nights.rows("SELECT * FROM finding") == before
    # A clock that was put back, and nobody's wish: the run counts for the last day, and says so.
    night = nights.run(8, {"chat": slack()}, today=date(2026, 11, 8))
    assert (night.day, ended(night)) == ("2026-11-10", {FILES: "resolved"})
    assert night.notes == (
        "the clock says 2026-11-08, and the last run was on 2026-11-10: this run counts for that day",
    )


def test_only_what_is_over_is_forgotten(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES, READ)})
    nights.run(2, {"chat": slack(FILES)})
    for day in (3, 9):
        nights.run(day, {"chat": slack(FILES)}, keep="7d")
    assert sorted(history(nights)) == [FILES, READ]
    nights.run(10, {"chat": slack(FILES)}, keep="7d")
    assert list(history(nights)) == [FILES]
    assert nights.rows("SELECT count(*) FROM run") == [(3,)]
    assert history(nights)[FILES].first_seen == "2026-11-01"


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


def test_principals_without_a_manifest_have_a_history_too(tmp_path: Path) -> None:
    config = (
        '[systems.account]\nkind = "aws"\naccess_key_id_env = "NO"\nsecret_access_key_env = "NO"\n'
        '[systems.account.principals]\nnames = ["*-agent"]\n'
    )
    nights = Nights(tmp_path, {"a/agent-permissions.yaml": manifest("a", "{resource: chat, access: none}")}, config)

    def account(*names: str) -> dict[str, object]:
        users = [
            {
                "UserName": one,
                "Path": "/",
                "Arn": f"arn:aws:iam::111122223333:user/{one}",
                "UserId": one,
                "GroupList": [],
            }
            for one in names
        ]
        details = {"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
        return {"account": {"kind": "aws", "account_authorization_details": details}, "chat": slack()}

    nights.run(1, account())
    night = nights.run(2, account("wild-agent"))
    (one,) = night.standings.values()
    assert (one.status, one.known.rule, one.known.source) == (
        "new",
        "drift/unmanaged-principal",
        Source("", "", "account"),
    )
    night = nights.run(3, {"chat": slack()})
    assert [one.system for one in troubles(night)] == ["account"]
    assert [one.waiting for one in troubles(night)] == [1]
    assert [one.how for one in nights.run(4, account()).ended] == ["resolved"]


def test_json_has_what_the_state_knows(nights: Nights) -> None:
    from linter.reports.json import render

    nights.run(1, {"chat": slack()})
    outcome = nights.outcome(2, {"chat": slack(FILES)})
    body = json.loads(render(outcome))
    (finding,) = body["findings"]
    assert (finding["status"], finding["first_seen"], finding["since"], finding["nights"]) == (
        "new",
        "2026-11-02",
        "2026-11-02",
        1,
    )
    assert (body["nightly"]["new"], body["nightly"]["open"], body["nightly"]["oldest"]["owner"]) == (1, 1, "support")
    body = json.loads(render(nights.outcome(3, {})))
    assert [one["status"] for one in body["findings"]] == ["open"]
    assert body["findings"][0]["nights"] is None
    assert body["nightly"]["failing"][0]["waiting"] == 1
    assert [one["fingerprint"] for one in body["nightly"]["kept"][0]["findings"]] == [finding["fingerprint"]]
    body = json.loads(render(nights.outcome(4, {"chat": slack()})))
    assert [(one["fingerprint"], one["how"], one["ended"]) for one in body["nightly"]["ended"]] == [
        (finding["fingerprint"], "resolved", "2026-11-04")
    ]
