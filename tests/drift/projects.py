"""What the entries of these runs declare, what is granted for them, and what a run says of each."""

from __future__ import annotations

from typing import Any

CANARY = "canary-Zx81-pass"
READ = "{resource: postgres.app.tickets, access: read-only}"
GRANT_READ = "GRANT SELECT ON app.tickets TO {agent}"


def verdicts(body: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(agent, environment, resource, verdict) of each."""
    return [(one["agent"], one["environment"], one["resource"], one["verdict"]) for one in body["verdicts"]]
