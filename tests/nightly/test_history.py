"""What a night says of each finding, and what the state remembers of it: real runs over recorded answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from linter.findings import Source
from linter.nightly.digest import counts, troubles
from linter.nightly.night import record
from linter.nightly.store import transaction
from tests.nightly.nights import (
    FILES,
    READ,
    Nights,
    ended,
    history,
    manifest,
    scopes,
    slack,
    statuses,
)
from tests.world import build


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
