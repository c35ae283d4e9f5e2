"""The reports of a night: one screen whatever happens, the same in Markdown, and nothing a stranger wrote is a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cmarkgfm
import pytest

from linter.findings import Finding, Location, Severity
from linter.nightly.run import only_news
from linter.outcome import Outcome
from linter.reports import markdown, nightly
from linter.reports.text import Style
from tests.command import permlint
from tests.nightly.nights import Nights, github, manifest, slack

FILES, READ = "files:write", "users:read"


def screen(outcome: Outcome, **style: Any) -> list[str]:
    assert outcome.nightly is not None
    given = {"threshold": Severity.ERROR, **style}
    return nightly.render(outcome, outcome.nightly, Style(**given)).splitlines()


def headings(lines: list[str]) -> list[str]:
    """The first words of every line that begins at the margin."""
    return [" ".join(line.split()[:2]) for line in lines if line and not line.startswith(" ")]


def test_the_order_of_the_sections(tmp_path: Path) -> None:
    files = {
        "support/agent-permissions.yaml": manifest(
            "a", "{resource: chat, access: none}", "{resource: hub, access: none}"
        ),
        "web/agent-permissions.yaml": manifest("b", "{resource: chat, access: none}"),
        "free/agent-permissions.yaml": manifest("c", "{resource: chat, access: none}"),
    }
    nights = Nights(tmp_path, files)
    nights.run(1, {"chat": slack(READ), "hub": github("gist")})
    (tmp_path / "free/agent-permissions.yaml").unlink()
    lines = screen(nights.outcome(2, {"chat": slack(FILES)}))
    assert headings(lines) == [
        "2 new",
        "Could not",
        "Open, and",
        "Resolved",
        "7 open,",
        "2 errors,",
    ]
    assert [line for line in lines if line.startswith("  ") and line[2] != " "][:2] == ["  support", "  web"]


def test_causes_are_told_once_with_their_agents(tmp_path: Path) -> None:
    names = [f"a{number}" for number in range(9)]
    files = {f"support/{name}.agent-permissions.yaml": manifest(name) for name in names}
    nights = Nights(tmp_path, files)
    nights.run(1, {"chat": slack()})
    lines = screen(nights.outcome(2, {"chat": slack(FILES)}))
    (group,) = (line for line in lines if "the key has files:write" in line and line.startswith("    the"))
    assert group.endswith(
        "  [a0 (production), a1 (production), a2 (production), a3 (production), a4 (production), "
        "a5 (production) and 3 more]"
    )
    assert "      ... and 6 more findings (-v shows all)" in lines


def _many(outcome: Outcome, number: int) -> Outcome:
    findings = tuple(
        Finding(
            outcome.findings[0].rule,
            Severity.ERROR,
            f"message {one}",
            Location(f"agents/{one}/agent-permissions.yaml", 1, 1, 1, 2),
            f"agent-{one}",
            "production",
            cause=f"cause {one % 700}",
            fix="\n".join(f"REVOKE {line};" for line in range(30)),
            source=outcome.attempts[0].source._replace(agent=f"agent-{one}"),
        )
        for one in range(number)
    )
    attempts = tuple(
        outcome.attempts[0]._replace(source=one.source, owner=f"team {place % 40}", problem="")
        for place, one in enumerate(findings)
        if one.source is not None
    )
    return outcome._replace(findings=findings, attempts=attempts)


@pytest.mark.parametrize("first", [False, True])
def test_five_thousand_findings_are_one_screen(tmp_path: Path, first: bool) -> None:
    nights = Nights(tmp_path)
    outcome, _ = nights.look(1, {"chat": slack(FILES)})
    if not first:
        nights.remember(outcome)
    many = _many(outcome, 5000)
    told = many._replace(nightly=nights.remember(many))
    lines = screen(told)
    assert len(lines) < 70
    assert len([line for line in lines if line.startswith(("  team", "  ... and"))]) >= 9
    whole = screen(told, verbose=True)
    assert len([line for line in whole if line.startswith("      ") and "error new: message" in line]) == (
        0 if first else 5000
    )
    # All of it resolved at once, or out of reach at once.
    quiet = many._replace(findings=())
    dead = quiet._replace(attempts=tuple(one._replace(problem=f"down {one.source.agent}") for one in quiet.attempts))
    assert len(screen(dead._replace(nightly=nights.remember(dead)))) < 70
    assert len(screen(quiet._replace(nightly=nights.remember(quiet)))) < 70


def test_what_is_still_open_is_told_with_its_nights(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.run(1, {"chat": slack(READ)})
    lines = screen(nights.outcome(9, {"chat": slack(READ)}), verbose=True)
    (line,) = (line for line in lines if "since 2026-11-01, 2 nights: $NO_SUCH_SLACK_TOKEN has users:read" in line)
    assert line.endswith("[notifier (production)]")
    assert lines.index("Still open") == lines.index(line) - 1


def test_quiet_and_only_new(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.run(1, {"chat": slack(READ)})
    nothing = nights.outcome(2, {"chat": slack(READ)})
    assert screen(nothing, quiet=True) == []
    assert only_news(nothing).findings == ()
    more = only_news(nights.outcome(3, {"chat": slack(FILES, READ)}))
    assert [one.details["scopes"] for one in more.findings] == [[FILES]]
    assert headings(screen(more, quiet=True)) == ["1 new"]
    gone = only_news(nights.outcome(4, {"chat": slack()}))
    assert headings(screen(gone)) == ["Nothing new", "0 open,", "of what"]


def test_the_exit_status_of_what_is_new(tmp_path: Path) -> None:
    Nights(tmp_path)

    def status(day: int, systems: Mapping[str, Any], *more: str) -> int:
        taken = f"2026-11-{day:02}"
        live = {"schema_version": 1, "taken": f"{taken}T00:00:00Z", "systems": systems}
        (tmp_path / "live.json").write_text(json.dumps(live))
        arguments = ["--live-from", "live.json", "--as-of", taken, "--state", "s", *more]
        done = permlint(tmp_path, "drift", *arguments)
        assert "Traceback" not in done.stderr
        return done.returncode

    assert status(1, {"chat": slack(FILES)}) == 1
    assert status(2, {"chat": slack(FILES)}, "--only-new") == 0
    assert status(3, {"chat": slack(FILES, "usergroups:write")}, "--only-new") == 1
    assert status(4, {"chat": slack(FILES, "usergroups:write")}, "--only-new") == 0
    assert status(4, {"chat": slack(FILES, "usergroups:write")}) == 1
    assert status(5, {}, "--only-new") == 3
    assert status(6, {"chat": slack(FILES, READ)}, "--only-new") == 0  # a warning
    assert status(7, {"chat": slack(READ)}, "--only-new") == 0
    assert status(8, {"chat": slack(FILES, READ)}, "--only-new") == 1
    (tmp_path / "s").write_text("no state")
    assert status(9, {"chat": slack(FILES)}, "--only-new") == 2
    assert permlint(tmp_path, "drift", "--only-new").returncode == 2
    assert permlint(tmp_path, "drift", "--state", "s2", "--state-keep", "forever").returncode == 2


def test_markdown_and_the_summary_of_a_step(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    live = {"schema_version": 1, "taken": "2026-11-02T00:00:00Z", "systems": {"chat": slack(FILES)}}
    (tmp_path / "live.json").write_text(json.dumps(live))
    nights.run(1, {"chat": slack(READ)})
    arguments = ["--live-from", "live.json", "--as-of", "2026-11-02", "--state", "state.sqlite", "--format", "github"]
    done = permlint(tmp_path, "drift", *arguments, env={"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    assert done.returncode == 1
    text = (tmp_path / "summary.md").read_text()
    assert "**New, worsened or reappeared: 1**\n\n- support: the key has files:write" in text
    assert "**Resolved**\n\n- $SLACK" not in text  # a dollar sign would begin a formula
    assert (
        text.index("**New, worsened") < text.index("**Resolved**") < text.index("1 open") < text.index("| Severity |")
    )


EVIL = "<script>x</script> [a](http://b) @team ::error::x ##[add-mask]y \x1b[31m\u202e | `c` #7\n\n# head"


@pytest.mark.parametrize("kind", ["new", "resolved", "failing", "gone"])
def test_hostile_names_in_every_field(tmp_path: Path, kind: str) -> None:
    nights = Nights(tmp_path)
    outcome, _ = nights.look(1, {"chat": slack(FILES)})
    (attempt,) = outcome.attempts
    source = attempt.source._replace(agent=EVIL, environment=EVIL, system=EVIL)
    attempt = attempt._replace(source=source, owner=EVIL, path=EVIL)
    (finding,) = outcome.findings
    place = Location(EVIL, 1, 1, 1, 2)
    finding = finding._replace(
        message=EVIL, location=place, agent=EVIL, environment=EVIL, resource=EVIL, fix=EVIL, cause=EVIL, source=source
    )
    full = outcome._replace(findings=(finding,), attempts=(attempt,), verdicts=(), notes=())
    empty = full._replace(findings=(), attempts=(attempt,))
    if kind == "new":
        nights.remember(empty)
        last = full
    else:
        nights.remember(full)
        last = {
            "resolved": empty,
            "failing": empty._replace(attempts=(attempt._replace(problem=EVIL),)),
            "gone": empty._replace(attempts=()),
        }[kind]
    told = last._replace(nightly=nights.remember(last))
    for verbose in (False, True):
        text = "\n".join(screen(told, verbose=verbose))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
        assert "##[" not in text
    page = markdown.render(told)
    html = cmarkgfm.github_flavored_markdown_to_html(page)
    assert "<script" not in html.lower()
    assert "<a " not in html
    assert "<h1" not in html
    assert "##[" not in page


def test_what_nobody_can_compare_says_what_the_status_comes_from(tmp_path: Path) -> None:
    """A unit that fails without a word gets muted."""
    prose = "{resource: chat, access: read, scope: whatever support needs}"
    nights = Nights(tmp_path, {"support/agent-permissions.yaml": manifest("a", prose)})
    nights.run(1, {"chat": slack(READ)})
    for quiet in (False, True):
        outcome = only_news(nights.outcome(2, {"chat": slack(READ)}))
        assert outcome.unverified
        told = [line for line in screen(outcome, quiet=quiet) if line.startswith("not verified: ")]
        assert [line.partition(": ")[2] for line in told] == list(outcome.unverified)
        assert "  Until it can be compared, or is accepted (`permlint accept`), no night is clean." in screen(
            outcome, quiet=quiet
        )
    # An outage says it itself.
    outcome = nights.outcome(3, {"chat": slack(error="ratelimited")})
    lines = screen(outcome)
    assert "Could not check" in lines
    assert not any(line.startswith("not verified") for line in lines)


def test_what_nothing_asks_for_any_more_is_told_and_is_no_clean_end(tmp_path: Path) -> None:
    nights = Nights(
        tmp_path, {"support/agent-permissions.yaml": manifest("a"), "web/agent-permissions.yaml": manifest("b")}
    )

    def run(day: int, *more: str) -> tuple[int, list[str]]:
        taken = f"2026-11-{day:02}"
        live = {"schema_version": 1, "taken": f"{taken}T00:00:00Z", "systems": {"chat": slack(FILES)}}
        (tmp_path / "live.json").write_text(json.dumps(live))
        done = permlint(
            tmp_path, "drift", "--live-from", "live.json", "--as-of", taken, "--state", str(nights.state), *more
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout.splitlines()

    run(1)
    (tmp_path / "web/agent-permissions.yaml").unlink()
    sentence = (
        "  2 findings of b (production) in chat: there is no manifest of b any more, so nothing asks for it "
        "(if that is over: --retired b)"
    )
    for more in ([], ["-q"]):
        status, lines = run(2, "--only-new", *more)
        assert (status, lines.count(sentence)) == (3, 1)
        assert not any(line.startswith(("not verified", "not checked")) for line in lines)
    status, lines = run(3)
    assert (status, lines.count(sentence)) == (1, 1)
    status, lines = run(4, "--only-new", "--retired", "b")
    assert (status, [line for line in lines if "manifest of b" in line]) == (0, [])


def test_a_night_that_saw_only_a_part_does_not_say_that_nothing_is_new(tmp_path: Path) -> None:
    both = manifest("a", "{resource: chat, access: none}", "{resource: hub, access: none}")
    nights = Nights(tmp_path, {"support/agent-permissions.yaml": both})
    nights.run(1, {"chat": slack(FILES), "hub": github("gist")})
    part = only_news(nights.outcome(2, {"chat": slack(FILES)}))
    assert screen(part)[0] == "Nothing new since 2026-11-01 in what could be checked"
    (line,) = (line for line in screen(part) if line.startswith("2 open"))
    assert line.startswith("2 open, 1 of them not seen tonight (the oldest since 2026-11-01, support: a), ")
    assert "**New, worsened or reappeared in what could be checked: 0**" in markdown.render(part)
    nothing = nights.outcome(3, {})
    assert screen(nothing)[0] == "Nothing could be checked, so what is new since 2026-11-02 is not known"
    assert screen(nights.outcome(4, {"chat": slack(FILES), "hub": github("gist")}))[0] == "Nothing new since 2026-11-03"


def test_a_first_answer_is_told_as_one(tmp_path: Path) -> None:
    both = manifest("a", "{resource: chat, access: none}", "{resource: hub, access: none}")
    nights = Nights(tmp_path, {"support/agent-permissions.yaml": both})
    nights.run(1, {"chat": slack()})
    begins = only_news(nights.outcome(2, {"chat": slack(), "hub": github("gist")}))
    assert (begins.findings, begins.unchecked) == ((), ())
    lines = screen(begins)
    assert headings(lines)[:2] == ["Nothing new", "First answer:"]
    assert "  hub (production): 1 finding (1 error) of a (production)" in lines
    assert "- hub (production): 1 finding (1 error)" in markdown.render(begins)
