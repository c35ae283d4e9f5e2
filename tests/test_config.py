"""Configuration: where it is found, what it says, what is wrong with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from linter.config import BadConfig, load
from tests.world import TODAY, build, places, run

SECRET = "ghp_" + "a1B2c3" * 6
"""A credential in the wrong place reaches no output, whichever file it stands in."""


def test_the_nearest_one_wins_and_its_folder_is_the_root(tmp_path: Path) -> None:
    build(tmp_path, {"permlint.toml": "", "a/b/x": "", "a/pyproject.toml": "[tool.permlint]\nexclude = ['x']\n"})
    config = load(None, str(tmp_path / "a" / "b"))
    assert (config.root, config.exclude) == (str(tmp_path / "a"), ("x",))
    assert load(None, str(tmp_path)).root == str(tmp_path)


def test_a_pyproject_without_a_table_is_passed_over(tmp_path: Path) -> None:
    build(tmp_path, {"permlint.toml": "exclude = ['y']", "a/pyproject.toml": "[project]\nname = 'x'\n"})
    assert load(None, str(tmp_path / "a")).exclude == ("y",)


def test_the_search_stops_at_the_git_top(tmp_path: Path) -> None:
    build(tmp_path, {"permlint.toml": "exclude = ['outer']", "project/src/x": ""})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "project", check=True)
    config = load(None, str(tmp_path / "project" / "src"))
    assert (config.root, config.exclude, config.bounded) == (str(tmp_path / "project"), (), True)


def test_without_anything_the_working_folder_is_the_root(tmp_path: Path) -> None:
    config = load(None, str(tmp_path))
    assert (config.root, config.path) == (str(tmp_path), None)


def test_a_configuration_from_elsewhere_governs_the_checkout(tmp_path: Path) -> None:
    # CI hands a fork's pull request the base branch's configuration.
    build(tmp_path, {"base/permlint.toml": "exclude = ['old']", "project/permlint.toml": "exclude = ['everything']"})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "project", check=True)
    config = load(str(tmp_path / "base" / "permlint.toml"), str(tmp_path / "project"))
    assert (config.root, config.exclude) == (str(tmp_path / "project"), ("old",))


def test_nor_is_the_folder_above_the_checkout_the_root(tmp_path: Path) -> None:
    # `git show base:permlint.toml > ../permlint.toml`: results are still named as the repository names its files.
    build(tmp_path, {"permlint.toml": "exclude = ['old']", "project/x": ""})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "project", check=True)
    config = load(str(tmp_path / "permlint.toml"), str(tmp_path / "project"))
    assert (config.root, config.exclude) == (str(tmp_path / "project"), ("old",))


@pytest.mark.parametrize("name", ["permlint.toml", "pyproject.toml"])
def test_a_configuration_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone")
    with pytest.raises(BadConfig, match="cannot be read: No such file"):
        load(None, str(tmp_path))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("exclude = [", 1, "is not TOML"),
        ("\n\nexclude = 3\n", 3, "exclude: expected a list of globs, found the number 3"),
        ("\nexclude = ['a', 1]\n", 2, "exclude: expected text, found the number 1"),
        (f'manifests = "{SECRET}"\n', 1, "found `ghp_" + "*" * 36 + "`"),
        ("colour = 1\n", 1, "colour: `colour` is not a key here"),
        ('[[defaults]]\npaths = ["a"]\nreview_every = "soon"\n', 3, "review_every: expected a period such as 90d"),
        (
            '[systems.postgres]\nkind = "postgresql"\ndsn_env = "postgresql://u:p@h/d"\n',
            3,
            "the name of an environment variable",
        ),
        ('[systems.postgres]\ndsn_env = "X"\n', 1, "`kind` is missing. add `kind = ...`. The kind of system"),
        ('[systems.db]\nkind = "postgres"\n', 2, "there is no kind `postgres`; did you mean `postgresql`?"),
        ('[systems.hook]\n\nkind = "Slack_Webhook"\n', 3, "did you mean `slack_webhook`?"),
        ('[rules."review/no-owner"]\nmandatory = false\n', 2, "a mandatory rule stays one"),
    ],
)
def test_faults(tmp_path: Path, text: str, line: int, message: str) -> None:
    build(tmp_path, {"permlint.toml": text})
    with pytest.raises(BadConfig) as caught:
        load(None, str(tmp_path))
    assert (caught.value.path, caught.value.line) == ("permlint.toml", line)
    assert message in caught.value.message


@pytest.mark.parametrize("kind", ["mysql", "stripe", "slack_webhook", "aws", "x"])
def test_a_kind_that_nobody_compares_may_be_bound(tmp_path: Path, kind: str) -> None:
    build(tmp_path, {"permlint.toml": f'\ufeff[systems.it]\nkind = "{kind}"\n'})
    assert load(None, str(tmp_path)).systems["it"]["kind"] == kind


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        load("absent.toml", str(tmp_path))


@pytest.mark.parametrize(
    ("environment", "production"),
    [("staging", False), ("Dev", False), ("production", True), ("prod-eu", True), ("anything", True), ("lab", False)],
)
def test_what_is_not_known_as_harmless_is_production(tmp_path: Path, environment: str, production: bool) -> None:
    build(tmp_path, {"permlint.toml": 'nonproduction = ["Lab"]'})
    assert load(None, str(tmp_path)).production(environment) is production


def test_the_last_default_that_matches_wins(tmp_path: Path) -> None:
    config = """
[[defaults]]
paths = ["agents/**"]
owner = "platform"
[[defaults]]
paths = ["agents/support"]
review_every = "30d"
"""
    manifest = "agent_name: {}\nenvironment: staging\nresources: []\n"
    build(
        tmp_path,
        {"agents/support/agent-permissions.yaml": manifest.format("a"), "agent-permissions.yaml": manifest.format("b")},
        config,
    )
    outcome = run(tmp_path, as_of=TODAY)
    assert [(one.location.path, one.rule) for one in outcome.findings] == [
        ("agent-permissions.yaml", "review/no-owner")
    ]
    assert places(outcome) == ["review/no-owner 1:1"]


@pytest.mark.parametrize(
    ("pattern", "owned"),
    [
        ("* @all", True),
        ("/agents/ @x", True),
        ("agents/ @x", True),
        ("*.yaml @x", True),
        ("agents/*.yaml @x", False),
        ("/other/ @x", False),
        ("* @all\n/agents/", False),  # an entry without owners takes the ownership away
        ("# * @all", False),
        ("/agents/** @x", True),
    ],
)
def test_codeowners(tmp_path: Path, pattern: str, owned: bool) -> None:
    manifest = "agent_name: a\nenvironment: staging\nresources: []\n"
    build(tmp_path, {"agents/a/agent-permissions.yaml": manifest, ".github/CODEOWNERS": pattern + "\n"})
    assert (places(run(tmp_path)) == []) is owned
