"""The company's repository: a git history by several people, which ends today, and what Slack answered."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from linter.demo import Impossible

DATA = Path(__file__).parent / "data"
RECORDED = "slack.json"
"""The file with Slack's answers, in the repository's folder and not in git."""
_DAYS = re.compile(r"<(\d+)>")


def make(folder: Path, now: datetime) -> None:
    """Write the repository into a folder that is there and empty.

    Args:
        now: when its history ends.

    Raises:
        Impossible: there is no git, or it fails.
    """
    if shutil.which("git") is None:
        raise Impossible("the demo makes a git repository, and git is not installed: https://git-scm.com/downloads")
    history: dict[str, Any] = yaml.safe_load((DATA / "history.yaml").read_text("utf-8"))
    _git(folder, now, None, "init", "--quiet")
    for commit in history["commits"]:
        for name, text in commit["files"].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_dated(text, now), encoding="utf-8")
        when = now - timedelta(days=commit["days"])
        _git(folder, when, None, "add", "--all")
        _git(folder, when, history["people"][commit["by"]], "commit", "--quiet", "--message", commit["subject"])
    answers = (DATA / RECORDED).read_text("utf-8")
    (folder / RECORDED).write_text(answers.replace("<now>", now.astimezone(UTC).isoformat("T", "seconds")), "utf-8")


def _dated(text: str, now: datetime) -> str:
    """A text whose `<N>` is the date N days ago."""
    return _DAYS.sub(lambda found: (now - timedelta(days=int(found[1]))).date().isoformat(), text)


def _git(folder: Path, when: datetime, who: dict[str, str] | None, *arguments: str) -> None:
    """Run git as somebody on some day. Nothing that this machine's user has configured counts: no hook, no signature."""
    name, email = (who["name"], who["email"]) if who else ("Acme", "acme@acme.example")
    date = when.isoformat("T", "seconds")
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith("GIT_")},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_NAME": name for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": email for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_DATE": date for role in ("AUTHOR", "COMMITTER")},
    }
    settings = ("init.defaultBranch=main", "commit.gpgSign=false", f"core.hooksPath={os.devnull}")
    command = ["git", "-C", str(folder), *(word for one in settings for word in ("-c", one)), *arguments]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise Impossible(f"git {arguments[0]} fails: {said[-1]}")
