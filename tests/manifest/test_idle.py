"""What undoes nothing, and what only looks like it."""

from __future__ import annotations

import time

import pytest

from linter.manifest.idle import does_nothing
from linter.manifest.model import Rollback
from linter.manifest.strategy import commands, in_prose

IDLE = [
    *("", "  ", "true", ":", "false", "exit 0", "exit 1", "/bin/true", "/usr/bin/true", "sudo true", "# nothing to do"),
    *("echo done", "echo 'rolled back' && exit 0", "printf '%s' <run-id>", "true; true", "true || :", "sleep 1 & wait"),
    *("echo 'scripts/revert.py --run-id 4711'", "echo reverted > /dev/null 2>&1", "cd /srv && true", "RUN=<id> true"),
    *("sh -c 'exit 0'", 'bash -euc "true; echo <id>"', "none", "n/a", "TBD", "no-op", "-", "{ true; }"),
]
ACTING = [
    *(
        "scripts/revert.py --run-id <id>",
        "./true.sh",
        "true-up --run-id <id>",
        "echo-service rollback <id>",
        "exit-maintenance",
    ),
    *("echo y | scripts/revert.sh", "true && scripts/revert.sh", "cd ops && make rollback", "test -f x && ./undo.sh"),
    *(
        "echo 0 > /sys/feature/enabled",
        "echo <id> >> queue",
        "echo $(scripts/revert.py)",
        "echo `./revert.sh`",
        "printf x | psql",
    ),
    *(
        "sh -c './revert.sh'",
        "bash revert.sh",
        "psql -c 'DELETE FROM runs'",
        "kubectl rollout undo x",
        "set-flag off",
        "undo",
    ),
    *("sleep 5; helm rollback triage 3", "sudo systemctl start triage", "RUN=<id> make rollback", "exec ./revert"),
]


@pytest.mark.parametrize("command", IDLE)
def test_what_does_nothing(command: str) -> None:
    assert does_nothing(command)
    assert commands(Rollback("", True, None, None, command, None)) == []
    assert in_prose(f"Undo: `{command}`") == []


@pytest.mark.parametrize("command", ACTING)
def test_what_does_something(command: str) -> None:
    assert not does_nothing(command)
    assert commands(Rollback("", True, None, None, command, None)) != []


@pytest.mark.parametrize(
    "line",
    [
        "wait for the queue, then scripts/revert.py --run-id <id>",
        "Exit the maintenance: scripts/resume.sh",
        "Echo: ./undo.sh",
    ],
)
def test_a_script_in_a_sentence_that_begins_like_one(line: str) -> None:
    assert [one.script for one in in_prose(line)] != []


@pytest.mark.parametrize("line", ["echo scripts/revert.py --run-id <id>", "Undo: printf 'scripts/revert.py <id>'"])
def test_a_script_that_is_only_printed(line: str) -> None:
    assert in_prose(line) == []


@pytest.mark.parametrize("part", ["true;", "'", '"', "sh -c '", "<", "> /dev/null ", "# ", "X=1 "])
def test_hostile_text_takes_no_time(part: str) -> None:
    before = time.process_time()
    does_nothing(part * 200_000)
    assert time.process_time() - before < 2
