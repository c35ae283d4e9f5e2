"""`permlint explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from linter.acceptance import load
from linter.catalogue import Manual, Rule, built_in, manual, references
from linter.cli.now import check_all, configured, every_rule, refuse
from linter.cli.options import Day, wants_color
from linter.cli.rules import fix, severities
from linter.findings import Finding, Location, Silenced
from linter.manifest.text import Unreadable
from linter.outcome import Outcome
from linter.reported import BadReport, NoSuchFinding, Reported, is_fingerprint, of_json, resolve
from linter.reports.text import full
from linter.reports.totals import plural
from linter.reports.visible import visible
from linter.rulesets import nearest_rule
from linter.secrets import mask

if TYPE_CHECKING:
    from linter.nightly.news import Known


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(id, help=rule.summary) for id, rule in built_in().items() if id.startswith(incomplete)]


@click.command("explain")
@click.argument("name", metavar="RULE|FINGERPRINT", shell_complete=_complete)
@click.option("--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, as for check.")
@click.option("--as-of", type=Day(), metavar="DATE", help="The day to judge dates by, instead of today.")
@click.option("--from", "report", type=click.Path(), metavar="FILE", help="A JSON report that has the finding.")
@click.option("--state", type=click.Path(), metavar="FILE", help="The state of `permlint drift --state` that has it.")
def command(name: str, config_file: str | None, as_of: date | None, report: str | None, state: str | None) -> None:
    """Explain a rule, or tell one finding's whole story.

    RULE is category/name, or the name alone. FINGERPRINT is what `check -v` and `--format json` show; its first 12 digits are
    enough: every manifest is checked, and the finding shown in full, with who silenced it, until when, and its rule's page.
    One of `drift` or `creep` is looked up where a run left it: --state FILE or --from FILE.

    \b
    permlint explain rollback/no-run-id
    permlint explain no-run-id
    permlint explain 3f9a1c20b7d4
    permlint explain 3f9a1c20b7d4 --state nightly.sqlite
    """
    config, rules = configured(config_file)
    known = every_rule(config, rules)
    if not is_fingerprint(name):
        click.echo(_page(_rule(name, known)))
        return
    if state is not None or report is not None:
        if state is not None and report is not None:
            raise click.UsageError("--state and --from are two places: give one")
        lines, rule = _remembered(name, state) if state is not None else _reported(name, str(report))
        click.echo("\n".join(lines))
        if rule in known:
            click.echo(f"\n{_page(known[rule])}")
        return
    outcome = check_all(config, rules, as_of or date.today())
    try:
        finding, silenced = _find(name, outcome)
    except NoSuchFinding as error:
        if outcome.errors:
            refuse(outcome.errors)
        elsewhere = "; one of drift or creep is found with --state FILE or --from FILE"
        raise click.ClickException(visible(str(error)) + elsewhere) from None
    click.echo("\n".join(_story(finding, silenced, config.root, outcome.as_of.isoformat())))
    click.echo()
    click.echo(_page(known[finding.rule]))


def _rule(name: str, known: Mapping[str, Rule]) -> Rule:
    if name in known:
        return known[name]
    same = [id for id in known if id.partition("/")[2] == name]
    if len(same) == 1:
        return known[same[0]]
    near = ", ".join(same) or nearest_rule(name, known)
    hint = f"; did you mean {near}?" if near else ": `permlint rules` lists them"
    raise click.ClickException(visible(f"`{name}` is no rule{hint}"))


def _find(written: str, outcome: Outcome) -> tuple[Finding, Silenced | None]:
    found: list[tuple[Finding, Silenced | None]] = [(one, None) for one in outcome.findings]
    found += [(one.finding, one) for one in outcome.silenced]
    identity = resolve(written, (one.fingerprint for one, _ in found))
    return next(pair for pair in found if pair[0].fingerprint == identity)


def _reported(name: str, path: str) -> tuple[list[str], str]:
    """A finding of a JSON report as lines, and its rule."""
    try:
        with open(path, encoding="utf-8") as file:
            found = of_json(file.read())
        identity = resolve(name, (one.fingerprint for one in found))
    except (OSError, UnicodeError) as error:
        raise click.FileError(path, getattr(error, "strerror", None) or "is not UTF-8") from None
    except BadReport as error:
        raise click.ClickException(visible(f"{path} {error}")) from None
    except NoSuchFinding as error:
        raise click.ClickException(visible(str(error))) from None
    one = next(one for one in found if one.fingerprint == identity)
    silenced = f"{one.silenced} when it was reported" if one.silenced else "open when it was reported"
    return list(_lines(_found(one), one.fingerprint, {"state": silenced})), one.rule


def _remembered(name: str, path: str) -> tuple[list[str], str]:
    """A finding of a state as lines, and its rule."""
    from linter.nightly.history import History
    from linter.nightly.store import StateError

    try:
        with History.of(path) as history:
            one = history.finding(resolve(name, history.fingerprints()))
    except (StateError, NoSuchFinding) as error:
        raise click.ClickException(
            visible(f"{path} {error}" if isinstance(error, StateError) else str(error))
        ) from None
    assert one is not None, "it is among those that the state has"
    seen = f"first seen {one.first_seen}, last seen {one.last_seen}, {plural(one.nights, 'night')} since {one.since}"
    state = f"{one.how} on {one.ended}" if one.ended else f"accepted until {one.accepted}" if one.accepted else "open"
    about = {"owner": one.owner, "cause": one.cause, "history": seen, "state": state}
    return list(_lines(_found(one), one.fingerprint, about)), one.rule


def _found(one: Known | Reported) -> Finding:
    """A finding of an earlier run, as it can be shown: without its source line, which may be another now."""
    place = Location(one.path, one.line, 1, one.line, 1)
    return Finding(one.rule, one.severity, one.message, place, one.agent, one.environment, one.resource, fix=one.fix)


def _story(finding: Finding, silenced: Silenced | None, root: str, today: str) -> Iterator[str]:
    return _lines(finding, finding.fingerprint, {"state": _state(finding, silenced, root, today)})


def _lines(finding: Finding, fingerprint: str, more: Mapping[str, str]) -> Iterator[str]:
    yield full(finding, color=wants_color("-"))
    about = {"agent": finding.agent, "environment": finding.environment, "resource": finding.resource}
    for word, value in {**about, "fingerprint": fingerprint, **more}.items():
        if value:
            yield visible(f"{word + ':':13}{value}")


def _state(finding: Finding, silenced: Silenced | None, root: str, today: str) -> str:
    if silenced is not None and silenced.by == "suppression":
        until = f" until {silenced.until}" if silenced.until else ""
        return f"suppressed by a comment in the manifest{until}: {silenced.reason}"
    try:
        loaded = load(root)
    except Unreadable:  # then the check has accepted nothing either
        loaded = None
    own = [one for one in loaded.entries if one.fingerprint == finding.fingerprint] if loaded else []
    for one in sorted(own, key=lambda one: not one.accepts(finding)):
        terms = mask(f"{f' by {one.by}' if one.by else ''} until {one.until}: {one.reason}")
        if silenced is not None:
            return f"accepted{terms}"
        if today > one.until:
            return f"open again, it was accepted{terms}"
        if not one.accepts(finding):
            return f"open again, it has changed since it was accepted{terms}"
        return f"open, the rule is mandatory; it was accepted{terms}"
    return "open"


def _page(rule: Rule) -> str:
    page: Manual = manual(rule, references())
    parts = [
        f"{rule.id}: {rule.summary}.",
        f"Severity: {severities(rule)}{'; mandatory, it cannot be silenced' if rule.mandatory else ''}. Since {page.since}.",
        page.why,
        f"Fix: {fix(rule)}",
        *_examples(page),
    ]
    if page.references:
        lines = [" ".join(filter(None, (one.standard, one.id, one.title))) for one in page.references]
        parts.append("\n".join(["Supports evidence for:", *(f"  {line}" for line in lines)]))
    return visible("\n\n".join(parts), keep="\n")


def _examples(page: Manual) -> Iterator[str]:
    for example in page.examples[:2]:
        lines = [f"Example: {example.get('title', '')}".rstrip()]
        for path, text in example["files"].items():
            lines += [f"  {path}", *(f"    {line}".rstrip() for line in text.rstrip().split("\n"))]
        if "live" in example:
            lines += [f"  {line}".rstrip() for line in _live(example["live"])]
        yield "\n".join(lines)


def _live(live: Mapping[str, Any]) -> Iterator[str]:
    """What is granted in an example: statements, or the answers of a provider."""
    if "sql" in live:
        yield from ("and in the database", *(f"  {line}" for line in live["sql"].rstrip().split("\n")))
    for system, answers in live.get("recorded", {}).items():
        yield from (f"and of {system} was recorded", f"  {json.dumps(answers)}")
