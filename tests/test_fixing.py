"""Repairs: exactly the bytes that should change, proved, and stable when repeated."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.checking import select
from linter.checks.subject import Subject, Surroundings
from linter.config import load
from linter.engine import Engine
from linter.findings import Repair, Splice
from linter.fixing import fix
from linter.manifest.fixer import flow, repaired, scalar
from linter.manifest.reader import read
from linter.manifest.signing import digest_of
from linter.manifest.text import Text
from linter.rulesets import ruleset
from tests.command import permlint
from tests.world import TODAY, build, run

HEAD = "agent_name: triage\nenvironment: staging\nowner: support\nresources:\n"
ENTRY = "  - resource: postgres.tickets\n    access: read-only\n    blast_radius: none\n"


def fixed(folder: Path, text: str, *, unsafe: bool = False) -> str:
    """The text after `--fix`."""
    build(folder, {"agent-permissions.yaml": text})
    config = load(None, str(folder))
    selection = select(config, (), str(folder), force_exclude=False)
    for one in fix(config, ruleset(config), selection, TODAY, unsafe=unsafe):
        return one.after
    return text


SAFE = [
    # a value lost to a comment
    ("    scope: #ops-alerts channel only\n", '    scope: {channels: ["#ops-alerts"]}\n'),
    ("    justification: #1 wish of support  \n", '    justification: "#1 wish of support"  \n'),
    # ambiguous scalars: as YAML 1.2 reads them
    ("    justification: no\n", '    justification: "no"\n'),
    ("    justification: 1:30  # at night\n", '    justification: "1:30"  # at night\n'),
    ("    justification: &why no\n", '    justification: &why "no"\n'),  # found by fuzzing: the anchor went, too
    # near-miss keys and words
    ("    scoep: rows of today\n", "    scope: rows of today\n"),
    ("    Justification: x\n", "    justification: x\n"),
    ("    reversibility: 'Irreversible'\n", "    reversibility: 'irreversible'\n"),
    ("    handles: [sensitive, egres]\n", "    handles: [sensitive, egress]\n"),
    # prose whose meaning is certain
    ("    scope: status, assigned_to columns only\n", "    scope: {columns: [status, assigned_to]}\n"),
    (
        "    scope: 'all columns except card_number' # agreed\n",
        "    scope: {columns: {except: [card_number]}} # agreed\n",
    ),
    ("    scope: |\n      only the columns b and a\n", "    scope: {columns: [b, a]}\n"),
]
UNSAFE = [
    ("    purpose: x\n", None),
    ("    scope: rows where tenant_id = 42\n", '    scope: {rows: "tenant_id = 42"}\n'),
    ("    justification: the channel #ops only\n", '    justification: "the channel #ops only"\n'),
    ("    reversibility: reversable-later\n", "    reversibility: reversible\n"),
]


@pytest.mark.parametrize(("before", "after"), SAFE)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_safe(tmp_path: Path, before: str, after: str, end: str) -> None:
    text = (HEAD + ENTRY + before).replace("\n", end)
    result = fixed(tmp_path, text)
    assert result == (HEAD + ENTRY + after).replace("\n", end)
    assert fixed(tmp_path, result) == result


@pytest.mark.parametrize(("before", "after"), UNSAFE)
def test_unsafe_only_when_asked(tmp_path: Path, before: str, after: str | None) -> None:
    text = HEAD + ENTRY + before
    assert fixed(tmp_path, text) == text
    assert fixed(tmp_path, text, unsafe=True) == (text if after is None else HEAD + ENTRY + after)


@pytest.mark.parametrize("key", ["X-actions", "x_actions", "x actions", "\u0445-actions", "xactions"])
def test_a_key_of_the_teams_own_never_becomes_a_permission_by_itself(tmp_path: Path, key: str) -> None:
    text = HEAD + ENTRY + f"    {key}: [delete]\n"
    assert fixed(tmp_path, text) == text


def test_write_only_is_not_taken_for_read_only(tmp_path: Path) -> None:
    text = HEAD + "  - resource: wiki\n    access: write-only\n"
    assert fixed(tmp_path, text) == text
    assert fixed(tmp_path, text.replace("write-only", "readonly")) == text.replace("write-only", "read-only")
    assert fixed(tmp_path, text.replace("write-only", "Read_Write")) == text.replace("write-only", "read-write")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "  - resource: crm  # ours\n    access: write\n",
            "  - resource: crm  # ours\n    blast_radius: high\n    access: write\n",
        ),
        ("  - {resource: crm, access: write}\n", "  - {resource: crm, blast_radius: high, access: write}\n"),
        ("  - access: write\n    resource: crm", "  - access: write\n    resource: crm\n    blast_radius: high"),
        (
            "  - resource: crm.x\n    access: write\n    blast_radius: 'low (notes)'\n",
            "  - resource: crm.x\n    access: write\n    blast_radius: 'medium (notes)'\n",
        ),
        (
            "  - resource: crm.x\n    access: write\n    blast_radius: &least low\n",
            "  - resource: crm.x\n    access: write\n    blast_radius: &least low\n",
        ),
    ],
)
def test_the_blast_radius_that_follows(tmp_path: Path, before: str, after: str) -> None:
    assert fixed(tmp_path, HEAD + before) == HEAD + before
    assert fixed(tmp_path, HEAD + before, unsafe=True) == HEAD + after


def test_structuring_keeps_the_digest(tmp_path: Path) -> None:
    text = (
        f"{HEAD}  - {{resource: postgres.t, access: read-write, scope: 'b, a columns only'}}\n"
        "  - {resource: slack, access: write, scope: '#x only'}\n"
    )
    after = fixed(tmp_path, text)
    assert after != text
    around = Surroundings(load(None, str(tmp_path)), TODAY, by_name=False)
    assert len({digest_of(Subject("x", read(Text(one)), around).manifest) for one in (text, after)}) == 1


def test_what_is_suppressed_is_left(tmp_path: Path) -> None:
    text = HEAD + ENTRY + "    justification: no  # permlint: ignore[manifest/ambiguous-scalar] Norway\n"
    assert fixed(tmp_path, text) == text


def test_what_an_alias_shares_is_left(tmp_path: Path) -> None:
    # The anchor's text stands for both entries: structuring it would change the other one too.
    text = (
        HEAD
        + ENTRY
        + "    scope: &cols a column only\n  - {resource: wiki, access: read-only, blast_radius: none, scope: *cols }\n"
    )
    assert fixed(tmp_path, text) == text


def test_a_repair_that_cannot_be_proved_is_not_made() -> None:
    document = read(Text("a: 1\nb: 2\n"))
    wild = Repair(lambda: (Splice(0, 4, "a: 9"),), (("b",),))
    broken = Repair(lambda: (Splice(0, 1, "["),), (("a",),))
    good = Repair(lambda: (Splice(8, 9, "3"),), (("b",),))
    text, made = repaired(document, [wild, broken, good])
    assert (text.content, made) == ("a: 1\nb: 3\n", 1)


def test_repairs_that_touch_wait() -> None:
    document = read(Text("a: 1\n"))
    one, other = (Repair(lambda text=text: (Splice(3, 4, text),), (("a",),)) for text in ("2", "3"))  # type: ignore[misc]
    text, made = repaired(document, [one, other])
    assert (text.content, made) == ("a: 2\n", 1)


@given(st.text(max_size=80))
def test_a_quoted_text_is_read_as_it_was(text: str) -> None:
    try:
        expected = text.encode("utf-8").decode("utf-8")
    except UnicodeEncodeError:
        return
    emitted = scalar(text)
    assert "\n" not in emitted
    assert read(Text(f"x: {emitted}\n")).data == {"x": expected}


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20), min_size=1))
def test_a_list_on_one_line_is_read_as_it_was(names: list[str]) -> None:
    assert read(Text(f"x: {flow({'columns': names})}\n")).data == {"x": {"columns": names}}


TEXT = HEAD + ENTRY + "    justification: no\n"


def test_the_command_repairs_then_checks(tmp_path: Path) -> None:
    path = tmp_path / "a" / "agent-permissions.yaml"
    build(tmp_path, {"a/agent-permissions.yaml": b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()})
    path.chmod(0o640)
    done = permlint(tmp_path, "check", "--fix")
    assert done.returncode == 0
    assert done.stderr == "a/agent-permissions.yaml: 1 repair\n"
    assert "1 manifest checked" in done.stdout
    assert path.read_bytes() == b"\xef\xbb\xbf" + TEXT.replace("no\n", '"no"\n').replace("\n", "\r\n").encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == [path.name]


def test_a_link_inside_the_root_is_written_through(tmp_path: Path) -> None:
    build(tmp_path, {"real.yaml": TEXT, "permlint.toml": ""})
    (tmp_path / "agent-permissions.yaml").symlink_to("real.yaml")
    permlint(tmp_path, "check", "--fix", "agent-permissions.yaml")
    assert (tmp_path / "agent-permissions.yaml").is_symlink()
    assert '"no"' in (tmp_path / "real.yaml").read_text()


DIFF = """\
--- a/agent-permissions.yaml
+++ b/agent-permissions.yaml
@@ -5,4 +5,4 @@
   - resource: postgres.tickets
     access: read-only
     blast_radius: none
