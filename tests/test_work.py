"""How much is done, counted and never timed: what a clean manifest loads, and that twice the input is twice the work."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from benchmarks import inputs
from linter.catalogue import built_in
from tests.world import build, run

ROOT = Path(__file__).parent.parent
_DATA = (".yaml", ".json")

_WATCHED = """
import gc, json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from linter.cli import run
status = run(["check", "--fail-on", "info", "-q", "agent-permissions.yaml"])
import linter.patterns, linter.schema
patterns = {
    f"{module.removeprefix('linter.')}.{name}"
    for module, loaded in list(sys.modules.items())
    if module.startswith("linter.")
    for name, value in vars(loaded).items()
    if isinstance(value, linter.patterns.Pattern) and "search" in vars(value)
}
schemas = linter.schema.load.cache_info().currsize
print(json.dumps({"status": status, "opened": opened, "patterns": sorted(patterns), "schemas": schemas, "gc": gc.isenabled()}))
"""


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_clean_manifest_reads_and_compiles_nothing_needless(tmp_path: Path, number: int) -> None:
    build(tmp_path, {"agent-permissions.yaml": inputs.clean(number), **dict.fromkeys(inputs.SCRIPTS, "pass\n")})
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{_WATCHED}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["status"] == 0
    data = [
        Path(path).relative_to(ROOT) for path in seen["opened"] if path.startswith(str(ROOT)) and path.endswith(_DATA)
    ]
    rules = sorted(path for path in data if path.parts[0] == "rules")
    assert rules == sorted(Path(rule.source).relative_to(ROOT) for rule in built_in().values())
    assert not [path for path in rules if path.parts[1] == "creep" or path.name == "self-review.yaml"]
    assert [path for path in data if path not in rules] == [Path("schemas/manifest.schema.json")]
    assert seen["schemas"] == 1
    # Nothing in a clean manifest is a number, a suppression, a placeholder or a secret, nor is any place worked out.
    needless = ("secrets._", "suppressions.", "manifest.text.", "manifest.reader._INT", "manifest.reader._FLOAT")
    assert [
        name for name in seen["patterns"] if name.startswith(needless) and name not in ("secrets._LONG", "secrets._HEX")
    ] == []
    assert not seen["gc"]


def test_a_manifest_of_a_fleet_is_bounded_work(tmp_path: Path) -> None:
    """Once patterns are compiled and shared sentences are read, one more clean manifest takes 1,700 calls (on Python 3.11)."""
    few, many = [_calls_of(tmp_path / str(count), count) for count in (20, 40)]
    assert many - few < 20 * 1_750


def _calls_of(folder: Path, manifests: int) -> int:
    files = {f"{number}.agent-permissions.yaml": inputs.clean(number) for number in range(manifests)}
    build(folder, files | dict.fromkeys(inputs.SCRIPTS, "pass\n"))
    return _counted(lambda: run(folder))


def _same_object(resources: int) -> str:
    """Entries that all name one object and narrow it differently."""
    rows = [f"  - {{resource: db.t, access: write, scope: {{rows: x = {row}}}}}\n" for row in range(resources)]
    return "agent_name: many\nenvironment: staging\nowner: us\nresources:\n" + "".join(rows)


@pytest.mark.parametrize("make", [inputs.long, inputs.faulty], ids=["clean", "faulty"])
def test_twice_the_resources_are_twice_the_work(tmp_path: Path, make: Callable[[int], str]) -> None:
    small, large = (_calls(tmp_path, make(count)) for count in (200, 400))
    assert small > 10_000
    assert large < 2.05 * small


def test_entries_for_one_object_are_compared_with_a_bounded_number_of_others(tmp_path: Path) -> None:
    first, second, third = (
        _calls(tmp_path, _same_object(count)) for count in (150, 300, 450)
    )  # the meanings of so many are kept
    assert third - second < 1.1 * (second - first)


def _calls(folder: Path, text: str) -> int:
    """How many calls of Python functions, C functions included, checking a manifest takes."""
    build(folder, {"agent-permissions.yaml": text})
    return _counted(lambda: run(folder, "agent-permissions.yaml"))


def _counted(work: Callable[[], object]) -> int:
    work()  # imports, compiled patterns
    count = 0

    def counted(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.collect()
    gc.disable()  # as it is in a run; what earlier tests left would be finalized, and counted, in between
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count
