"""What the key of these projects has, and what the file of decisions says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from linter.audit.decisions import Decided, load

SCOPES = ("chat:write", "users:read", "channels:manage")


def plain_yaml(text: str) -> list[dict[str, str]]:
    """The decisions as another reader of YAML has them."""
    found = yaml.load(text, Loader=yaml.BaseLoader)["decisions"] or []  # noqa: S506 - texts alone
    return [dict(one) for one in found]


def stored(folder: Path) -> Sequence[Decided]:
    """The file's entries."""
    found = load(str(folder))
    assert found is not None
    return found.entries