-    justification: no
+    justification: "no"
"""


def test_diff_shows_and_writes_nothing(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": TEXT})
    done = permlint(tmp_path, "check", "--diff")
    assert (done.returncode, done.stdout) == (1, DIFF)
    assert (tmp_path / "agent-permissions.yaml").read_text() == TEXT
    build(tmp_path, {"agent-permissions.yaml": TEXT.replace("no\n", "none\n")})
    done = permlint(tmp_path, "check", "--diff")
    assert (done.returncode, done.stdout) == (0, "")
    build(tmp_path, {"agent-permissions.yaml": "["})
    done = permlint(tmp_path, "check", "--diff")
    assert done.returncode == 2
    assert done.stderr.startswith("agent-permissions.yaml:1:2: is not YAML")


def test_a_diff_masks_what_stands_around(tmp_path: Path) -> None:
    secret = "hunter2-" + "xK9"
    build(tmp_path, {"agent-permissions.yaml": HEAD + ENTRY + f"    x-password: {secret}\n    justification: no\n"})
    done = permlint(tmp_path, "check", "--diff")
    assert secret not in done.stdout + done.stderr
    assert '+    justification: "no"' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--unsafe-fixes"], "goes with --fix or --diff"), (["--fix", "-"], "standard input cannot be repaired")],
)
def test_options_that_make_no_sense(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = permlint(tmp_path, "check", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_report_says_what_is_fixable(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": TEXT + "  - resource: crm.x\n    access: read-only\n"})
    assert "; 1 fixable with --fix, 1 fixable with --unsafe-fixes; " in permlint(tmp_path, "check").stdout
    kinds = {one.rule: one.repair.safe for one in run(tmp_path).findings if one.repair}
    assert kinds == {"manifest/ambiguous-scalar": True, "blast-radius/missing-blast-radius": False}


def test_every_example_that_can_be_repaired_settles(tmp_path: Path) -> None:
    from tests.test_rules import MANUALS

    count = 0
    for manual in MANUALS.values():
        for example in manual.examples:
            for name, text in example["files"].items():
                if name.endswith((".yaml", ".yml")) and "agent_name" in text:
                    once = fixed(tmp_path, text, unsafe=True)
                    count += once != text
                    assert fixed(tmp_path, once, unsafe=True) == once
                    config = load(None, str(tmp_path))
                    subject = Subject("x", read(Text(once)), Surroundings(config, TODAY, by_name=False))
                    assert Engine(ruleset(config), subject.around).repairs(subject, unsafe=False) == []
    assert count > 10


def test_a_manifest_in_json_stays_json(tmp_path: Path) -> None:
    entry = {"resource": "postgres.tickets", "acess": "Read-write", "scope": "status, note columns only"}
    manifest = {"agent_name": "triage", "environment": "staging", "owner": "support", "resources": [entry]}
    after = json.loads(fixed(tmp_path, json.dumps(manifest), unsafe=True))
    repaired_entry = {
        "resource": "postgres.tickets",
        "access": "read-write",
        "scope": {"columns": ["status", "note"]},
        "blast_radius": "medium",
    }
    assert after == {**manifest, "resources": [repaired_entry]}


def test_a_remark_in_full_width_brackets_is_kept(tmp_path: Path) -> None:
    entry = HEAD + "  - resource: wiki\n    access: read-only\n    blast_radius: none%s\n"
    assert fixed(tmp_path, entry % "\uff08読み取りのみ\uff09") == entry % " (読み取りのみ)"


def test_what_a_merge_key_repeats_is_repaired_where_it_stands(tmp_path: Path) -> None:
    entry = "  - &a {resource: wiki, access: ACCESS, blast_radius: none}\n  - {<<: *a, resource: docs}\n"
    assert fixed(tmp_path, HEAD + entry.replace("ACCESS", "readonly")) == HEAD + entry.replace("ACCESS", "read-only")
