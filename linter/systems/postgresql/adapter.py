"""PostgreSQL as the comparison sees it: a connection string by its variable's name, one scan, declared against granted."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from linter.checks import Place
from linter.manifest.model import Resource
from linter.skeleton import Draft
from linter.systems.lasting import alike
from linter.systems.live import (
    MISSING,
    UNVERIFIED,
    AuditLog,
    Binding,
    Claim,
    Comparison,
    Discrepancy,
    Part,
    Stranger,
    Target,
    Unverified,
)
from linter.systems.places import Where
from linter.systems.postgresql import audit, becoming, definers, kin, powers
from linter.systems.postgresql.compare import excess, missing, passed_on, unusable
from linter.systems.postgresql.connect import Unavailable
from linter.systems.postgresql.declared import Demand, demand, union
from linter.systems.postgresql.draft import draft
from linter.systems.postgresql.effective import NotScanned, UnknownRole, effective
from linter.systems.postgresql.granted import Effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.recording import from_json, to_json
from linter.systems.postgresql.remedies import exact
from linter.systems.postgresql.resolve import nearest_name
from linter.systems.postgresql.rows import unbound_rows
from linter.systems.postgresql.side import Agreed, Side, ordinary
from linter.systems.postgresql.snapshot import Snapshot
from linter.systems.postgresql.wording import describe

LOGIN = "@login"


class Observed:
    """One database's catalog, and what is computed from it once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._effective: dict[str, Effective] = {}

    @cached_property
    def index(self) -> Index:
        """The snapshot with its look-ups."""
        return Index(self.snapshot)

    def effective(self, role: str) -> Effective:
        """What a role can do.

        Raises:
            UnknownRole, NotScanned: as the function of that name.
        """
        if role not in self._effective:
            self._effective[role] = effective(self.index, role)
        return self._effective[role]

    def to_json(self) -> dict[str, Any]:
        """As `--record` writes it. A catalog has no secret that we read."""
        return {"snapshot": to_json(self.snapshot)}

    def told_by(self) -> str:
        """The database, and the auditor's login."""
        server = self.snapshot.server
        return f"database {server.database} of PostgreSQL {server.major} at {server.host}:{server.port}, asked as {server.login}"

    def place(self) -> Where:
        """The database and the server, by its address and, where it may be read, by what it calls itself.

        An upgrade gives a server another identifier, and a copy of its files keeps it: so the address counts too.
        """
        return self.index.place(self.snapshot.server.database)

    def told_at(self) -> str:
        """The server's clock."""
        return self.snapshot.server.taken

    def exists(self, principal: str) -> bool:
        """Whether there is such a role."""
        return principal in self.index.roles

    def everybody(self) -> bool:
        """Every login reads the names of all roles."""
        return True

    def name_of(self, principal: str) -> str:
        """The same: there is one name alone."""
        return principal

    def identity_of(self, principal: str) -> str:
        """The role's oid, which it keeps."""
        oid = self.index.roles.get(principal)
        return "" if oid is None else self.index.identity(oid)

    def bearer(self, identity: str) -> str | None:
        """The role of that oid."""
        if alike(identity, self.index.identity(0)) is None:
            return None
        return next((name for name, oid in self.index.roles.items() if self.index.identity(oid) == identity), "")

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """The login roles that are members of certain roles, or whose names match."""
        found: dict[str, Stranger] = {}
        members: dict[int, set[int]] = {}
        for one in self.snapshot.memberships:
            members.setdefault(one.role, set()).add(one.member)
        for group in patterns.get("members_of", ()):
            seen: set[int] = set()
            waiting = [self.index.roles[group]] if group in self.index.roles else []
            while waiting:
                fresh = members.get(waiting.pop(), set()) - seen
                seen |= fresh
                waiting += fresh
            for role in self.snapshot.roles:
                if role.oid in seen and role.login:
                    found.setdefault(role.name, Stranger(role.name, f"it is a member of {quote(group)}"))
        for pattern in patterns.get("names", ()):
            for role in self.snapshot.roles:
                if role.login and fnmatchcase(role.name, pattern):
                    found.setdefault(role.name, Stranger(role.name, f"its name matches {pattern}"))
        return sorted(found.values())


