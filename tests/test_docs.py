"""The documentation is true: what is generated is fresh, every command in it runs, every link in it leads somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from docs import generate
from linter import __version__
from linter.config import load
from linter.schema import explain
from linter.schema import load as schema
from tests.command import permlint
from tests.world import build

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MANIFEST = f"""\
agent_name: invoice-matcher
environment: production
owner: finance-platform
reviewed: {{date: {date.today()}, by: security@example.com}}
resources:
  - resource: postgres.invoices
    access: read-only
    scope: {{columns: [status]}}
    blast_radius: none
"""


def blocks(page: str, kind: str) -> list[str]:
    """The code blocks of a kind on a page."""
    return [text for one, text in BLOCK.findall((ROOT / page).read_text("utf-8")) if one == kind]


def test_generated_pages_are_fresh() -> None:
    pages = generate.pages()
    stale = [name for name, text in pages.items() if _read(generate.DOCS / name) != text]
    assert stale == [], "run `python docs/generate.py`"
    assert generate.leftovers(pages) == [], "run `python docs/generate.py`"


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def test_every_rule_has_a_page() -> None:
    rules = {path.relative_to(ROOT / "rules").with_suffix("").as_posix() for path in ROOT.glob("rules/*/*.yaml")}
    pages = {
        path.relative_to(ROOT / "docs/rules").with_suffix("").as_posix() for path in ROOT.glob("docs/rules/*/*.md")
    }
    assert pages == rules
    index = (ROOT / "docs/rules/README.md").read_text("utf-8")
    assert all(f"({rule}.md)" in index for rule in rules)


def test_a_page_says_what_its_rule_says() -> None:
    page = (ROOT / "docs/rules/manifest/value-lost-to-comment.md").read_text("utf-8")
    assert "agent-permissions.yaml:7:12: error: the value of `scope` is lost" in page
    assert "| otherwise | warning |" in page
    assert "`permlint check --fix` repairs it." in page
    assert "CM-6 Configuration Settings" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def properties(root: Mapping[str, Any], node: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every named property in a schema."""
    if isinstance(node, dict):
        for name, below in node.get("properties", {}).items():
            yield f"{path}.{name}", below
        for key, below in node.items():
            if key not in ("examples", "enum", "const"):
                yield from properties(root, below, f"{path}.{key}")


def test_every_property_of_a_manifest_is_described_and_shown() -> None:
    root = schema("manifest")
    for path, node in properties(root, root):
        assert node.get("description"), path
        assert node.get("examples") or "enum" in node or "const" in node, path


@pytest.mark.parametrize("name", ["manifest", "config"])
def test_every_example_in_a_schema_is_valid(name: str) -> None:
    root = schema(name)
    checked = 0
    for path, node in properties(root, root):
        own = {**node, "$defs": root.get("$defs", {})}
        for example in node.get("examples", ()):
            checked += 1
            assert list(jsonschema.Draft202012Validator(own).iter_errors(example)) == [], path
    assert checked > 10


def test_the_references_show_what_is_read() -> None:
    for text in blocks("docs/configuration.md", "toml"):
        assert explain("config", tomllib.loads(text)) == [], text
    base = {"agent_name": "a", "environment": "staging", "resources": []}
    for text in blocks("docs/manifest.md", "yaml"):
        shown = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
        if shown.keys() & {"manifest_version", "rollback_strategy"}:
            shown = yaml.safe_load(re.sub(r"\d{4}-\d\d-\d\d", r'"\g<0>"', text))
        assert explain("manifest", {**base, **shown}) == [], text


