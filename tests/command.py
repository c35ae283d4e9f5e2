"""The real command, run as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
TIMEOUT = 60
"""Seconds after which a run counts as a hang."""


def permlint(
    folder: Path, *arguments: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `permlint` in a folder, without colour unless `env` asks for it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR") and not name.startswith("GIT_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "linter", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT,
        env={**kept, "PYTHONPATH": str(ROOT), **(env or {})},
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