class PostgreSQL:
    """The adapter."""

    own_principal = False

    def about(self) -> Sequence[str]:
        """The catalog, and who may read it."""
        return (
            "asks     the system catalogs, in one read-only transaction",
            "needs    an auditor's login with CONNECT on the database, in the variable that dsn_env names",
            "tells    everything that a role may do there, and the path by which it is held",
            "cannot   tell which rows a policy lets through",
        )

    def target(self, binding: Binding) -> Target:
        """The connection string of a binding, and what tells it from others.

        Raises:
            Unverified: no variable is named, it is not set, or it holds no connection string.
        """
        name = binding.settings.get("dsn_env")
        if not name:
            raise Unverified(
                f"systems.{binding.system} names no dsn_env: the variable that holds its connection string"
            )
        dsn = os.environ.get(name, "").strip()
        if not dsn:
            raise Unverified(
                f"the variable {name} is not set: it must hold the connection string of an auditor's login"
            )
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise Unverified("PostgreSQL needs psycopg: python -m pip install 'permlint[postgres]'") from None
        try:
            given = conninfo_to_dict(dsn)
        except (psycopg.Error, UnicodeError, ValueError):
            # The library's message quotes a piece of the string.
            raise Unverified(
                f"the variable {name} holds no connection string: neither postgresql://USER@HOST/DATABASE nor host=... dbname=..."
            ) from None
        place = [str(given.get(key) or "") for key in ("service", "host", "hostaddr", "port", "dbname")]
        return Target(("postgresql", *place, "" if place[-1] else str(given.get("user") or "")), f"${name}", dsn)

    def observe(
        self, target: Target, principals: Sequence[str], declared: Sequence[Resource | AuditLog] = ()
    ) -> Observed:
        """Scan the database once for all these roles.

        Raises:
            Unverified: the server cannot be asked.
        """
        from linter.systems.postgresql.scan import scan

        try:
            return Observed(scan(target.access, principals))
        except Unavailable as problem:
            raise Unverified(f"{target.label}: {problem}", rejected=problem.rejected) from None

    def recorded(self, data: Mapping[str, Any]) -> Observed:
        """An earlier scan.

        Raises:
            ValueError: it is none.
        """
        snapshot = data.get("snapshot")
        if not isinstance(snapshot, Mapping):
            raise ValueError("it has no `snapshot`")
        return Observed(from_json(snapshot))

    def compare(
        self, binding: Binding, principal: str, claims: Sequence[Claim], observation: Any, target: Target | None
    ) -> Comparison:
        """Declared against granted, for all agents that share one role.

        Raises:
            Unverified: the scan was made without this role.
        """
        observed: Observed = observation
        role = observed.snapshot.server.login if principal == LOGIN else principal
        try:
            held = observed.effective(role)
        except UnknownRole:
            return Comparison(role, tuple(_no_role(claim, role, observed) for claim in claims))
        except NotScanned:
            raise Unverified(f"what was recorded does not cover the role {quote(role)}") from None
        index = observed.index
        path = tuple(binding.settings.get("search_path") or index.search_path(role))
        schemas = tuple(binding.settings.get("schemas") or ())
        demands = [[demand(one, index, path, schemas) for one in claim.resources] for claim in claims]
        logs = [audit.demand(claim.audit_log, index, path) if claim.audit_log else None for claim in claims]
        agreed = _agreed([*(one for own in demands for one in own), *(one for one in logs if one is not None)])
        statements = exact(index, role)
        parts = []
        for claim, own, log in zip(claims, demands, logs, strict=True):
            side = Side(claim, own, log, agreed, held, index)
            found = tuple(_identified(_exact(_discrepancies(side), statements), index))
            parts.append(Part(claim, role, found, _named(own, index)))
        return Comparison(role, tuple(parts), tuple(_notes(observed, held, target)), lambda: tuple(_table(held)))

    def draft(self, system: str, principal: str, observation: Any) -> Draft:
        """What a first manifest of this role would say.

        Raises:
            Unverified: there is no such role.
        """
        observed: Observed = observation
        role = observed.snapshot.server.login if principal == LOGIN else principal
        try:
            return draft(system, observed.effective(role), observed.index)
        except (UnknownRole, NotScanned):
            nearest = nearest_name(role, observed.index.roles)
            hint = f"; did you mean {nearest}?" if nearest else ""
            raise Unverified(f"there is no role {quote(role)}{hint}") from None


ADAPTER = PostgreSQL()


def _exact(found: Iterable[Discrepancy], statements: Mapping[str, str]) -> Iterator[Discrepancy]:
    """The same, the statements in their fixes made exact: all looked for at once, a role may have hundreds."""
    if not statements:
        yield from found
        return
    inexact = re.compile("|".join(map(re.escape, statements)))
    for one in found:
        fix = inexact.sub(lambda match: statements[match[0]], one.fix)
        yield one if fix == one.fix else one._replace(fix=fix)


