"""Nights of which somebody is told: real requests to a server on loopback, over real nights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linter.config import load
from linter.nightly.run import Telling, remember
from linter.systems.http import Origin, Transport
from tests.nightly.nights import CONFIG, TODAY, Nights
from tests.systems.keys.stub import Stub

HOOK = "https://hooks.slack.com/services/T0CANARY/B0CANARY/canaryCANARYcanary"
OPS = '[notify.ops]\nkind = "slack"\nurl_env = "OPS_HOOK"\n'


class Told(Nights):
    """Nights of which somebody is told."""

    def __init__(self, folder: Path, config: str = CONFIG + OPS, files: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, files, config)
        self.folder = folder

    def tell(self, day: int, systems: Mapping[str, Any], server: Stub | None = None, **openings: Any) -> list[str]:
        """One night, and what could not be told."""
        telling = Telling(load(None, str(self.folder)))
        outcome, whole = self.look(day, systems)
        state = str(self.state)
        outcome = remember(state, outcome, whole=whole, keep="400d", today=TODAY, router=telling.route)
        assert outcome.nightly is not None, outcome.errors
        # Without a server nothing may be sent: any request would end in this origin, where nobody listens.
        origin = server.origin if server is not None else Origin("127.0.0.1", 1, tls=False)
        return telling.send(state, Transport(instead=origin, **openings))


def texts(server: Stub) -> list[str]:
    """What was sent to Slack: the text of every block of every message, a message each."""
    bodies = [json.loads(one.body) for one in server.asked]
    return ["\n".join(block["text"]["text"] for block in body["blocks"]) for body in bodies]
