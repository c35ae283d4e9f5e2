"""Granted without declared, folded: few findings that each say much, and drop nothing."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from linter.systems.aws.declared import Demand
from linter.systems.aws.evaluate import Evaluation, Ruling, foreign
from linter.systems.aws.facts import plain
from linter.systems.aws.regions import EVERYTHING, NOTHING, Area, intersect, join, show, subtract
from linter.systems.aws.table import LEVELS, NO_KIND, Group, nowhere

SURE, POSSIBLE = "sure", "possible"
MANY_SERVICES = 5
"""So many services that nobody declared are a finding a level; more are one finding a level together."""
UNKNOWN_LEVEL = "unknown"
PARTIAL = "it may take other resources too, on which it is not allowed"


class Excess(NamedTuple):
    """Actions of one service and level that nobody declared, or of several services."""

    bound: str
    services: tuple[str, ...]
    level: str
    actions: tuple[str, ...]
    """`*` or `SERVICE:*` where everything under it is meant."""
    number: int
    resources: tuple[str, ...]
    where: Area
    because: tuple[str, ...]
    via: tuple[str, ...]


class _Fold:
    def __init__(self) -> None:
        self.bits = 0
        self.where: Area = NOTHING
        self.because: dict[str, None] = {}
        self.via: dict[str, None] = {}

    def add(self, bits: int, where: Area, ruling: Ruling) -> None:
        self.bits |= bits
        self.where = join((*self.where, *where))
        self.because |= dict.fromkeys(ruling.because)
        self.via |= dict.fromkeys(ruling.via)


class Granted:
    """What a principal holds, cut so that each declared set of actions is whole."""

    def __init__(self, evaluation: Evaluation, demands: Sequence[Demand]) -> None:
        self.evaluation = evaluation
        self.table = evaluation.table
        self.partition = evaluation.situation.who.partition
        sets = {bits for one in demands for bits, _ in one.may} | {
            need.actions for one in demands for need in one.needs
        }
        self.rulings = evaluation.rulings(sets)

    def groups(self, bits: int) -> Iterator[Group]:
        """The table's groups that a set of actions touches, cut to it."""
        for service, (start, end) in self.table.spans.items():
            if bits >> start & ((1 << (end - start)) - 1):
                for group in self.table.groups(service, self.partition):
                    if group.bits & bits:
                        yield group._replace(bits=group.bits & bits)

    def everywhere(self, *, sure: bool) -> bool:
        """Whether every action is allowed on every resource; what keys and roles decide themselves left out of `sure`."""
        free = 0
        for ruling in self.rulings:
            if (ruling.sure if sure else ruling.possible) == EVERYTHING:
                free |= ruling.bits
        missing = self.table.everything & ~free
        own = self.table.bits("kms:*") | self.table.bits("sts:*")
        return not (missing & ~own if sure else missing)

    def allowed(self, bits: int, where: Area, *, sure: bool) -> bool:
        """Whether any of these actions is allowed somewhere in an area, on a resource that it applies to."""
        for ruling in self.rulings:
            found = ruling.sure if sure else ruling.possible
            for group in self.groups(ruling.bits & bits & self.table.everything):
                if any(intersect(one, where) for one in applied(group, found, sure=sure)):
                    return True
        return False

    def reach(self, bits: int, where: Area) -> list[str]:
        """The resources of an area that any of these actions applies to, the most plainly named alone."""
        found = set()
        for group in self.groups(bits & self.table.everything):
            for kind in group.kinds:
                found.update(resources(intersect(where, kind.area))[:1])
        plainest = min((one.count("*") for one in found), default=0)
        return sorted(one for one in found if one.count("*") == plainest) or ["*"]

    def because(self, bits: int) -> tuple[str, ...]:
        """What stands between the bounds of these actions."""
        return tuple(dict.fromkeys(one for ruling in self.rulings if ruling.bits & bits for one in ruling.because))


def applied(group: Group, where: Area, *, sure: bool) -> list[Area]:
    """Where a group's actions reach, a kind of resource each; surely nowhere, where one that each request must name is missing.

    It is possible then: the reference calls kinds required of which a request names one or another.
    """
    if not group.kinds:
        found = intersect(where, NO_KIND)
        return [found] if found else []
    areas = [intersect(where, kind.area) for kind in group.kinds]
    if sure and any(kind.required and not area for kind, area in zip(group.kinds, areas, strict=True)):
        return []
    return [area for area in areas if area]


