"""The recipes of examples/recipes: each shell step is taken out of its file and run, with the real permlint and a real server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from linter import __version__
from tests.servers import Server, programs, running
from tests.world import build

ROOT = Path(__file__).parent.parent
RECIPES = ROOT / "examples" / "recipes"
CONFIG = """\
manifests = ["agents/*.agent-permissions.yaml"]
[systems.postgres]
kind = "postgresql"
dsn_env = "PERMLINT_POSTGRES_DSN"
[notify.security]
kind = "webhook"
url_env = "PERMLINT_WEBHOOK"
fallback = true
"""
MANIFEST = """\
agent_name: triage
environment: staging
owner: support
identities: {postgres: triage}
resources:
  - resource: postgres.public.tickets
    access: read-only
    scope: {columns: [id, status]}
    blast_radius: none (reads only)
"""
LAX = CONFIG + '[rules."scope/admin-access"]\nseverity = "off"\n'
WIDER = MANIFEST.replace("access: read-only", "access: admin").replace(
    "blast_radius: none (reads only)", "blast_radius: high"
)
GRANTS = b"""
CREATE ROLE triage LOGIN; CREATE ROLE auditor LOGIN; CREATE TABLE tickets (id int PRIMARY KEY, status text, body text);
GRANT SELECT (id, status) ON tickets TO triage
"""
HOOK = "https://hooks.example.com/permlint"
"""Nothing is sent there: of these nights there is nothing to tell of production."""
FIRST = "First run with this state: nothing counts as new, the next run tells what changes\n\n"
GH = """#!/bin/sh
if [ "$1" = api ] && [ "$2" = --paginate ]; then cat "$COMMENTS"; exit; fi
echo "$@" >> "$ASKED"
"""
"""Stands for GitHub's program, which needs GitHub: it notes what it is asked for."""


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    """A database that grants what the manifest says."""
    with running(max(programs())) as server, server.connect() as connection:
        connection.execute(GRANTS)
        yield server


@pytest.fixture
def dsn(database: Server) -> str:
    """An auditor's way to it."""
    return database.dsn(user="auditor")


@pytest.fixture
def environment(tmp_path: Path, offline: dict[str, str]) -> dict[str, str]:
    """What a runner gives: the programs on PATH, among them permlint, and a pip that has it already."""
    programs = tmp_path / "bin"
    scripts = {"permlint": f'#!/bin/sh\nexec {sys.executable} -m linter "$@"\n', "pip": "#!/bin/sh\n", "gh": GH}
    build(programs, scripts)
    for one in programs.iterdir():
        one.chmod(0o755)
    (tmp_path / "comments").touch()
    return {
        **{name: value for name, value in offline.items() if not name.startswith(("GITHUB_", "CI"))},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COMMENTS": str(tmp_path / "comments"),
        "ASKED": str(tmp_path / "asked"),
    }


@pytest.fixture
def checkout_of_branch(tmp_path: Path, environment: dict[str, str]) -> Path:
    """A clone on a branch that asks for more, and brings a configuration that would let it."""
    upstream, clone = tmp_path / "upstream", tmp_path / "clone"
    build(upstream, {"agents/triage.agent-permissions.yaml": MANIFEST}, CONFIG)
    steps = [
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "Agreed"],
    ]
    for step in steps:
        subprocess.run(["git", *step], cwd=upstream, env=environment, check=True)
    subprocess.run(["git", "clone", "--quiet", upstream, clone], env=environment, check=True)
    build(clone, {"agents/triage.agent-permissions.yaml": WIDER}, LAX)
    for step in (["checkout", "--quiet", "-b", "more"], ["commit", "--quiet", "--all", "--message", "More"]):
        subprocess.run(["git", *step], cwd=clone, env=environment, check=True)
    return clone


