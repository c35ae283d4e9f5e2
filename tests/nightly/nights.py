"""Night after night over a small project: the real run over recorded answers of Slack, and a state beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from linter.checking import select
from linter.config import load
from linter.drift.recordings import Recording
from linter.drift.run import Request, drift
from linter.nightly.history import History
from linter.nightly.news import Known, Nightly
from linter.nightly.run import remember
from linter.outcome import Outcome
from linter.rulesets import ruleset
from tests.world import build

TODAY = date(2026, 11, 25)
"""The day on the clock."""
CONFIG = """\
[systems.chat]
kind = "slack"
token_env = "NO_SUCH_SLACK_TOKEN"
[systems.hub]
kind = "github"
token_env = "NO_SUCH_GITHUB_TOKEN"
[[defaults]]
paths = ["support/**"]
owner = "support"
[[defaults]]
paths = ["web/**"]
owner = "web"
"""
READ, FILES = "users:read", "files:write"
"""Scopes of Slack that no manifest here declares."""


def manifest(agent: str, *entries: str, environment: str = "production") -> str:
    lines = "".join(f"  - {entry}\n" for entry in entries or ("{resource: chat, access: none}",))
    return f"agent_name: {agent}\nenvironment: {environment}\nresources:\n{lines}"


def slack(*scopes: str, error: str = "", status: int = 200, team: str = "T1") -> dict[str, Any]:
    """What Slack says of a token with these scopes."""
    body = {"ok": False, "error": error} if error else {"ok": True, "team_id": team}
    headers = {"x-oauth-scopes": ",".join(scopes)}
    return {"kind": "slack", "responses": [{"status": status, "headers": headers, "body": body}]}


def github(*scopes: str) -> dict[str, Any]:
    headers = {"x-oauth-scopes": ", ".join(scopes)}
    return {
        "kind": "github",
        "token": "ghp_",
        "responses": [{"status": 200, "headers": headers, "body": {"login": "bot"}}],
    }


class Nights:
    """One project and its state."""

    def __init__(self, folder: Path, files: Mapping[str, str] | None = None, config: str = CONFIG) -> None:
        self.folder = folder
        self.state = folder / "state.sqlite"
        build(folder, files or {"support/agent-permissions.yaml": manifest("notifier")}, config)

    def look(
        self,
        day: int,
        systems: Mapping[str, Any],
        paths: Sequence[str] = (),
        only: Sequence[str] = (),
        environments: Sequence[str] = (),
    ) -> tuple[Outcome, bool]:
        """A run on a day of November 2026 without a state, and whether it asked for everything."""
        config = load(None, str(self.folder))
        selection = select(config, paths, str(self.folder), force_exclude=False)
        recording = Recording("live.json", "", {name: (entry,) for name, entry in systems.items()})
        request = Request(tuple(environments), tuple(only), recordings=(recording,))
        as_of = date(2026, 11, day)
        outcome = drift(config, ruleset(config, "drift"), selection, as_of, request).outcome
        return outcome, selection.whole and not only and not environments

    def outcome(
        self,
        day: int,
        systems: Mapping[str, Any],
        *,
        today: date = TODAY,
        keep: str = "400d",
        retired: Sequence[str] = (),
        moved: Sequence[str] = (),
        **asked: Any,
    ) -> Outcome:
        """One night."""
        outcome, whole = self.look(day, systems, **asked)
        production = load(None, str(self.folder)).production
        return remember(
            str(self.state),
            outcome,
            whole=whole,
            keep=keep,
            today=today,
            retired=retired,
            moved=moved,
            production=production,
        )

    def remember(self, outcome: Outcome) -> Nightly:
        """What a night tells whose outcome a test has changed."""
        nightly = remember(str(self.state), outcome, whole=True, keep="400d", today=TODAY).nightly
        assert nightly is not None
        return nightly

    def run(self, day: int, systems: Mapping[str, Any], **asked: Any) -> Nightly:
        """What one night tells."""
        outcome = self.outcome(day, systems, **asked)
        assert outcome.nightly is not None, outcome.errors
        return outcome.nightly

    def write(self, **files: str) -> None:
        """Change manifests, by the name of their folder."""
        build(self.folder, {f"{name}/agent-permissions.yaml": text for name, text in files.items()})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Straight from the file."""
        with closing(sqlite3.connect(self.state)) as connection:
            return list(connection.execute(query))


def scopes(known: Known) -> str:
    """Which scopes a finding is about, as the state has it."""
    return " ".join(json.loads(known.extent).get("scopes", ()))


def statuses(nightly: Nightly) -> dict[str, str]:
    """Scopes of each finding -> its status."""
    return {scopes(one.known): one.status for one in nightly.standings.values()}


def ended(nightly: Nightly) -> dict[str, str]:
    """Scopes of each finding that ended -> how."""
    return {scopes(one): one.how for one in nightly.ended}


def kept(nightly: Nightly) -> dict[str, str]:
    """Scopes of each finding that stays open unseen -> why."""
    return {scopes(one): group.why for group in nightly.kept for one in group.findings}


def history(nights: Nights) -> dict[str, Known]:
    """Scopes of each finding -> what the state knows of it."""
    with History.of(str(nights.state)) as found:
        return {scopes(one): one for one in found.findings()}