def excess(granted: Granted, demands: Sequence[Demand]) -> list[Excess]:
    """What is held and no demand allows: surely, and possibly."""
    folds: dict[tuple[str, str, str], _Fold] = {}
    account = granted.evaluation.situation.who.account
    for ruling in granted.rulings:
        may = _declared(demands, ruling.bits)
        # Another account's resource of the same name is another.
        others = tuple(one for one in ruling.possible if foreign(one.pattern, account))
        other = subtract(others, _declared([one for one in demands if not one.own], ruling.bits)) if others else NOTHING
        for bound, left in (
            (SURE, subtract(ruling.sure, may)),
            (POSSIBLE, join((*subtract(subtract(ruling.possible, ruling.sure), may), *other))),
        ):
            if left:
                _fold(granted, ruling, bound, left, folds)
    return _folded(granted, folds, {one.service for one in demands})


def _declared(demands: Sequence[Demand], bits: int) -> Area:
    """Where any of these actions is declared."""
    return join(region for one in demands for own, where in one.may if own & bits for region in where)


def _fold(granted: Granted, ruling: Ruling, bound: str, left: Area, folds: dict[tuple[str, str, str], _Fold]) -> None:
    table = granted.table
    unknown = ruling.bits & ~table.everything
    if unknown:
        for name in granted.evaluation.names(unknown):
            service = name.partition(":")[0].lower()
            fold = folds.setdefault((POSSIBLE, service, UNKNOWN_LEVEL), _Fold())
            fold.add(granted.evaluation.bits(name) & unknown, left, ruling)
    for group in granted.groups(ruling.bits & table.everything):
        whole = bound == POSSIBLE or left == EVERYTHING or bool(applied(group, ruling.sure, sure=True))
        if left == EVERYTHING:
            where = left
        else:
            wide = left if _single(group) else ruling.possible
            where = join(region for area in applied(group, wide, sure=False) for region in area)
            where = intersect(where, left)
        if where:
            key = (bound if whole else POSSIBLE, group.service, LEVELS[group.access])
            because = ruling if whole else ruling._replace(because=(*ruling.because, PARTIAL))
            folds.setdefault(key, _Fold()).add(group.bits, where, because)


def _single(group: Group) -> bool:
    """Whether no request needs two resources at once."""
    return sum(kind.required for kind in group.kinds) < 2


def _folded(granted: Granted, folds: dict[tuple[str, str, str], _Fold], declared: set[str]) -> list[Excess]:
    found: list[Excess] = []
    for bound in (SURE, POSSIBLE):
        own = {key[1:]: fold for key, fold in folds.items() if key[0] == bound}
        if own and granted.everywhere(sure=bound == SURE):
            return [*found, _excess(granted, bound, ("*",), "admin", list(own.values()), ("*",))]
        others = sorted({service for service, _ in own if service not in declared})
        together = len(others) > MANY_SERVICES
        for service, level in sorted(own):
            if not together or service in declared or level == UNKNOWN_LEVEL:
                found.append(_excess(granted, bound, (service,), level, [own[service, level]]))
        for level in ("read", "write", "delete", "admin") if together else ():
            some = [(service, own[service, level]) for service in others if (service, level) in own]
            if some:
                found.append(_excess(granted, bound, tuple(one for one, _ in some), level, [fold for _, fold in some]))
    return found


def _excess(
    granted: Granted,
    bound: str,
    services: tuple[str, ...],
    level: str,
    folds: Iterable[_Fold],
    actions: tuple[str, ...] = (),
) -> Excess:
    whole, several = _Fold(), list(folds)
    for fold in several:
        whole.bits |= fold.bits
        whole.because |= fold.because
        whole.via |= fold.via
    whole.where = join(region for fold in several for region in fold.where)
    return Excess(
        bound,
        services,
        level,
        actions or tuple(shortened(granted, whole.bits)),
        whole.bits.bit_count(),
        tuple(resources(whole.where)),
        whole.where,
        tuple(whole.because) if bound == POSSIBLE else (),
        tuple(whole.via),
    )


def shortened(granted: Granted, bits: int) -> list[str]:
    """The actions of a set; `SERVICE:*` for all of one."""
    found: list[str] = []
    rest = bits
    for service, (start, end) in granted.table.spans.items():
        span = (1 << end) - (1 << start)
        if bits & span == span and end > start + 1:
            found.append(f"{service}:*")
            rest &= ~span
    return sorted([*found, *granted.evaluation.names(rest)])


def resources(where: Area) -> list[str]:
    """An area as a policy would write it."""
    return sorted({"*" if nowhere(one) else plain(one) for one in show(where)})
