"""A manifest's resources from what a user or role is granted: the least that covers it, and what is left to decide.

Declared is what its policies surely grant on resources that they name, action by action. Administration, deleting, wildcards over all
resources of a type or over services, ways to more permissions, and what depends on a condition are decisions.
"""

import re
from collections.abc import Iterator, Sequence

from linter.manifest.model import build
from linter.skeleton import Draft, Entry
from linter.systems.aws.compare import describe
from linter.systems.aws.declared import Demand, demand, place
from linter.systems.aws.escalation import escalations
from linter.systems.aws.evaluate import SCPS_UNKNOWN, Evaluation, Situation
from linter.systems.aws.excess import POSSIBLE, Excess, Granted, applied, excess
from linter.systems.aws.holders import Home
from linter.systems.aws.regions import Region, subtract
from linter.systems.aws.table import Table, nowhere
from linter.systems.aws.wildcards import covers, parts

MANY_SERVICES = 20
"""Of so many services, actions that concern no resource are no proposal any more: they are left to decide."""
_DECIDED = ("delete", "admin")
"""Classes that nobody should have by default."""
_VERB = re.compile(r"[a-z0-9-]+:[A-Z][a-z]+(?=[A-Z])")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_UNSPEAKABLE = ("\ue000", "\ue001", "\0")
"""A `*` that stands for itself, and no resource: a manifest has no way to write them."""


def draft(system: str, situation: Situation, home: Home) -> Draft:
    """What a manifest of this principal would say, and what has to be decided first.

    Args:
        home: where a name without a region is looked for.
    """
    # What nobody could read may only narrow: a proposal is of what the principal's own policies say.
    readable = situation._replace(scps=situation.scps or (), session_known=True)
    evaluation = Evaluation(readable)
    entries = _entries(system, Granted(evaluation, ()), home)
    demands = tuple(_demand(one, evaluation) for one in entries)
    granted = Granted(evaluation, demands)
    left = excess(granted, demands)
    decisions = [_said(one) for one in left]
    ways = () if any(one.actions == ("*",) for one in left) else escalations(granted, demands)
    decisions += [
        f"it {'can' if one.sure else 'may be able to'} {one.does} ({' with '.join(one.actions)})" for one in ways
    ]
    if situation.scps is None:
        decisions.append(f"{SCPS_UNKNOWN}: they may deny some of what is declared")
    return Draft(tuple(entries), tuple(dict.fromkeys(decisions)), (system, situation.who.arn))


def _demand(entry: Entry, evaluation: Evaluation) -> Demand:
    one = {"resource": entry.resource, "actions": list(entry.actions)}
    data = {"environment": ["any"], "resources": [one]}
    return demand(build(data, data).resources[0], evaluation.table, evaluation.situation.who.partition)


def _said(one: Excess) -> str:
    condition = f", if this holds: {'; '.join(one.because)}" if one.bound == POSSIBLE and one.because else ""
    return f"{describe(one)}{condition}"


def _entries(system: str, granted: Granted, home: Home) -> list[Entry]:
    table = granted.table
    sweeping = _sweeping(granted.evaluation)
    found: dict[str, int] = {}
    bare: dict[str, int] = {}
    for ruling in granted.rulings:
        for group in granted.groups(ruling.bits & table.everything) if ruling.sure else ():
            if group.access in _DECIDED:
                continue
            for region in (region for one in applied(group, ruling.sure, sure=True) for region in one):
                none = nowhere(region.pattern)
                name = (
                    _service(system, group.service, table)
                    if none
                    else _name(system, group.service, region, table, home)
                )
                bits = group.bits & ~sweeping if none else group.bits
                if name and bits:
                    into = bare if none else found
                    into[name] = into.get(name, 0) | bits
    both = [*found.items(), *(bare.items() if len(bare) <= MANY_SERVICES else ())]
    return [Entry(name, "", tuple(_words(bits, table)), {}) for name, bits in sorted(both)]


def _sweeping(evaluation: Evaluation) -> int:
    """Actions that a statement allows without saying their service."""
    found = sure = 0
    for one in evaluation.situation.identity:
        if one.allows and one.not_actions:
            found = evaluation.everything
        for pattern in one.actions if one.allows and not one.not_actions else ():
            service = pattern.partition(":")[0]
            if "*" in service or "?" in service:
                found |= evaluation.bits(pattern)
            else:
                sure |= evaluation.bits(pattern)
    return found & ~sure


def _service(system: str, service: str, table: Table) -> str:
    """How a manifest names a service; empty where it cannot, as another than the one that the system is."""
    if system.lower() in table.spans:
        return system if system.lower() == service else ""
    return f"{system}.{service}"


def _name(system: str, service: str, region: Region, table: Table, home: Home) -> str:
    """How a manifest names a region; empty where it is all of its type, or where it has no name there."""
    pattern = region.pattern
    if any(mark in pattern for mark in _UNSPEAKABLE) or _all_of_a_type(pattern, service, table, home.partition):
        return ""
    of, prefix = parts(pattern), _service(system, service, table)
    near = prefix and len(of) == 6 and of[3] in ("", "*", home.region) and of[4] in ("", "*", home.account)
    for name in _candidates(of[-1], service, table, home.partition) if near else ():
        where = place("aws", (service, name), table, home.partition)[1]
        if not subtract((region,), where):
            return f"{prefix}.{name}"
    return f"{system}.{pattern}" if pattern.startswith("arn:") else ""


def _all_of_a_type(pattern: str, service: str, table: Table, partition: str) -> bool:
    """Whether a pattern leaves nothing of a type of resource out, in its region and account."""
    mine = parts(pattern)[-1]
    return any(covers(mine, parts(one)[-1]) for one in table.patterns(service, partition))


def _candidates(rest: str, service: str, table: Table, partition: str) -> Sequence[str]:
    """The plain names that may be behind the last part of an ARN, the shortest first."""
    found = set()
    for pattern in table.patterns(service, partition):
        start, _, end = parts(pattern)[-1].partition("*")
        for more in (end, f"-??????{end}"):
            name = rest.removeprefix(start).removesuffix(more)
            if rest == f"{start}{name}{more}" and _PLAIN.fullmatch(name):
                found.add(name)
    return sorted(found, key=lambda one: (len(one), one))


def _words(bits: int, table: Table) -> Iterator[str]:
    """The actions of a set; a verb and `*` where all actions of that verb are in it."""
    taken = 0
    for name in table.listed(bits):
        if table.bits(name) & taken:
            continue
        verb = _VERB.match(name)
        whole = table.bits(f"{verb[0]}*") if verb else 0
        together = verb is not None and whole & ~bits == 0 and whole.bit_count() > 1
        taken |= whole if together else 0
        yield f"{verb[0]}*" if verb and together else name
