"""No secret reaches any output, wherever in a manifest it stands and whatever encodes it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from linter.cli.options import FORMATS
from tests.command import permlint
from tests.hostile.manifests import GOOD, HEAD
from tests.world import build

TOKEN = "kQ7zR2mX9vB4nL1pW8sD3fG6hJ5tY0cA2eUo"
WORD = "kd83Hs+9w~x"
POSITIONS = [
    "agent_name: {}\nenvironment: staging\nresources: []\n",
    "agent_name: a\nenvironment: {}\nresources: []\n",
    GOOD + "purpose: {}\n",
    GOOD + '"{}": 1\n',
    GOOD + "# {}\n",
    GOOD + "x-note: {}\n",
    GOOD + '"x-{}": 1\n',
    GOOD + "purpose: |\n  one\n  {}\n  two\n",
    GOOD + "rollback_strategy: |\n  python3 scripts/{}.py\n",
    GOOD + "rollback_strategy: {{command: 'run {}'}}\n",
    GOOD + "a: 1\na: {}\n# {}\n",
    GOOD + "owner: {} # permlint: ignore[manifest/duplicate-key] {}\n",
    GOOD + "purpose: x # permlint: ignore[a/{}]\n",
    GOOD + "# permlint: ignore[manifest/schema-violation] {} until=2099-01-01\nfoo: 1\n",
    GOOD + "expires: {}\n",
    GOOD + "identities: {{db: '{}'}}\n",
    GOOD + "audit_log: {}\n",
    HEAD + "  - resource: db.{}\n    access: write\n    scope: all\n",
    HEAD + "  - resource: db.t\n    access: {}\n",
    HEAD + "  - resource: db.t\n    access: write\n    scope: {}\n",
    HEAD + "  - resource: db.t\n    access: write\n    scope: {{columns: ['{}', '{}']}}\n",
    HEAD + "  - resource: db.t\n    access: none\n    blast_radius: low ({})\n",
    HEAD + "  - resource: db.t\n    access: none\n    {}: x\n",
    HEAD + "  - {{resource: db.t, access: write, actions: ['{}'], environments: ['{}']}}\n",
]


def _disguises(secret: str) -> set[str]:
    """The secret, and what base64 and URL encoding make of it wherever it begins in a longer text."""
    found = {secret, quote(secret, safe=""), secret[::-1], secret.encode().hex()}
    for lead in range(3):
        coded = base64.b64encode(b"x" * lead + secret.encode()).decode()
        found.add(coded[4:-4])
    return found


@pytest.mark.parametrize("position", POSITIONS)
def test_no_secret_reaches_any_output(tmp_path: Path, position: str) -> None:
    secrets = {"ghp_" + TOKEN: TOKEN, "'postgres://me:" + WORD + "@host/db'": WORD}
    for written, hidden in secrets.items():
        text = position.replace("'{}'", "{}").format(*[written] * 2)
        build(tmp_path, {"x.yaml": text, "neighbour.yaml": text})
        outputs = [
            part for one in FORMATS for part in ("--format", one, "--output", "-" if one == "text" else f"out.{one}")
        ]
        done = permlint(tmp_path, "check", "-v", *outputs, "x.yaml", "neighbour.yaml")
        assert done.returncode in (1, 2)
        brief = permlint(tmp_path, "check", "x.yaml", "neighbour.yaml")
        files = [(tmp_path / f"out.{one}").read_text(encoding="utf-8") for one in FORMATS if one != "text"]
        shown = "\n".join([done.stdout, done.stderr, brief.stdout, brief.stderr, *files])
        for disguise in _disguises(hidden):
            assert disguise not in shown


def test_no_secret_of_an_unreadable_manifest_reaches_any_output(tmp_path: Path) -> None:
    token = "ghp_" + TOKEN
    files = {
        "a.yaml": f"a: *{token}\n",
        "b.yaml": f"a: !<tag:{token}> x\n",
        "c.yaml": f"a: &{token} [*{token}]\n",
        "d.yaml": f"{token}: [\n",
        "permlint.toml": f"x = {token}\n",
    }
    build(tmp_path, files)
    done = permlint(tmp_path, "check", *files)
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (2, False)
    (tmp_path / "permlint.toml").unlink()
    done = permlint(tmp_path, "check", "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (2, False)
