"""Rules x facts -> findings: instantiates the rules, runs their checks, decides severity, swallowing and suppression."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.catalogue import BadRule, Rule, built_in, ids, load_file, pick
from linter.checks import BadParams, Hit, Place, builtin, instantiate
from linter.checks.subject import Fleet, Subject, Surroundings
from linter.exits import CRASHED, where
from linter.findings import Finding, Location, Repair, Severity, Silenced
from linter.manifest.text import Text
from linter.suppressions import Suppression, find_suppressions

if TYPE_CHECKING:
    from linter.config import Config
    from linter.systems.live import Part


class Draft(NamedTuple):
    """A finding before swallowing, and the stretch of text that it is about."""

    finding: Finding
    extent: tuple[int, int]


class Ruleset(NamedTuple):
    """Every rule of a run, and the checks of those that are on."""

    rules: Mapping[str, Rule]
    checks: tuple[tuple[Rule, Any], ...]
    fleet_checks: tuple[tuple[Rule, Any], ...]
    tidying: tuple[tuple[Rule, Any], ...]
    """Checks of rules that are off and yet repair."""


def ruleset(config: "Config", command: str = "check") -> Ruleset:
    """A command's built-in rules, for `check` the team's own as well, as configuration sets them.

    Raises:
        BadConfig: a rule that does not exist, a parameter that it does not take, a mandatory rule turned down.
        BadRule: a team's rule file that cannot be used.
    """
    rules = built_in(command)
    own = _own(config) if config.rule_files else {}
    if command == "check":
        rules |= own
    for id, settings in config.rules.items():
        if id in rules:
            rules[id] = _configure(rules[id], settings, config)
        elif id not in own and id not in (known := ids()):
            near = nearest_rule(id, [*known, *own])
            hint = f"; did you mean `{near}`?" if near else ""
            raise config.fault(f"rules.{id}: there is no such rule{hint}", "rules", id)
    builtin.register(command)
    checks: list[tuple[Rule, Any]] = []
    fleet_checks: list[tuple[Rule, Any]] = []
    tidying: list[tuple[Rule, Any]] = []
    for rule in rules.values():
        if rule.check == "engine" or (rule.gravest is Severity.OFF and not rule.tidies):
            continue
        try:
            check, wants_fleet = instantiate(rule.check, rule.params)
        except BadParams as error:
            raise config.fault(f"{rule.id}: {error}", "rules", rule.id, "params") from None
        kind = tidying if rule.gravest is Severity.OFF else fleet_checks if wants_fleet else checks
        kind.append((rule, check))
    return Ruleset(rules, tuple(checks), tuple(fleet_checks), tuple(tidying))


def _own(config: "Config") -> dict[str, Rule]:
    from linter.files import search

    found = search(config.root, config.root, config.rule_files, ())
    if not found:
        raise config.fault("rule_files matches no file", "rule_files")
    rules: dict[str, Rule] = {}
    known = ids()
    for path in found:
        rule = load_file(os.path.join(config.root, path), path)
        if rule.id in rules or rule.id in known:
            raise BadRule(path, 1, f"`{rule.id}` is a rule already")
        rules[rule.id] = rule
    return rules


def _configure(rule: Rule, settings: Mapping[str, Any], config: "Config") -> Rule:
    if "severity" in settings:
        given = settings["severity"]
        words = {"otherwise": given} if isinstance(given, str) else given
        severity = {case: Severity[word.upper()] for case, word in words.items()}
        severity["otherwise"] = severity.pop("otherwise")
        if rule.mandatory and min(severity.values()) < min(rule.severity.values()):
            raise config.fault(
                f"rules.{rule.id}: the rule is mandatory and cannot be turned down", "rules", rule.id, "severity"
            )
        rule = rule._replace(severity=severity)
    return rule._replace(
        params={**rule.params, **settings.get("params", {})},
        mandatory=rule.mandatory or settings.get("mandatory", False),
    )


def nearest_rule(id: str, rules: Iterable[str]) -> str | None:
    """The rule that a misspelt id means, or None."""
    from difflib import get_close_matches

    known = list(rules)
    by_name = {one.partition("/")[2]: one for one in known}
    near = get_close_matches(id, known, 1, 0.6) or [
        by_name[name] for name in get_close_matches(id.rpartition("/")[2], list(by_name), 1, 0.7)
    ]
    return near[0] if near else None


class Verdict(NamedTuple):
    """What the checks say of one manifest, or of the fleet."""

    findings: list[Finding]
    silenced: list[Silenced]
    crashed: list[str]


class Engine:
    """Runs a rule set over manifests, one at a time, then once over what it remembers of them all."""

    def __init__(self, rules: Ruleset, around: Surroundings, *, comments: bool = True) -> None:
        """`comments`: whether a comment in the manifest can silence a finding."""
        self.rules = rules
        self.comments = comments
        self.around = around
        self.fleet = Fleet()
        self._suppressions: dict[str, list[Suppression]] = {}
        self._used: set[Suppression] = set()

    def remember(self, subject: Subject, *, named: bool) -> None:
        """Take a manifest into the fleet; `named` where its findings are wanted."""
        self.fleet.add(subject, named=named)

    def check_live(self, part: "Part") -> Verdict:
        """What the checks of a comparison say of one manifest. Comments do not silence them, acceptances do."""
        drafts, crashed = self._run(part, part.claim.subject)
        return Verdict(_swallow(drafts, self.rules.rules), [], crashed)

    def check(self, subject: Subject) -> Verdict:
        """What the checks of one manifest say."""
        drafts, crashed = self._run(subject, subject)
        found = find_suppressions(subject.document) if self.comments else []
        if found:
            self._suppressions[subject.path] = found
        if not drafts:
            return Verdict([], [], crashed)
        findings, silenced = self._suppress(_swallow(drafts, self.rules.rules), subject.path)
        return Verdict(findings, silenced, crashed)

    def _run(self, facts: "Subject | Part", subject: Subject) -> tuple[list[Draft], list[str]]:
        drafts: list[Draft] = []
        crashed: list[str] = []
        for rule, check in self.rules.checks:
            try:
                for hit in check(facts):
                    draft = self._draft(rule, hit, subject)
                    if draft is not None:
                        drafts.append(draft)
            except Exception as error:
                crashed.append(f"{subject.path}: the check of {rule.id} crashed")
                drafts.append(self._crash(rule, error, subject))
        return drafts, crashed

    def repairs(self, subject: Subject, *, unsafe: bool) -> list[Repair]:
        """The repairs of a manifest's findings that nobody suppressed, and of the rules that only tidy, in document order."""
        found = [one.repair for one in self.check(subject).findings]
        for _, check in self.rules.tidying:
            found += [hit.repair for hit in check(subject)]
        return [repair for repair in found if repair is not None and (unsafe or repair.safe)]

    def check_fleet(self) -> Verdict:
        """What the checks that compare manifests say, and then what is to be said of the suppressions themselves."""
        findings: list[Finding] = []
        crashed: list[str] = []
        for rule, check in self.rules.fleet_checks:
            try:
                findings += [one for hit in check(self.fleet) if (one := self._fleet_finding(rule, hit)) is not None]
            except Exception as error:
                crashed.append(f"the check of {rule.id} crashed: {where(error)}")
        kept: list[Finding] = []
        silenced: list[Silenced] = []
        for finding in findings:
            more, quiet = self._suppress([finding], finding.location.path)
            kept += more
            silenced += quiet
        for path, suppressions in self._suppressions.items():
            for suppression in suppressions:
                kept += self._judge(path, suppression)
        return Verdict(kept, silenced, crashed)

    def _draft(self, rule: Rule, hit: Hit, subject: Subject) -> Draft | None:
        environments = hit.environments or (
            hit.resource.environments if hit.resource else subject.manifest.environments
        )
        severity, environment, held = self._weigh(rule, hit, environments)
        if severity is Severity.OFF:
            return None
        manifest = subject.manifest
        values = {"agent": manifest.agent, "environment": environment, **hit.values}
        if hit.resource is not None:
            values.setdefault("resource", hit.resource.name)
        span, extent = locate(subject, hit.place)
        finding = Finding(
            rule=rule.id,
            severity=severity,
            message=subject.redact(pick(rule.message, held).format_map(values)),
            location=_location(subject.path, subject.shown, span, subject.redact(hit.place.caption)),
            agent=subject.redact(manifest.agent),
            environment=subject.redact(environment),
            resource=subject.redact(hit.resource.name) if hit.resource else "",
            key=hit.key,
            fix=subject.redact(hit.fix or pick(rule.fix, held).format_map(values)),
            cause=hit.cause,
            details=_redact(subject, hit.details) if hit.details else {},
            related=tuple(
                _location(subject.path, subject.shown, locate(subject, place)[0], subject.redact(place.caption))
                for place in hit.related
            )
            + hit.elsewhere,
            repair=hit.repair,
        )
        return Draft(finding, extent)

    def _weigh(self, rule: Rule, hit: Hit, environments: tuple[str, ...]) -> tuple[Severity, str, set[str]]:
        """Severity, the environment named, and the cases that hold."""
        live = next((one for one in environments if self.around.config.production(one)), None)
        held = set(hit.cases)
        if live is not None:
            held.add("production")
        severity: Severity = pick(rule.severity, held)
        if rule.calendar and self.around.by_name:
            severity = min(severity, Severity.WARNING)
        return severity, live or next(iter(environments), ""), held

    def _fleet_finding(self, rule: Rule, hit: Hit) -> Finding | None:
        unit = hit.unit
        assert unit is not None
        severity, environment, held = self._weigh(rule, hit, hit.environments or unit.environments)
        if severity is Severity.OFF:
            return None
        values = {"agent": unit.agent, "environment": environment, **hit.values}
        return Finding(
            rule=rule.id,
            severity=severity,
            message=pick(rule.message, held).format_map(values),
            location=_location(unit.path, unit.text, unit.span, hit.place.caption),
            agent=unit.agent,
            environment=environment,
            key=hit.key,
            fix=pick(rule.fix, held).format_map(values),
            related=tuple(_location(other.path, other.text, other.span, caption) for other, caption in hit.others),
        )

    def _crash(self, rule: Rule, error: Exception, subject: Subject) -> Draft:
        hit = Hit(Place((), "absence"), {"rule": rule.id, "where": where(error)}, key=rule.id)
        draft = self._draft(self.rules.rules[CRASHED], hit, subject)
        assert draft is not None, "engine/check-crashed is mandatory"
        return draft

    def _suppress(self, findings: list[Finding], path: str) -> tuple[list[Finding], list[Silenced]]:
        suppressions = self._suppressions.get(path)
        if not suppressions:
            return findings, []
        kept: list[Finding] = []
        silenced: list[Silenced] = []
        today = self.around.as_of.isoformat()
        for finding in findings:
            match = None
            if not self.rules.rules[finding.rule].mandatory:
                match = next((one for one in suppressions if one.covers(finding) and one.holds(today)), None)
            if match is None:
                kept.append(finding)
            else:
                self._used.add(match)
                silenced.append(Silenced(finding, "suppression", match.reason, match.until))
        return kept, silenced

    def _judge(self, path: str, suppression: Suppression) -> Iterator[Finding]:
        """What is to be said of a suppression comment itself."""
        rules = self.rules.rules
        today = self.around.as_of.isoformat()
        problems: list[tuple[str, dict[str, str]]] = []
        for id in suppression.rules:
            if id not in rules:
                near = nearest_rule(id, rules)
                problems.append(("unknown-rule", {"rule": id, "hint": f"; did you mean `{near}`?" if near else ""}))
            elif rules[id].mandatory:
                problems.append(("mandatory-rule", {"rule": id}))
        if not suppression.rules:
            problems.append(
                ("unknown-rule", {"rule": suppression.written, "hint": "; write ignore[category/name] reason"})
            )
        if not suppression.reason and not problems:
            problems.append(("no-reason", {}))
        if suppression.rules and not suppression.holds(today):
            problems.append(("expired-suppression", {"until": suppression.until}))
        elif not problems and suppression not in self._used:
            problems.append(("unused-suppression", {"rules": ", ".join(suppression.rules)}))
        for name, values in problems:
            yield from self.say(
                f"suppression/{name}", values, suppression.location(path), suppression.agent, suppression.written
            )

    def say(
        self, id: str, values: Mapping[str, str], location: Location, agent: str, key: str, cases: tuple[str, ...] = ()
    ) -> Iterator[Finding]:
        """A finding of one of the engine's own rules, unless it is turned off."""
        rule = self.rules.rules[id]
        severity, _, held = self._weigh(rule, Hit(Place(), cases=cases), ())
        if severity is not Severity.OFF:
            message, fix = pick(rule.message, held).format_map(values), pick(rule.fix, held).format_map(values)
            yield Finding(id, severity, message, location, agent, key=key, fix=fix)