def _identified(found: Iterable[Discrepancy], index: Index) -> Iterator[Discrepancy]:
    """The same, each with what its object keeps when it is renamed."""
    for one in found:
        kind, schema, name = (one.details.get(key) for key in ("object_type", "schema", "object"))
        identity = index.identity_in_words(str(kind), str(schema), str(name)) if kind else ""
        yield one._replace(object_id=identity) if identity else one


def _named(demands: Iterable[Demand], index: Index) -> dict[int, str]:
    """What the one object of each resource keeps; of a resource that names none that there is, that it is no other's."""
    found = {}
    for one in demands:
        if not one.schemas and len(one.objects) <= 1:
            found[one.resource.position] = index.object_identity(one.objects[0] if one.objects else None)
    return found


def _agreed(demands: Sequence[Demand]) -> Agreed:
    everything = frozenset(one for demand in demands for one in demand.everything)
    return Agreed(union([one.may for one in demands]), everything, any(one.passes_on for one in demands))


def _discrepancies(side: Side) -> Iterator[Discrepancy]:
    yield from _declared_faults(side)
    yield from powers.powers(side)
    if side.superuser:
        return  # no permission is checked at all: every other finding says less
    yield from audit.faults(side)
    yield from powers.ownership(side)
    yield from excess(side)
    yield from passed_on(side)
    yield from missing(side)
    yield from unusable(side)
    yield from unbound_rows(side)
    yield from kin.around(side)
    yield from becoming.administration(side)
    yield from becoming.reachable(side)
    yield from definers.indirect(side)
    yield from powers.future(side)


def _declared_faults(side: Side) -> Iterator[Discrepancy]:
    """Names that do not exist, and what cannot be compared."""
    for one in side.demands:
        for what, nearest, field in one.unknown:
            route = ("resources", one.resource.position, field)
            yield Discrepancy(
                "unknown-object",
                key=what,
                values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
                details={"object": what, "nearest": nearest, "role": side.role},
                cause=f"nothing in the database is called {what}",
                resource=one.resource,
                place=Place(route),
                verdict=MISSING,
                reason=f"{what} does not exist",
            )
        for problem in one.unchecked:
            yield _unverified(one.resource, problem)


def _unverified(resource: Resource, problem: str) -> Discrepancy:
    return Discrepancy(
        "unverified-resource", key=problem, values={"reason": problem}, resource=resource, verdict=UNVERIFIED, reason=problem
    )  # fmt: skip


def _no_role(claim: Claim, role: str, observed: Observed) -> Part:
    nearest = nearest_name(role, observed.index.roles)
    what = f"role {quote(role)}"
    found = Discrepancy(
        "unknown-object",
        key=what,
        values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
        details={"object": what, "nearest": nearest, "role": role},
        cause=f"there is no {what}",
        verdict=MISSING,
        touches=claim.resources,
        reason=f"{what} does not exist",
    )
    return Part(claim, role, (found,))


def _notes(observed: Observed, held: Effective, target: Target | None) -> Iterator[str]:
    database = observed.snapshot.server.database
    counted: dict[str, int] = {}
    for one in held.held:
        if ordinary(one):
            name = f"{one.privilege} on {one.object.type}s"
            counted[name] = counted.get(name, 0) + 1
    if counted:
        counts = ", ".join(f"{name} ({number})" for name, number in sorted(counted.items()))
        yield f"{held.role} in {database}: through the server's own defaults, as every role: {counts}"
    if held.elsewhere:
        yield f"{held.role} can also connect to databases that were not scanned: {', '.join(held.elsewhere)}"
    yield from (f"{held.role} in {database}: {note}" for note in held.notes)
    if target is not None:
        from linter.systems.postgresql.selfcheck import disagreements

        try:
            wrong = disagreements(target.access, observed.snapshot, held)
        except Unavailable as problem:
            yield f"{held.role} in {database}: the self-check could not be made: {problem}"
            return
        yield from (f"{SELF_CHECK}: {held.role} in {database}: {one}" for one in wrong)
        if not wrong:
            yield f"{held.role} in {database}: the self-check agrees with the server's own has_*_privilege"


SELF_CHECK = "self-check failed, which is permlint's own bug"


def _table(held: Effective) -> Iterator[tuple[str, ...]]:
    yield ("privilege", "bound", "via")
    for power in held.powers:
        yield (power.kind.value.upper(), power.confers, " -> ".join(power.path))
    for one in held.owned:
        yield (f"OWNERSHIP on {one.object.type} {one.object.sql}", "sure", " -> ".join(one.path))
    for right in held.held:
        if not ordinary(right):
            yield (describe(right.privilege, right.object, right.columns), right.bound, right.via)
