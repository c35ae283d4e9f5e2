"""The JSON report: the nouns as they are, by `schemas/report.schema.json`. It is also what the next report's `--previous` reads."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from linter import __version__
from linter.audit.model import Audit
from linter.reports.visible import inert_json


def render(audit: Audit) -> str:
    """One JSON object, and a line end."""
    head = {"schema_version": 1, "tool": {"name": "permlint", "version": __version__}, "command": "report"}
    return inert_json(json.dumps({**head, **_plain(audit)}, indent=1, ensure_ascii=True)) + "\n"


def digest(audit: Audit) -> str:
    """SHA-256 of the JSON report, hexadecimal: what ties a signature on paper to what was signed."""
    return sha256(render(audit).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