def steps() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Every command of the CI recipes: its name, the script, its variables."""
    for text in blocks("docs/ci.md", "yaml"):
        recipe = yaml.safe_load(text)
        for job, body in recipe.get("jobs", {}).items():
            for step in body["steps"]:
                if "run" in step:
                    yield f"github {job}", step["run"], step.get("env", {})
        for job, body in recipe.items():
            if isinstance(body, dict) and "script" in body:
                yield from ((f"gitlab {job}", line, {}) for line in body["script"])


STEPS = [step for step in steps() if "pip install" not in step[1]]
GIVEN = {"${{ github.base_ref }}": "main"}


def test_recipes_install_this_version() -> None:
    installed = [script for _, script, _ in steps() if "pip install" in script]
    assert len(installed) == 2
    assert set(installed) == {f"pip install permlint=={__version__}"}


def test_there_are_recipes() -> None:
    assert len(STEPS) >= 3
    assert all("permlint check" in script for _, script, _ in STEPS)


@pytest.mark.parametrize(("script", "variables"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
def test_recipe(tmp_path: Path, offline: dict[str, str], script: str, variables: Mapping[str, str]) -> None:
    upstream = build(tmp_path / "upstream", {"agent-permissions.yaml": MANIFEST}, "exclude = ['old/**']\n")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=upstream, env=offline, check=True)
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", str(upstream), str(work)], env=offline, check=True)
    (tmp_path / "_temp").mkdir()
    given = {key: GIVEN.get(value, value) for key, value in variables.items()}
    assert not any("${{" in value for value in given.values()), "give the test a value for it"
    assert "${{" not in script, "an expression in a script is a way in; hand it over in env"
    environment = {
        **offline,
        **given,
        "PATH": os.path.dirname(sys.executable) + os.pathsep + offline["PATH"],
        "RUNNER_TEMP": str(tmp_path / "_temp"),
    }
    done = run_script(work, script, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _reports(work) is not None

    (work / "agent-permissions.yaml").write_text(MANIFEST.replace("read-only", "read-wirte"), "utf-8")
    # What a pull request says of its own checks must not count where the recipe takes the base branch's word.
    if "--config" in script:
        (work / "permlint.toml").write_text("exclude = ['**']\n", "utf-8")
    done = run_script(work, script, environment)
    assert done.returncode == 1, done.stdout + done.stderr
    if "--output" in script:
        assert "manifest/schema-violation" in json.dumps(_reports(work))


def run_script(folder: Path, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's and GitLab's runners do."""
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _reports(folder: Path) -> list[Any]:
    found = [*folder.glob("*.sarif"), *folder.glob("*.json")]
    return [json.loads(path.read_text("utf-8")) for path in found]


def test_recipes_upload_what_they_write() -> None:
    text = (ROOT / "docs/ci.md").read_text("utf-8")
    for name in ("permlint.sarif", "gl-code-quality-report.json"):
        assert f"--output {name}" in text
    assert "sarif_file: permlint.sarif" in text
    assert "codequality: gl-code-quality-report.json" in text


@pytest.mark.parametrize(
    "command",
    [
        line.removeprefix("$ ")
        for page in ("docs/ci.md", "docs/editor.md")
        for text in blocks(page, "console")
        for line in text.splitlines()
    ],
)
def test_commands_run(tmp_path: Path, command: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    program, *arguments = shlex.split(command)
    if program == "permlint":
        done = permlint(tmp_path, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    assert (program, arguments[0]) == ("python", "-c")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *arguments], cwd=tmp_path, env=environment, check=True)
    assert json.loads((tmp_path / "manifest.schema.json").read_text("utf-8")) == schema("manifest")


def test_the_hook_of_the_recipe_exists() -> None:
    hooks = [hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))]
    (recipe,) = [yaml.safe_load(text) for text in blocks("docs/ci.md", "yaml") if "repos:" in text]
    (repository,) = recipe["repos"]
    assert repository["rev"] == f"v{__version__}"
    assert [hook["id"] for hook in repository["hooks"]] == hooks[:1]


def test_a_configuration_in_the_recipes_is_read(tmp_path: Path) -> None:
    for text in blocks("docs/ci.md", "toml"):
        build(tmp_path, {}, text)
        load(None, str(tmp_path))


def test_a_rule_in_ten_minutes(tmp_path: Path) -> None:
    # What CONTRIBUTING.md has a newcomer write, written into a copy, passes what it has them run.
    for part in ("linter", "rules", "schemas", "docs", "tests", "benchmarks"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    parts = re.findall(r"^ {3}```(python|yaml)\n(.*?)^ {3}```$", text, re.MULTILINE | re.DOTALL)
    (check, rule) = (textwrap.dedent(part) for _, part in parts)
    name = yaml.safe_load(rule)["name"]
    with (tmp_path / "linter/checks/review.py").open("a", encoding="utf-8") as file:
        file.write("\n\n" + check)
    (tmp_path / f"rules/review/{name}.yaml").write_text(rule, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    commands = (
        ["docs/generate.py"],
        ["-m", "pytest", "-q", "tests/test_rules.py", "-k", name],
    )
    for command in commands:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "permlint says:" in (tmp_path / f"docs/rules/review/{name}.md").read_text("utf-8")
