"""One finding through any nights, against a few lines that were written from the page and not from the code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from linter.nightly.history import History
from tests.nightly.nights import Nights, ended, manifest, slack, statuses

FILES = "files:write"
SEEN, ABSENT, DOWN, REFUSED, NARROW, STRAY, GONE, BROKEN = (
    "seen",
    "absent",
    "down",
    "refused",
    "narrow",
    "stray",
    "gone",
    "broken",
)


class Told(NamedTuple):
    """What a night says of the finding."""

    status: str
    over: bool
    nights: int
    """As the state has it; 0 where it was never seen."""


def expected(happened: Sequence[str]) -> list[Told]:
    """What the page promises."""
    told: list[Told] = []
    known, is_open, answered, nights = False, False, False, 0
    for one in happened:
        status, over = "", False
        if one == SEEN:
            status = "open" if is_open or not answered else "reappeared" if known else "new"
            nights = nights + 1 if is_open else 1
            known = is_open = True
        elif one == ABSENT and is_open:
            over, is_open = True, False
        answered = answered or one in (SEEN, ABSENT, STRAY)
        told.append(Told(status, over, nights))
    return told


def observed(folder: Path, happened: Sequence[str]) -> list[Told]:
    nights = Nights(folder)
    path = folder / "support/agent-permissions.yaml"
    told = []
    for day, one in enumerate(happened, 1):
        path.write_text("agent_name: [\n" if one == BROKEN else manifest("notifier"))
        if one == GONE:
            path.unlink()
        silent = {DOWN: slack(error="fatal_error"), REFUSED: slack(status=401), STRAY: slack(team="T2")}
        answer = {**silent, SEEN: slack(FILES)}.get(one, slack())
        night = nights.run(day, {"chat": answer}, only=["hub"] if one == NARROW else [])
        with History.of(str(nights.state)) as history:
            known = [each.nights for each in history.findings()]
        told.append(Told(statuses(night).get(FILES, ""), ended(night) == {FILES: "resolved"}, known[0] if known else 0))
        assert len(known) <= 1
    return told


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([SEEN, ABSENT, DOWN, REFUSED, NARROW, STRAY, GONE, BROKEN]), min_size=1, max_size=9))
def test_any_nights(happened: list[str]) -> None:
    with TemporaryDirectory() as folder:
        assert observed(Path(folder), happened) == expected(happened)
