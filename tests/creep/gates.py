"""Two agents in a repository, and a commit or a branch that is judged: what the tests of the gate share."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.command import permlint
from tests.history.repository import Repo

AGENT = "agents/triage.agent-permissions.yaml"
OTHER = "agents/other.agent-permissions.yaml"
CONFIG = "permlint.toml"


def manifest(access: str, environment: str = "production", agent: str = "triage") -> str:
    """A small agent's."""
    return (
        f"agent_name: {agent}\nenvironment: {environment}\nowner: support\nresources:\n"
        f"  - resource: tickets\n    access: {access}\n"
    )


WIDER = manifest("admin")
EXCLUDED = 'exclude = ["agents/triage*"]'


def staged(repo: Repo, *options: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Judge what is staged."""
    return permlint(folder or repo.folder, "creep", "--staged", *options, env=dict(repo.environment))


def branch(repo: Repo, *options: str) -> subprocess.CompletedProcess[str]:
    """Judge the branch."""
    return permlint(repo.folder, "creep", "--base", "main", *options, env=dict(repo.environment))


def judged(repo: Repo, how: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Judge it as "staged" or as a "branch"."""
    return staged(repo, *options) if how == "staged" else branch(repo, *options)