def _redact(subject: Subject, details: Mapping[str, Any]) -> dict[str, Any]:
    """The details without secrets: one search for all texts in them, a line each, since masking keeps line breaks."""
    texts = [" ".join(text.splitlines()) for text in _texts(details)]
    masked = iter(subject.redact("\n".join(texts)).split("\n"))

    def copy(value: Any) -> Any:
        if isinstance(value, str):
            return next(masked)
        if isinstance(value, (list, tuple)):
            return [copy(one) for one in value]
        return value

    return {key: copy(value) for key, value in details.items()}


def _texts(details: Mapping[str, Any]) -> Iterator[str]:
    """The texts among the details and in their lists, in order."""
    for value in details.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (one for one in value if isinstance(one, str))


def _swallow(drafts: list[Draft], rules: Mapping[str, Rule]) -> list[Finding]:
    """One fault, one finding: a finding goes where another, at least as grave, explains the same stretch better."""
    swallowers = [draft for draft in drafts if rules[draft.finding.rule].swallows]
    if not swallowers:
        return [draft.finding for draft in drafts]
    kept = []
    for draft in drafts:
        for other in swallowers:
            if (
                draft.finding.rule in rules[other.finding.rule].swallows
                and other.finding.severity >= draft.finding.severity
                and _nested(draft.extent, other.extent)
            ):
                break
        else:
            kept.append(draft.finding)
    return kept


