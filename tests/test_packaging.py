"""What is distributed is whole, and runs where nothing of the checkout is."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from linter import __version__

BROKEN = "agent_name: reader\nenvironment: staging\nowner: docs\nresources:\n  - resource: wiki\n    access: readonly\n"


@dataclass(frozen=True)
class Built:
    """The two files that a release uploads."""

    sdist: Path
    wheel: Path


def build(folder: Path, out: Path, kind: str, env: dict[str, str]) -> Path:
    """Build with the backend itself: it needs no environment of its own, and so no network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(out)]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    (built,) = out.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    """Every file in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory, offline: dict[str, str]) -> Built:
    """sdist and wheel of the checkout."""
    return Built(*(build(checkout, tmp_path_factory.mktemp("dist"), kind, offline) for kind in ("sdist", "wheel")))


def test_the_wheel_has_the_package_the_data_and_nothing_else(checkout: Path, built: Built) -> None:
    found = contents(built.wheel)
    info = f"permlint-{__version__}.dist-info"
    source = {path.relative_to(checkout).as_posix() for path in checkout.rglob("*") if path.is_file()}
    package = {name for name in source if name.startswith("linter/")}
    data = {f"linter/_data/{name}" for name in source if name.startswith(("rules/", "schemas/"))}
    assert {"linter/py.typed", "linter/cli/__init__.py"} <= package
    assert {"linter/_data/rules/manifest/duplicate-key.yaml", "linter/_data/schemas/manifest.schema.json"} <= data
    about = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert found.keys() == package | data | about
    assert all(found[name] == (checkout / name.removeprefix("linter/_data/")).read_bytes() for name in package | data)


def test_the_wheel_says_what_it_is(built: Built) -> None:
    assert built.wheel.name == f"permlint-{__version__}-py3-none-any.whl"
    found = contents(built.wheel)
    (metadata,) = (text.decode() for name, text in found.items() if name.endswith(".dist-info/METADATA"))
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    required = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", metadata, re.MULTILINE)
    assert sorted(required) == ["click", "jsonschema", "pyyaml", "ruamel-yaml"], "the hook must stay light"


def test_the_sdist_builds_the_same_wheel(built: Built, tmp_path: Path, offline: dict[str, str]) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert {"dev.py", "LICENSE", "CHANGELOG.md", "tests", "rules"} <= {path.name for path in unpacked.iterdir()}
    again = contents(build(unpacked, tmp_path / "dist", "wheel", offline))
    assert again == contents(built.wheel)


def install(wheel: Path, fresh: Path, env: dict[str, str]) -> Path:
    """Install a wheel into a new environment; the environment."""
    venv.create(fresh, symlinks=True)
    command = [sys.executable, "-m", "pip", "--python", str(fresh), "install", "--quiet", str(wheel)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    return fresh


def run(fresh: Path, folder: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an environment's permlint in a folder."""
    command = [str(fresh / "bin" / "permlint"), *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory, offline: dict[str, str]) -> Path:
    """A fresh environment with the wheel installed."""
    return install(built.wheel, tmp_path_factory.mktemp("fresh") / "env", offline)


def test_the_wheel_runs_in_a_fresh_environment(installed: Path, tmp_path: Path, offline: dict[str, str]) -> None:
    version = run(installed, tmp_path, offline, "--version")
    assert version.returncode == 0
    assert __version__ in version.stdout
    (tmp_path / "agent-permissions.yaml").write_text(BROKEN, encoding="utf-8")
    done = run(installed, tmp_path, offline, "check")
    assert done.returncode == 1
    assert "--> agent-permissions.yaml:6:13" in done.stdout
    assert done.stderr == ""


def test_the_demo_says_what_it_lacks(installed: Path, tmp_path: Path, offline: dict[str, str]) -> None:
    done = run(installed, tmp_path, offline, "demo")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith("not installed: python -m pip install 'permlint[demo]'\n")


def test_installed_it_leaves_other_top_level_names_alone(installed: Path) -> None:
    (packages,) = installed.glob("lib/python3*/site-packages")
    (info,) = packages.glob("permlint-*.dist-info")
    (record,) = info.glob("RECORD")
    tops = {line.split("/")[0] for line in record.read_text(encoding="utf-8").splitlines()}
    assert tops - {".."} == {"linter", info.name}


def test_an_editable_install_reads_the_data_where_it_lies(
    checkout: Path, tmp_path: Path, offline: dict[str, str]
) -> None:
    source = tmp_path / "a clone"
    subprocess.run(["git", "clone", "--quiet", str(checkout), str(source)], env=offline, check=True)
    (tmp_path / "dist").mkdir()
    code = "import sys; from hatchling.build import build_editable as build; build(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "dist")], cwd=source, env=offline, check=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    fresh = install(wheel, tmp_path / "env", offline)

    rule = source / "rules" / "manifest" / "schema-violation.yaml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(re.sub(r"(?m)^severity: \w+$", "severity: warning", text), encoding="utf-8")
    (tmp_path / "agent-permissions.yaml").write_text(BROKEN, encoding="utf-8")
    done = run(fresh, tmp_path, offline, "check", "agent-permissions.yaml")
    assert "warning[manifest/schema-violation]" in done.stdout
