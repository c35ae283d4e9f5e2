"""Rules x facts -> findings: runs the checks, decides severity, swallowing and suppression."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from linter.catalogue import Rule, ids, pick
from linter.checks import Hit, Place
from linter.checks.placing import location_of
from linter.checks.subject import Fleet, Subject, Surroundings
from linter.drafts import About, Draft, redacted
from linter.exits import CRASHED, where
from linter.findings import Finding, Location, Repair, Severity, Silenced, Source
from linter.rulesets import Ruleset, nearest_rule
from linter.suppressions import Suppression, find_suppressions

if TYPE_CHECKING:
    from linter.systems.live import Part


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
        self._weighed: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[Severity, str, set[str]]] = {}

    def remember(self, subject: Subject, *, named: bool) -> None:
        """Take a manifest into the fleet; `named` where its findings are wanted."""
        self.fleet.add(subject, named=named)

    def check_live(self, part: "Part", source: Source) -> Verdict:
        """What the checks of a comparison say of one manifest. Comments do not silence them, acceptances do."""
        drafts, crashed = self._run(part, About(part.claim.subject, source, part.principal))
        return Verdict(_swallow(drafts, self.rules.rules), [], crashed)

    def check(self, subject: Subject) -> Verdict:
        """What the checks of one manifest say."""
        drafts, crashed = self._run(subject, About(subject))
        found = find_suppressions(subject.document) if self.comments else []
        if found:
            self._suppressions[subject.path] = found
        if not drafts:
            return Verdict([], [], crashed)
        findings, silenced = self._suppress(_swallow(_once(drafts), self.rules.rules), subject.path)
        return Verdict(findings, silenced, crashed)

    def _run(self, facts: "Subject | Part", about: About) -> tuple[list[Draft], list[str]]:
        drafts: list[Draft] = []
        crashed: list[str] = []
        for rule, check in self.rules.checks:
            try:
                for hit in check(facts):
                    draft = self._draft(rule, hit, about)
                    if draft is not None:
                        drafts.append(draft)
            except Exception as error:
                crashed.append(f"{about.subject.path}: the check of {rule.id} crashed")
                drafts.append(self._crash(rule, error, about))
        return redacted(drafts, about.subject), crashed

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

    def _draft(self, rule: Rule, hit: Hit, about: About) -> Draft | None:
        """A finding with its words as they are: `redacted` follows."""
        manifest = about.subject.manifest
        environments = hit.environments or (hit.resource.environments if hit.resource else manifest.environments)
        severity, environment, held = self._weigh(rule, hit.cases, environments)
        if severity is Severity.OFF:
            return None
        values = {"agent": manifest.agent, "environment": environment, **hit.values}
        if hit.resource is not None:
            values.setdefault("resource", hit.resource.name)
        location, extent = about.find(hit.place)
        finding = Finding(
            rule.id,
            severity,
            pick(rule.message, held).format_map(values),
            location,
            manifest.agent,
            environment,
            hit.resource.name if hit.resource else "",
            hit.key,
            hit.fix or pick(rule.fix, held).format_map(values),
            tuple([about.find(place)[0] for place in hit.related]) + hit.elsewhere,
            hit.details,
            hit.cause,
            hit.repair,
            about.source,
            about.principal,
            hit.object_id,
        )
        return Draft(finding, extent)

    def _weigh(
        self, rule: Rule, cases: tuple[str, ...], environments: tuple[str, ...]
    ) -> tuple[Severity, str, set[str]]:
        """Severity, the environment named, and the cases that hold."""
        asked = (rule.id, cases, environments)
        known = self._weighed.get(asked)
        if known is None:
            live = next((one for one in environments if self.around.config.production(one)), None)
            held = set(cases)
            if live is not None:
                held.add("production")
            severity: Severity = pick(rule.severity, held)
            if rule.calendar and self.around.by_name:
                severity = min(severity, Severity.WARNING)
            known = self._weighed[asked] = severity, live or next(iter(environments), ""), held
        return known

    def _fleet_finding(self, rule: Rule, hit: Hit) -> Finding | None:
        unit = hit.unit
        assert unit is not None
        severity, environment, held = self._weigh(rule, hit.cases, hit.environments or unit.environments)
        if severity is Severity.OFF:
            return None
        values = {"agent": unit.agent, "environment": environment, **hit.values}
        return Finding(
            rule=rule.id,
            severity=severity,
            message=pick(rule.message, held).format_map(values),
            location=location_of(unit.path, unit.text, unit.span, hit.place.caption),
            agent=unit.agent,
            environment=environment,
            key=hit.key,
            fix=pick(rule.fix, held).format_map(values),
            related=tuple(location_of(other.path, other.text, other.span, caption) for other, caption in hit.others),
        )

    def _crash(self, rule: Rule, error: Exception, about: About) -> Draft:
        hit = Hit(Place((), "absence"), {"rule": rule.id, "where": where(error)}, key=rule.id)
        draft = self._draft(self.rules.rules[CRASHED], hit, about)
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
        problems: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        for id in suppression.rules:
            if id in rules:
                if rules[id].mandatory:
                    problems.append(("mandatory-rule", {"rule": id}, ()))
            elif id in ids():  # another command's, whose findings no comment silences
                problems.append(("unknown-rule", {"rule": id}, ("elsewhere",)))
            else:
                near = nearest_rule(id, rules)
                hint = f"; did you mean `{near}`?" if near else ""
                problems.append(("unknown-rule", {"rule": id, "hint": hint}, ()))
        if not suppression.rules:
            hint = "; write ignore[category/name] reason"
            problems.append(("unknown-rule", {"rule": suppression.written, "hint": hint}, ()))
        if not suppression.reason and not problems:
            problems.append(("no-reason", {}, ()))
        if suppression.rules and not suppression.holds(today):
            problems.append(
                ("expired-suppression", {"until": suppression.until}, () if suppression.dated else ("no-date",))
            )
        elif not problems and suppression not in self._used:
            problems.append(("unused-suppression", {"rules": ", ".join(suppression.rules)}, ()))
        for name, values, cases in problems:
            place = suppression.location(path)
            yield from self.say(f"suppression/{name}", values, place, suppression.agent, suppression.written, cases)

    def say(
        self, id: str, values: Mapping[str, str], location: Location, agent: str, key: str, cases: tuple[str, ...] = ()
    ) -> Iterator[Finding]:
        """A finding of one of the engine's own rules, unless it is turned off."""
        rule = self.rules.rules[id]
        severity, _, held = self._weigh(rule, cases, ())
        if severity is not Severity.OFF:
            message, fix = pick(rule.message, held).format_map(values), pick(rule.fix, held).format_map(values)
            yield Finding(id, severity, message, location, agent, key=key, fix=fix)


def _once(drafts: list[Draft]) -> list[Draft]:
    """One fault, one finding: what an alias or a merge key repeats is said once, and repaired for all that repeat it."""
    kept: dict[tuple[str, Location, str], Draft] = {}
    for draft in drafts:
        finding = draft.finding
        same = (finding.rule, finding.location, finding.message)
        first = kept.setdefault(same, draft)
        if first is not draft and first.finding.repair and finding.repair:
            routes = first.finding.repair.routes + finding.repair.routes
            repair = first.finding.repair._replace(routes=routes)
            kept[same] = first._replace(finding=first.finding._replace(repair=repair))
    return list(kept.values())


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
