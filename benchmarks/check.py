"""`python -m benchmarks.check`: what `permlint check` costs, beside its peers, in the same run. See README.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from itertools import chain
from pathlib import Path

from benchmarks import inputs, peers
from benchmarks.measure import Case, Failed, Run, medians

MANIFEST = "agent-permissions.yaml"
CLEAN = ("--fail-on", "info")
"""Status 1 on any finding at all: so the inputs are proved clean."""


def main() -> int:
    """Build the inputs, run everything, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=5, help="runs of each command whose median counts (one manifest: 3 times as many)"
    )
    runs = parser.parse_args().runs
    peers.install()
    print(_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = folder / "settings"
        settings.mkdir()
        try:
            one = _project(folder / "one", 1)
            cases = [*peers.baselines(), peers.permlint(*CLEAN), *peers.peers([_path(0)], settings)]
            _table("One manifest, 2 KB, 12 resources, clean", _measure(cases, one, runs * 3))
            thousand = _project(folder / "thousand", 1000)
            files = [_path(number) for number in range(1000)]
            cases = [peers.baselines()[1], peers.permlint(*CLEAN), *peers.peers(files, settings)]
            _table("1,000 such manifests", _measure(cases, thousand, runs))
            _growth(folder, thousand, runs)
        except Failed as error:
            print(f"{error}\nNo figures: what did not do its work is not compared.", file=sys.stderr)
            return 1
    for peer in peers.absent():
        print(f"not measured: {peer}")
    return 0


def _path(number: int) -> str:
    return f"agents/{number:05}/{MANIFEST}"


def _project(folder: Path, count: int, make: inputs.Maker = inputs.clean) -> Path:
    """A git repository with so many manifests, their scripts, and nothing else."""
    # Never all at once: Linux counts the memory of the process that starts another as the other's.
    manifests = ((_path(number), make(number)) for number in range(count))
    for path, text in chain(manifests, ((script, "print('reverted')\n") for script in inputs.SCRIPTS)):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def _single(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return folder


def _measure(cases: list[Case], folder: Path, runs: int) -> dict[str, Run]:
    # The checkout is what is measured. No variable of the caller's may change what Python or node does.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NODE_", "GIT_"))}
    return medians(cases, folder, {**kept, "PYTHONPATH": str(peers.ROOT)}, runs)


def _growth(folder: Path, thousand: Path, runs: int) -> None:
    """permlint alone, on ever more of the same: the time for each must not grow."""
    clean, any_status = peers.permlint(*CLEAN), peers.permlint("--fail-on", "never")
    rows = {"1,000 manifests": (thousand, clean, 1000)}
    rows["10,000 manifests"] = (_project(folder / "ten-thousand", 10_000), clean, 10_000)
    rows["1,000 in a beginner's prose"] = (_project(folder / "prose", 1000, inputs.tutorial), any_status, 1000)
    for count in (600, 1_200):
        rows[f"one manifest, {count:,} resources"] = (
            _single(folder / f"long-{count}", inputs.long(count)),
            clean,
            count,
        )
    for count in (450, 900):
        text = inputs.faulty(count)
        rows[f"one manifest, {count:,} faulty lines"] = (_single(folder / f"faulty-{count}", text), any_status, count)
    print(f"\n{'permlint on ever more':36}{'CPU ms':>10}{'us each':>10}{'MiB':>8}")
    for name, (where, case, count) in rows.items():
        (taken,) = _measure([case], where, min(runs, 3)).values()
        print(f"{name:36}{taken.cpu:10,.0f}{taken.cpu * 1000 / count:10,.0f}{taken.memory:8.0f}")


def _table(title: str, taken: dict[str, Run]) -> None:
    print(f"\n{title:36}{'CPU ms':>10}{'MiB':>8}{'permlint is':>16}")
    own = taken["permlint check"].cpu
    for name, one in taken.items():
        print(f"{name:36}{one.cpu:10,.0f}{one.memory:8.0f}{own / one.cpu:11.2f} times")


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{date.today()}, {platform.system()} {platform.machine()}, {model or platform.processor()}, {os.cpu_count()} CPUs, "
        f"load {load}, Python {platform.python_version()}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main())
