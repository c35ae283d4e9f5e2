"""What a run saw, in the state's nouns: one `Known` a fingerprint, as if it had never been seen before."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256

from linter.findings import UNVERIFIED_RULE, Finding, Source
from linter.nightly import growth
from linter.nightly.news import Known
from linter.nightly.rows import clean, cleaned
from linter.outcome import Attempt, Outcome
from linter.systems.secret import hide


def asked_sources(outcome: Outcome) -> dict[Source, Attempt]:
    """What the run was to ask, by source."""
    found = {}
    for one in outcome.attempts:
        source = Source(*map(clean, one.source))
        found[source] = one._replace(
            source=source, path=clean(one.path), owner=clean(one.owner), problem=clean(hide(one.problem))
        )
    return found


def failed_tonight(finding: Finding, asked: Mapping[Source, Attempt]) -> bool:
    """Whether a finding only says that its source could not be asked: history is told that of the source, not of a finding."""
    source = cleaned(finding.source)
    known = asked.get(source) if source is not None else None
    return finding.rule == UNVERIFIED_RULE and known is not None and bool(known.problem)


def seen(outcome: Outcome, asked: Mapping[Source, Attempt], day: str) -> dict[str, Known]:
    """Every finding of the run by fingerprint, accepted ones too.

    Where several share a fingerprint the gravest speaks, all of them reach as far as they do together, and they count as
    accepted only if every one is.
    """
    found: dict[str, Known] = {}
    principals = {
        (json.dumps(one.place, sort_keys=True), name): identity
        for one in outcome.asked
        for name, identity in one.identities.items()
    }
    for finding, until in _pairs(outcome):
        if failed_tonight(finding, asked):
            continue
        fingerprint = finding.fingerprint
        one = _known(finding, fingerprint, asked, day, until)
        attempt = None if one.source is None else asked.get(one.source)
        where = json.dumps(attempt.place if attempt is not None else {}, sort_keys=True)
        lasting = (principals.get((where, finding.principal), ""), finding.object_id)
        one = one._replace(lasting=json.dumps(lasting))
        other = found.get(fingerprint)
        if other is None:
            found[fingerprint] = one
            continue
        reach = growth.dumps(growth.union([growth.loads(other.extent), growth.loads(one.extent)]))
        accepted = min(other.accepted, one.accepted)
        found[fingerprint] = max(other, one, key=lambda each: each.severity)._replace(extent=reach, accepted=accepted)
    return found


def _pairs(outcome: Outcome) -> Iterator[tuple[Finding, str]]:
    yield from ((finding, "") for finding in outcome.findings)
    yield from ((one.finding, one.until) for one in outcome.silenced)


def _known(finding: Finding, fingerprint: str, asked: Mapping[Source, Attempt], day: str, until: str) -> Known:
    source = cleaned(finding.source)
    known = asked.get(source) if source is not None else None
    place = (finding.agent or finding.location.path, finding.environment, finding.resource, finding.key)
    return Known(
        fingerprint,
        sha256("\0".join(place).encode("utf-8", "surrogatepass")).hexdigest()[:32],
        finding.rule,
        finding.severity,
        clean(hide(finding.message)),
        clean(hide(finding.fix)),
        clean(hide(finding.cause)),
        clean(finding.location.path),
        finding.location.line,
        clean(finding.agent),
        clean(finding.environment),
        clean(finding.resource),
        source,
        known.owner if known is not None else "",
        growth.dumps(growth.extent(finding.details)),
        first_seen=day,
        since=day,
        last_seen=day,
        nights=1,
        accepted=until,
    )
