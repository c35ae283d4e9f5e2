"""Outcomes that the reports' tests render: one with everything in it, a stranger's worst texts among it, and a clean one.

`python -m tests.reports.outcomes` writes the golden files anew; read their difference before committing it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from linter.catalogue import built_in
from linter.findings import Finding, Location, Severity, Silenced
from linter.outcome import InputError, Outcome
from linter.reports import github, gitlab, junit, markdown

GOLDEN = Path(__file__).parent / "golden"
PATH = "agents/triage/agent-permissions.yaml"
EVIL = "@team #7 !9 https://evil.example www.evil.example [a](http://b) <script>x</script> a|b *c* _d_ \\ $e$"
COMMANDS = "::error::no %0A##[add-mask]x\n::stop-commands::y\r\n##vso[task.setvariable]z"


def finding(severity: Severity, line: int, message: str, path: str = PATH, **more: object) -> Finding:
    """A finding whose span is in one line."""
    made = Finding("scope/unbounded-write", severity, message, Location(path, line, 5, line, 12), "triage", "staging")
    return made._replace(**more)  # type: ignore[arg-type]  # each by its name


RICH = Outcome(
    command="check",
    as_of=date(2026, 11, 24),
    findings=(
        finding(Severity.INFO, 3, "`postgres.notes` has no scope", resource="postgres.notes"),
        finding(Severity.WARNING, 4, EVIL, resource="a|b`c", fix=f"First:\n{EVIL}\n"),
        finding(
            Severity.ERROR,
            9,
            "the value of `scope` is lost: `#` begins a comment",
            location=Location(PATH, 9, 5, 11, 2),
            related=(Location(PATH, 2, 1, 2, 9, caption=f"here too, `{EVIL}`"),),
            fix='Quote the value: scope: "#ops"',
            details={"n": 1},
        ),
        finding(Severity.ERROR, 12, COMMANDS, "agents/::warning::, a=b/\udcff \x1b[31m\ufffe.yaml"),
        finding(Severity.ERROR, 12, "an odd ` backtick", "agents/::warning::, a=b/\udcff \x1b[31m\ufffe.yaml"),
    ),
    silenced=(
        Silenced(finding(Severity.ERROR, 20, "agreed"), "suppression", "public pages", ""),
        Silenced(finding(Severity.WARNING, 21, "accepted"), "acceptance", EVIL, "2026-12-31"),
    ),
    errors=(InputError("agents/x|y.yaml", 3, 7, "found a tab: ]]> &amp; ::"),),
    manifests=2,
    rules={id: rule for id, rule in built_in().items() if id in ("scope/unbounded-write", "review/no-owner")},
    unchecked=("no manifest below `empty` matches **/*.yaml",),
)
CLEAN = RICH._replace(findings=(), silenced=(), errors=(), unchecked=())
RENDERERS: dict[str, Callable[[Outcome], str]] = {
    "github.txt": github.render,
    "gitlab.json": gitlab.render,
    "junit.xml": lambda outcome: junit.render(outcome, Severity.ERROR),
    "markdown.md": markdown.render,
}


def render(name: str, outcome: Outcome) -> bytes:
    """The bytes of a golden file."""
    return RENDERERS[name](outcome).encode("utf-8")


if __name__ == "__main__":
    for one in RENDERERS:
        (GOLDEN / one).write_bytes(render(one, RICH))
        (GOLDEN / f"clean.{one}").write_bytes(render(one, CLEAN))