def run(command: str, folder: Path, env: Mapping[str, str], shell: str = "bash") -> subprocess.CompletedProcess[str]:
    """Run one step as a runner does: its script in a file of its own, the first failure ends it."""
    script = folder.parent / "step"
    script.write_text(command, encoding="utf-8")
    return subprocess.run(
        [shell, "-e", script], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def workflow(name: str) -> dict[str, Any]:
    """A workflow's jobs."""
    jobs: dict[str, Any] = yaml.safe_load((RECIPES / "github" / name).read_text("utf-8"))["jobs"]
    return jobs


def steps(job: Mapping[str, Any], env: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Its commands, and the environment of each; what is an expression there is in `env` already."""
    for step in job["steps"]:
        if "run" in step:
            plain = {key: text for key, text in step.get("env", {}).items() if "${{" not in text}
            yield step["run"], {**env, **plain}


def on_github(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What GitHub and the recipes' expressions give."""
    (folder.parent / "temp").mkdir(exist_ok=True)
    own = {
        "BASE": "main",
        "RUNNER_TEMP": str(folder.parent / "temp"),
        "GITHUB_STEP_SUMMARY": str(folder.parent / "summary"),
    }
    return {**environment, **own, "GH_REPO": "acme/agents", "NUMBER": "7", "GH_TOKEN": "none"}


def test_a_pull_request_is_judged_by_its_bases_configuration(
    checkout_of_branch: Path, environment: dict[str, str]
) -> None:
    env = on_github(environment, checkout_of_branch)
    done = [run(step, checkout_of_branch, own) for step, own in steps(workflow("pull-request.yml")["check"], env)]
    assert [one.returncode for one in done] == [0, 0, 1], [one.stderr for one in done]
    # In staging it is a warning, and no error; what fails is that nothing undoes what it may do.
    assert "scope/admin-access" in done[-1].stdout
    assert "::error" in done[-1].stdout
    (log,) = json.loads((checkout_of_branch / "permlint.sarif").read_text())["runs"]
    assert "scope/admin-access" in {one["ruleId"] for one in log["results"]}


@pytest.mark.parametrize("known", [False, True])
def test_a_pull_requests_comment(checkout_of_branch: Path, environment: dict[str, str], known: bool) -> None:
    env = on_github(environment, checkout_of_branch)
    if known:
        Path(environment["COMMENTS"]).write_text("4711\n", encoding="utf-8")
    done = [run(step, checkout_of_branch, own) for step, own in steps(workflow("pull-request.yml")["creep"], env)]
    # The third is creep: an agent that becomes an administrator is an error, and the comment is written all the same.
    assert [one.returncode for one in done] == [0, 0, 1, 0, 0], [one.stderr for one in done]
    comment = checkout_of_branch.parent / "temp" / "comment.md"
    assert comment.read_text("utf-8").startswith("<!-- permlint creep -->\n")
    assert "admin" in comment.read_text("utf-8")
    assert "admin" in Path(env["GITHUB_STEP_SUMMARY"]).read_text("utf-8")
    patch = f"api --method PATCH repos/acme/agents/issues/comments/4711 --field body=@{comment} --silent"
    assert Path(environment["ASKED"]).read_text("utf-8").splitlines() == [
        patch if known else f"pr comment 7 --body-file {comment}"
    ]


def test_a_night_on_github(checkout_of_branch: Path, environment: dict[str, str], dsn: str) -> None:
    subprocess.run(["git", "checkout", "--quiet", "main"], cwd=checkout_of_branch, env=environment, check=True)
    env = {**on_github(environment, checkout_of_branch), "PERMLINT_POSTGRES_DSN": dsn, "PERMLINT_WEBHOOK": HOOK}
    for _ in range(2):
        done = [run(step, checkout_of_branch, own) for step, own in steps(workflow("nightly.yml")["drift"], env)]
        assert [one.returncode for one in done] == [0, 0], done
    cached = [
        step["with"]["path"] for step in workflow("nightly.yml")["drift"]["steps"] if "cache" in step.get("uses", "")
    ]
    assert len(cached) == 2
    assert all((checkout_of_branch / path).stat().st_size for path in cached)
    (log,) = json.loads((checkout_of_branch / "permlint.sarif").read_text())["runs"]
    assert log["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize("name", ["pull-request.yml", "nightly.yml"])
def test_actions_are_pinned_and_rights_are_named(name: str) -> None:
    whole = yaml.safe_load((RECIPES / "github" / name).read_text("utf-8"))
    assert whole["permissions"] == {}
    for job in whole["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        for step in job["steps"]:
            assert len(step.get("uses", f"@{'0' * 40}").partition("@")[2]) == 40
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_recipes_install_this_version() -> None:
    named = [
        version
        for path in (
            *RECIPES.rglob("*.yml"),
            *RECIPES.rglob("*.yaml"),
            RECIPES / "Dockerfile",
            ROOT / "docs" / "recipes.md",
        )
        for version in re.findall(r"permlint(?:\[\w+\])?(?:==|:)(\d[\w.]*)", path.read_text("utf-8"))
    ]
    assert len(named) >= 8
    assert set(named) == {__version__}


def gitlab(job: str) -> tuple[list[str], dict[str, Any]]:
    """A job's commands and its artifacts' reports."""
    whole = yaml.safe_load((RECIPES / "gitlab" / ".gitlab-ci.yml").read_text("utf-8"))
    return whole[job]["script"], whole[whole[job]["extends"]]["artifacts"]["reports"]


def test_a_merge_request(checkout_of_branch: Path, environment: dict[str, str]) -> None:
    env = {
        **environment,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_BUILDS_DIR": str(checkout_of_branch.parent),
    }
    commands, reports = gitlab("permlint")
    done = [run(one, checkout_of_branch, env) for one in commands]
    assert [one.returncode for one in done] == [0, 0, 0, 1, 1], [one.stderr for one in done]
    assert "scope/admin-access" in {
        one["check_name"] for one in json.loads((checkout_of_branch / reports["codequality"]).read_text())
    }
    assert ElementTree.parse(checkout_of_branch / reports["junit"]).getroot().tag == "testsuites"  # noqa: S314 - our own
    assert "admin" in done[-1].stdout


@pytest.mark.parametrize("job", ["permlint-default-branch", "permlint-nightly"])
def test_gitlabs_default_branch(checkout_of_branch: Path, environment: dict[str, str], dsn: str, job: str) -> None:
    subprocess.run(["git", "checkout", "--quiet", "main"], cwd=checkout_of_branch, env=environment, check=True)
    commands, reports = gitlab(job)
    done = [
        run(one, checkout_of_branch, {**environment, "PERMLINT_POSTGRES_DSN": dsn, "PERMLINT_WEBHOOK": HOOK})
        for one in commands
    ]
    assert [one.returncode for one in done] == [0, 0], done
    assert json.loads((checkout_of_branch / reports["codequality"]).read_text()) is not None
    assert (checkout_of_branch / reports["junit"]).is_file()


def placed(command: str, tmp_path: Path, folder: Path) -> str:
    """A command whose places of an installed machine are the test's."""
    places = {
        "/etc/permlint": tmp_path / "etc",
        "/srv/agents": folder,
        "/var/lib/permlint": tmp_path / "state",
        "/opt/permlint/bin": tmp_path / "bin",
    }
    for place, own in places.items():
        command = command.replace(place, str(own))
    return command


def test_a_night_by_cron(
    tmp_path: Path, checkout_of_branch: Path, environment: dict[str, str], dsn: str, database: Server
) -> None:
    subprocess.run(["git", "checkout", "--quiet", "main"], cwd=checkout_of_branch, env=environment, check=True)
    lines = (RECIPES / "cron" / "permlint").read_text("utf-8").splitlines()
    (job,) = (line for line in lines if line[:1].isdigit())
    *when, user, command = job.split(maxsplit=6)
    assert (len(when), user) == (5, "permlint")
    assert "%" not in command, "cron takes it for a line's end"
    build(tmp_path / "etc", {"environment": f"PERMLINT_POSTGRES_DSN={shlex.quote(dsn)}\nPERMLINT_WEBHOOK={HOOK}\n"})
    (tmp_path / "state").mkdir()

    def night() -> tuple[int, str, str]:
        done = run(placed(command, tmp_path, checkout_of_branch), checkout_of_branch, environment, "sh")
        return done.returncode, done.stdout, done.stderr

    assert night() == (0, FIRST, "")
    assert night() == (0, "", ""), "nothing to read, nothing to mail"
    with database.connect() as connection:
        connection.execute(b"GRANT DELETE ON tickets TO triage")
        worse = night()
        connection.execute(b"REVOKE DELETE ON tickets FROM triage")
        assert night()[:2] == (0, "")
    assert worse[0] == 1
    assert "DELETE" in worse[1]
    metrics = (tmp_path / "state" / "permlint.prom").read_text("utf-8")
    assert "permlint_run_timestamp_seconds " in metrics
    assert metrics.endswith("# EOF\n")


def test_a_night_by_systemd(tmp_path: Path, checkout_of_branch: Path, environment: dict[str, str], dsn: str) -> None:
    subprocess.run(["git", "checkout", "--quiet", "main"], cwd=checkout_of_branch, env=environment, check=True)
    lines = (RECIPES / "systemd" / "permlint-drift.service").read_text("utf-8").splitlines()
    credentials = [line.removeprefix("LoadCredential=").partition(":") for line in lines if line.startswith("LoadCred")]
    assert [name for name, _, _ in credentials] == ["PERMLINT_POSTGRES_DSN", "PERMLINT_WEBHOOK"]
    values = dict(zip(("PERMLINT_POSTGRES_DSN", "PERMLINT_WEBHOOK"), (dsn, HOOK), strict=True))
    build(tmp_path / "credentials", {name: values[name] + "\n" for name, _, _ in credentials})
    (tmp_path / "state").mkdir()
    env = {
        **environment,
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
        "STATE_DIRECTORY": str(tmp_path / "state"),
    }
    (start,) = (line.removeprefix("ExecStart=") for line in lines if line.startswith("ExecStart="))
    assert not re.search(r"(?<!\$)\$\{", start), "systemd would look for that variable itself"
    words = [placed(word.replace("$$", "$"), tmp_path, checkout_of_branch) for word in shlex.split(start)]
    done = subprocess.run(
        words, cwd=checkout_of_branch, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, FIRST, "")
    assert (tmp_path / "state" / "state.sqlite").is_file()


def test_a_night_on_kubernetes(tmp_path: Path, environment: dict[str, str], dsn: str) -> None:
    """As Kubernetes mounts a ConfigMap: links into a hidden folder."""
    job, claim = yaml.safe_load_all((RECIPES / "kubernetes" / "cronjob.yaml").read_text("utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["volumes"][1]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    mounted = tmp_path / "manifests"
    kept = mounted / "..2026_11_25_03_17_00.1"
    build(kept, {"triage.agent-permissions.yaml": MANIFEST}, CONFIG.replace("agents/", ""))
    (mounted / "..data").symlink_to(kept.name)
    for one in kept.iterdir():
        (mounted / one.name).symlink_to(Path("..data", one.name))
    (tmp_path / "state").mkdir()
    arguments = [one.replace("/state/", f"{tmp_path}/state/") for one in container["args"]]
    env = {**environment, "PERMLINT_POSTGRES_DSN": dsn, "PERMLINT_WEBHOOK": HOOK}
    done = subprocess.run(
        [tmp_path / "bin" / "permlint", *arguments], cwd=mounted, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "1 manifest checked" in done.stdout
    assert (tmp_path / "state" / "state.sqlite").is_file()


def test_the_image_is_made_of_the_wheel() -> None:
    lines = (RECIPES / "Dockerfile").read_text("utf-8").splitlines()
    assert [line.split()[0] for line in lines if line[:1].isupper()][-4:] == ["USER", "WORKDIR", "ENTRYPOINT", "CMD"]
    assert "USER 65532:65532" in lines
    assert "COPY dist/permlint-*.whl /dist/" in lines
