"""The programs that permlint is measured against: installed into `benchmarks/.peers`, called as their users call them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.measure import Case

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FOLDER = HERE / ".peers"
_PIP = ("click", "jsonschema", "pyyaml", "ruamel.yaml", "check-jsonschema", "pre-commit-hooks", "yamllint")
_NPM = ("ajv-cli", "@stoplight/spectral-cli")
_PYTHON = FOLDER / "python" / "bin" / "python"
_NODE = FOLDER / "node" / "node_modules"
_POSTGRES = ("pgbedrock==0.4.2", "psycopg2-binary", "pgsesame==0.4.2")
"""pg_permissions is an extension of the server's: it cannot be installed here."""
_PERMLINT = "from linter.cli import main; main()"
"""What the installed `permlint` script does."""


def install() -> None:
    """Install what is not there yet; npm's where there is node."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n", encoding="utf-8")
    if not _PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER / "python"], check=True)
        subprocess.run([_PYTHON, "-m", "pip", "install", "--quiet", *_PIP], check=True)
    npm = shutil.which("npm")
    if npm and not _NODE.exists():
        (FOLDER / "node").mkdir(exist_ok=True)
        subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", FOLDER / "node", *_NPM], check=True
        )
    # pip compiles what it installs, and the checkout stands for the installed package.
    subprocess.run([_PYTHON, "-m", "compileall", "-q", ROOT / "linter"], check=True)


def install_postgres() -> None:
    """Install the tools that read a database's grants."""
    folder = FOLDER / "postgres"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *_POSTGRES], check=True)


def postgres(host: str, database: str, dsn: str) -> Mapping[str, Callable[[], object]]:
    """Those tools, each writing down every role's grants in a database."""
    programs = FOLDER / "postgres" / "bin"

    def run(program: str, *arguments: str) -> None:
        subprocess.run([programs / program, *arguments], stdout=subprocess.DEVNULL, check=True)

    return {
        "pgbedrock generate, all roles": lambda: run(
            "pgbedrock", "generate", "-h", host, "-U", "postgres", "-d", database
        ),
        "pgsesame import, all roles": lambda: run("pgsesame", "import", "--dsn", dsn),
    }


def baselines() -> list[Case]:
    """What any Python program costs before it does anything."""
    return [
        Case("python -c pass", [str(_PYTHON), "-c", "pass"]),
        Case("import click, yaml", [str(_PYTHON), "-c", "import click, yaml"]),
        Case("import click, yaml, jsonschema", [str(_PYTHON), "-c", "import click, yaml, jsonschema"]),
    ]


def permlint(*arguments: str) -> Case:
    """permlint, all rules on."""
    return Case("permlint check", [str(_PYTHON), "-c", _PERMLINT, "check", *arguments])


def peers(files: list[str], settings: Path) -> list[Case]:
    """Every peer that is there, over the same files.

    Args:
        settings: a folder for the rule sets that they need.
    """
    programs = _PYTHON.parent
    schema = ROOT / "schemas" / "manifest.schema.json"
    yamllint = settings / "yamllint.yaml"
    yamllint.write_text("extends: relaxed\nrules: {line-length: disable}\n", encoding="utf-8")
    found = [
        Case("check-yaml", [str(programs / "check-yaml"), *files]),
        Case("yamllint", [str(programs / "yamllint"), "-c", str(yamllint), *files]),
        Case("check-jsonschema", [str(programs / "check-jsonschema"), "--schemafile", str(schema), *files]),
    ]
    node = shutil.which("node")
    if node and _NODE.exists():
        ruleset = settings / "spectral.json"
        ruleset.write_text(json.dumps(_spectral(schema)), encoding="utf-8")
        ajv = _NODE / "ajv-cli" / "dist" / "index.js"
        data = [argument for file in files for argument in ("-d", file)]
        spectral = _NODE / "@stoplight" / "spectral-cli" / "dist" / "index.js"
        found += [
            Case(
                "ajv-cli", [node, str(ajv), "validate", "--spec=draft2020", "--strict=false", "-s", str(schema), *data]
            ),
            Case("spectral", [node, str(spectral), "lint", "--quiet", "-r", str(ruleset), *files]),
        ]
    return found


def absent() -> list[str]:
    """The peers that could not be measured."""
    return [] if shutil.which("node") and _NODE.exists() else ["ajv-cli (no node)", "spectral (no node)"]


def _spectral(schema: Path) -> dict[str, object]:
    """The manifest's schema as a rule of Spectral's."""
    definition = json.loads(schema.read_text(encoding="utf-8"))
    options = {"schema": definition, "dialect": "draft2020-12"}
    return {
        "rules": {
            "schema": {"given": "$", "severity": "error", "then": {"function": "schema", "functionOptions": options}}
        }
    }