def _nested(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return (one[0] <= other[0] and other[1] <= one[1]) or (other[0] <= one[0] and one[1] <= other[1])


def locate(subject: Subject, place: Place) -> tuple[tuple[int, int], tuple[int, int]]:
    """The exact span of a place, and the stretch of text that it is about (its whole entry)."""
    document = subject.document
    if place.part == "absence":
        return _absence(subject, place)
    if place.span is not None and not place.route:
        return place.span, place.span
    key_start, key_end, start, end = document.entry(place.route)
    extent = (key_start, end)
    if place.span is not None:
        return place.span, extent
    if place.part == "key" or (place.part == "value" and start in document.blocks and key_start != start):
        return (key_start, key_end), extent
    if place.part == "entry":
        return extent, extent
    return (start, max(end, start)), extent


def _absence(subject: Subject, place: Place) -> tuple[tuple[int, int], tuple[int, int]]:
    """An absence in a resource is on that resource's line, one in the manifest on `agent_name`'s (DESIGN.md, section 3)."""
    document = subject.document
    content = document.text.content
    extent = document.entry(place.route)[2:] if place.route else (0, len(content))
    for key in ("resource", "agent_name"):
        try:
            entry = document.entry((*place.route, key))
        except (KeyError, IndexError, TypeError):
            continue
        return (entry[0], entry[3]), extent
    if place.route and isinstance(place.route[-1], str):
        return document.entry(place.route)[:2], extent
    # Neither stands there: the first line of what does.
    start = extent[0] if place.route else len(content) - len(content.lstrip())
    first = content[start : extent[1]].split("\n", 1)[0].rstrip()
    return (start, start + len(first)), extent


def _location(path: str, text: Text, span: tuple[int, int], caption: str) -> Location:
    line, column = text.position(span[0])
    end_line, end_column = text.position(span[1])
    return Location(path, line, column, end_line, end_column, text.line(line), caption)
