"""What is told: each change, failure, recovery and acceptance once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from linter.nightly import outbox
from linter.nightly.store import transaction
from tests.nightly.nights import FILES, READ, slack
from tests.nightly.notify.told import Told, texts
from tests.systems.keys.stub import Stub, reply, stub


def test_what_changed_is_told_once_and_nothing_else(nights: Told, receiver: Stub) -> None:
    assert nights.tell(1, {"chat": slack(READ)}, receiver) == []
    assert receiver.connections == 0  # the first night is adoption
    assert nights.tell(2, {"chat": slack(READ)}, receiver) == []
    assert receiver.connections == 0  # nothing changed
    assert nights.tell(3, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(3, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(4, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(5, {"chat": slack(READ)}, receiver) == []  # what is resolved wakes nobody
    assert [one.line for one in receiver.asked] == ["POST /services/T0CANARY/B0CANARY/canaryCANARYcanary HTTP/1.1"]
    assert receiver.asked[0].headers["content-type"] == "application/json"
    (text,) = texts(receiver)
    assert text.startswith("*permlint: 1 new*\n*New*: the key has files:write")
    assert "[notifier (production)]" in text
    assert READ not in text
    assert nights.tell(6, {"chat": slack(READ, FILES)}, receiver) == []
    assert "*Back again*" in texts(receiver)[1]


def test_a_failed_message_is_sent_again_another_night_and_only_then_counts(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    with stub(reply(b"no_service", status=404, kind="text/plain"), reply(b"ok")) as server:
        (problem,) = nights.tell(2, {"chat": slack(FILES)}, server)
        assert problem == (
            "notify.ops: the receiver answers 404: the address in the variable OPS_HOOK is mistyped, or was withdrawn; "
            "1 event will be sent another night"
        )
        assert nights.tell(3, {"chat": slack(FILES)}, server) == []
        assert nights.tell(4, {"chat": slack(FILES)}, server) == []
    assert len(server.asked) == 2
    assert server.asked[0].body == server.asked[1].body


def test_a_failure_is_told_on_the_second_night_and_its_end_to_whom_it_was_told(nights: Told, receiver: Stub) -> None:
    down, up = {"chat": slack(error="fatal_error")}, {"chat": slack()}
    nights.tell(1, up, receiver)
    nights.tell(2, down, receiver)
    nights.tell(3, up, receiver)
    assert receiver.connections == 0  # one bad night, and nobody knows
    nights.tell(4, down, receiver)
    nights.tell(4, down, receiver)
    assert receiver.connections == 0  # a second run is no second night
    nights.tell(5, down, receiver)
    nights.tell(6, down, receiver)
    nights.tell(7, up, receiver)
    nights.tell(8, up, receiver)
    failed, recovered = texts(receiver)
    assert "*Could not be checked*: chat [notifier (production)]" in failed
    assert "Slack refuses the key: fatal_error (since 2026-11-04)" in failed
    assert "*Can be checked again*: chat [notifier (production)]" in recovered


def test_a_refused_credential_is_told_at_once_and_not_again_as_a_failure(nights: Told, receiver: Stub) -> None:
    for day, entry in enumerate((slack(error="token_revoked"), slack(status=401), slack(error="fatal_error")), 1):
        assert nights.tell(day, {"chat": entry}, receiver) == []
    (text,) = texts(receiver)
    assert "*Credential refused*: chat" in text
    nights.tell(4, {"chat": slack()}, receiver)
    assert "*Can be checked again*" in texts(receiver)[1]


def test_an_end_is_not_told_where_the_failure_never_arrived(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    nights.tell(2, {})
    assert len(nights.tell(3, {})) == 1
    assert nights.tell(4, {"chat": slack()}) == []  # nothing waits: no request


def test_an_acceptance_about_to_expire_is_told_once(nights: Told, receiver: Stub) -> None:
    nights.tell(1, {"chat": slack(FILES)}, receiver)
    (one,) = nights.look(1, {"chat": slack(FILES)})[0].findings
    entry = f"  - fingerprint: {one.fingerprint}\n    rule: {one.rule}\n    content: {one.content}\n"
    text = f"accepted:\n{entry}    reason: agreed\n    until: 2026-11-20\n"
    (nights.folder / "permlint-accepted.yaml").write_text(text)
    for day in (2, 5, 6, 7):
        nights.tell(day, {"chat": slack(FILES)}, receiver)
    (text,) = texts(receiver)
    assert "*Acceptance about to expire*" in text
    assert "(until 2026-11-20)" in text


def test_an_acceptance_of_a_few_days_is_not_told_the_night_it_was_made(nights: Told, receiver: Stub) -> None:
    nights.tell(1, {"chat": slack(FILES)}, receiver)
    (one,) = nights.look(1, {"chat": slack(FILES)})[0].findings
    entry = f"  - fingerprint: {one.fingerprint}\n    rule: {one.rule}\n    content: {one.content}\n"
    accepted = nights.folder / "permlint-accepted.yaml"
    accepted.write_text(f"accepted:\n{entry}    reason: agreed\n    until: 2026-11-08\n")
    nights.tell(2, {"chat": slack(FILES)}, receiver)
    assert receiver.connections == 0
    nights.tell(3, {"chat": slack(FILES)}, receiver)
    accepted.write_text(accepted.read_text().replace("11-08", "11-09"))  # prolonged, and still soon over
    nights.tell(4, {"chat": slack(FILES)}, receiver)
    nights.tell(5, {"chat": slack(FILES)}, receiver)
    assert [text.count("(until 2026-11-08)") for text in texts(receiver)] == [1, 0]
    assert [text.count("(until 2026-11-09)") for text in texts(receiver)] == [0, 1]


def test_another_workspace_is_told_at_once_and_once(nights: Told, receiver: Stub) -> None:
    nights.tell(1, {"chat": slack(FILES)}, receiver)
    for day in (2, 3, 4):
        nights.tell(day, {"chat": slack(team="T2")}, receiver)
    nights.tell(5, {"chat": slack(error="fatal_error")}, receiver)
    (text,) = texts(receiver)
    assert "*Asked elsewhere than before*: chat [notifier (production)]" in text
    assert "workspace T1 then, workspace T2 now (if it moved there for good: --moved chat) (since 2026-11-02)" in text
    nights.tell(6, {"chat": slack(FILES)}, receiver)
    assert "*Can be checked again*: chat [notifier (production)]" in texts(receiver)[1]


def test_of_two_runs_at_once_one_sends(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    nights.tell(2, {"chat": slack(FILES)})
    now = datetime(2026, 11, 2, 3, tzinfo=UTC)
    with transaction(str(nights.state)) as connection:
        assert len(outbox.claim(connection, "ops", now)) == 1
        assert outbox.claim(connection, "ops", now) == []
        # The one that was to send it died in the attempt.
        assert len(outbox.claim(connection, "ops", now.replace(minute=16))) == 1
