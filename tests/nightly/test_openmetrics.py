"""The metrics, read by Prometheus' own parsers: of OpenMetrics, and of the text format that the textfile collector reads."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from linter.findings import Source
from linter.nightly.run import only_news
from linter.reports.openmetrics import render
from linter.reports.visible import visible
from tests.command import permlint
from tests.nightly.nights import CONFIG, Nights, github, manifest, slack

FILES, READ = "files:write", "users:read"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """(name, labels) -> value, as both parsers have it."""
    found: list[Samples] = []
    for parser in (openmetrics, prometheus):
        families: Any = list(parser(text))
        assert all(one.type == "gauge" and one.documentation for one in families)
        found.append(
            {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}
        )
    assert found[0] == found[1]
    assert text.endswith("# EOF\n")
    return found[0]


def findings(all: Samples) -> dict[tuple[str, str], float]:
    """(severity, age) -> number, without the empty ones."""
    chosen = {
        dict(labels)["severity"] + " " + dict(labels)["age"]: value
        for (name, labels), value in all.items()
        if name == "permlint_findings"
    }
    return {tuple(key.split()): value for key, value in chosen.items() if value}  # type: ignore[misc]


def test_findings_by_severity_and_age(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.run(1, {"chat": slack(FILES)})
    outcome = nights.outcome(6, {"chat": slack(FILES, READ)})
    whole = samples(render(outcome))
    assert findings(whole) == {("error", "7d"): 1, ("warning", "1d"): 1}
    assert samples(render(only_news(outcome))) == whole
    assert len([one for one in whole if one[0] == "permlint_findings"]) == 15
    assert whole["permlint_unverified_systems", ()] == 0
    # What could not be looked at tonight is still open.
    later = samples(render(nights.outcome(20, {})))
    assert findings(later) == {("error", "30d"): 1, ("warning", "30d"): 1}
    assert later["permlint_unverified_systems", ()] == 1
    last = ("permlint_last_success_timestamp_seconds", (("environment", "production"), ("system", "chat")))
    assert later[last] == 1793923200  # 2026-11-06T00:00:00Z


def test_a_system_that_was_never_checked_is_as_old_as_can_be(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    whole = samples(render(nights.outcome(1, {})))
    last = ("permlint_last_success_timestamp_seconds", (("environment", "production"), ("system", "chat")))
    assert whole[last] == 0


def test_without_a_state(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    whole = samples(render(nights.look(1, {"chat": slack(FILES)})[0]))
    assert findings(whole) == {("error", "unknown"): 1}
    assert samples(render(nights.look(1, {})[0]))["permlint_unverified_systems", ()] == 1


def test_a_state_that_cannot_be_used_is_counted(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.state.mkdir()
    assert samples(render(nights.outcome(1, {"chat": slack()})))["permlint_unreadable_files", ()] == 1


@pytest.mark.parametrize("evil", ['a"} 1\nfake{x="', "a\\", "a\\n", 'é"\u202e\x00', "# EOF"])
def test_hostile_names_stay_in_their_labels(tmp_path: Path, evil: str) -> None:
    nights = Nights(tmp_path)
    outcome, _ = nights.look(1, {"chat": slack()})
    (attempt,) = outcome.attempts
    nightly = nights.remember(outcome._replace(attempts=(attempt._replace(source=Source("a", evil, evil)),)))
    whole = samples(render(outcome._replace(nightly=nightly)))
    assert all(name.startswith("permlint_") for name, _ in whole)
    (labels,) = (dict(labels) for name, labels in whole if name.startswith("permlint_last_success"))
    assert labels == {"system": visible(evil), "environment": visible(evil)}


def test_a_stranger_cannot_make_ever_more_series(tmp_path: Path) -> None:
    entries = [f"{{resource: system{number}, access: read-only}}" for number in range(500)]
    nights = Nights(tmp_path, {"a/agent-permissions.yaml": manifest("a", *entries)})
    whole = samples(render(nights.outcome(1, {})))
    assert whole["permlint_unverified_systems", ()] == 500
    assert len([one for one in whole if one[0] == "permlint_last_success_timestamp_seconds"]) == 100


def test_the_real_command_replaces_the_file_whole(tmp_path: Path) -> None:
    nights = Nights(tmp_path, config=CONFIG)
    live = {"schema_version": 1, "taken": "2026-11-24T00:00:00Z", "systems": {"chat": slack(FILES), "hub": github()}}
    (tmp_path / "live.json").write_text(json.dumps(live))
    folder = tmp_path / "collector"
    folder.mkdir()
    (folder / "real.prom").write_text("old")
    (folder / "permlint.prom").symlink_to("real.prom")
    before = os.stat(folder / "real.prom").st_ino
    arguments = [
        "--live-from",
        "live.json",
        "--as-of",
        "2026-11-24",
        "--state",
        "s",
        "--output",
        "collector/permlint.prom",
    ]
    began = time.time()
    done = permlint(nights.folder, "drift", *arguments)
    assert done.returncode == 1, done.stderr
    assert (folder / "permlint.prom").is_symlink()
    assert os.stat(folder / "real.prom").st_ino != before  # renamed over it, never written in place
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(os.stat(folder / "real.prom").st_mode) == 0o666 & ~umask  # the collector is another user
    assert sorted(one.name for one in folder.iterdir()) == ["permlint.prom", "real.prom"]
    whole = samples((folder / "permlint.prom").read_text())
    assert began - 1 <= whole["permlint_run_timestamp_seconds", ()] <= time.time()
    assert 0 < whole["permlint_run_duration_seconds", ()] < 60
    to_stdout = permlint(nights.folder, "drift", *arguments[:-2], "--format", "openmetrics")
    assert samples(to_stdout.stdout)
    piped = permlint(nights.folder, "drift", *arguments[:-2], "--format", "openmetrics", "--output", "/dev/stdout")
    assert samples(piped.stdout)
    missing = permlint(nights.folder, "drift", *arguments[:-2], "--output", "nowhere/x.prom")
    assert (missing.returncode, "nowhere" in missing.stderr) == (2, True)
    assert permlint(nights.folder, "check", "--format", "openmetrics").returncode == 2
