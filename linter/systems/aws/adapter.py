"""AWS as the comparison sees it: an auditor's login by its variables' names, one account, declared against granted."""

import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from linter.manifest.model import Resource
from linter.skeleton import Draft
from linter.systems.aws.about import about
from linter.systems.aws.account import Account, Found
from linter.systems.aws.ask import TOTAL, Login, ask
from linter.systems.aws.audit import audit_demand, faults
from linter.systems.aws.compare import Side, discrepancies
from linter.systems.aws.declared import Demand, demand
from linter.systems.aws.draft import draft
from linter.systems.aws.evaluate import Evaluation
from linter.systems.aws.excess import Granted, resources, shortened
from linter.systems.aws.holders import Holder, Home, holder
from linter.systems.aws.principals import Kind
from linter.systems.aws.table import table
from linter.systems.live import (
    MISSING,
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
from linter.systems.secret import BadSecret, Secret

LOGIN = "@login"
_ROWS = 400
"""Rows of the table of all that is granted."""


class Asked(Target):
    """Where an auditor looks. The login rides along and is never shown."""

    login: Login


class Observed:
    """One account, live or recorded."""

    def __init__(self, data: Mapping[str, Any], *, live: bool) -> None:
        self.data = data
        self.account = Account(data)
        self.live = live
        self._evaluated: dict[str, Evaluation] = {}

    def evaluation(self, found: Found) -> Evaluation:
        """What a principal can do, worked out once."""
        arn = found.principal.arn
        if arn not in self._evaluated:
            self._evaluated[arn] = Evaluation(self.account.situation(found))
        return self._evaluated[arn]

    def to_json(self) -> dict[str, Any]:
        """As `--record` writes it: policies and names, and no credential."""
        return dict(self.data)

    def told_by(self) -> str:
        """The account, by the ARN of the caller or of the first principal in it."""
        arns = (self.account.caller, *(str(one.get("Arn")) for listed in self.account.dump.values() for one in listed))
        found = (arn.split(":")[4] for arn in arns if arn.startswith("arn:") and arn.count(":") > 4)
        return next((f"account {number}" for number in found if number.isdigit()), "")

    def place(self) -> Where:
        """The account."""
        _, _, number = self.told_by().rpartition(" ")
        return {"account": number} if number else {}

    def told_at(self) -> str:
        """Nothing: policies have no time."""
        return ""

    def exists(self, principal: str) -> bool:
        """Whether there is such a user or role."""
        try:
            self.account.find(principal)
        except (LookupError, Unverified):
            return False
        return True

    def everybody(self) -> bool:
        """Whether the whole account was read, and not what one caller has."""
        return self.account.whole

    def name_of(self, principal: str) -> str:
        """The ARN of a user or role."""
        try:
            found = self.account.find(principal)
        except (LookupError, Unverified):
            return principal
        return str(found.entry.get("Arn", found.principal.arn))

    def identity_of(self, principal: str) -> str:
        """The user's or role's unique id."""
        try:
            entry = self.account.find(principal).entry
        except (LookupError, Unverified):
            return ""
        return str(entry.get("UserId") or entry.get("RoleId") or "")

    def bearer(self, identity: str) -> str | None:
        """The user or role of that id; nobody can tell where the account was not read, or does not give each of them one."""
        found = self.account.identities() if identity else None
        return None if found is None else found.get(identity, "")

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """The users and roles that configuration's patterns call agents'."""
        return self.account.strangers(patterns)


class AWS:
    """The adapter."""

    own_principal = True

    def __init__(self, endpoint: str | None = None, total: float = TOTAL) -> None:
        """Take the endpoint of a server that plays AWS, and the seconds that it may take; for tests alone."""
        self._endpoint = endpoint
        self._total = total

    def about(self) -> Sequence[str]:
        """The calls, the auditor's policy, and what no policy says."""
        return about()

    def target(self, binding: Binding) -> Target:
        """The login of a binding, and what tells it from others.

        Raises:
            Unverified: no variable and no profile is named, or a variable is not set.
        """
        settings = binding.settings
        profile = settings.get("profile")
        if profile:
            return _asked(("aws", "profile", profile), f"profile {profile}", Login(profile=profile))
        if not settings.get("access_key_id_env"):
            raise Unverified(
                f"systems.{binding.system} names no access_key_id_env and no profile: the login of an auditor, not the agent's"
            )
        values = {key: _variable(binding, key) for key in ("access_key_id_env", "secret_access_key_env")}
        token = _variable(binding, "session_token_env") if settings.get("session_token_env") else ""
        login = Login(
            "", values["access_key_id_env"], values["secret_access_key_env"], token, settings.get("region", "")
        )
        label = f"${settings['access_key_id_env']}"
        return _asked(("aws", "key", sha256(login.key.encode()).hexdigest()), label, login)

    def observe(
        self, target: Target, principals: Sequence[str], declared: Sequence[Resource | AuditLog] = ()
    ) -> Observed:
        """Read the account once, and the policies of the resources that are declared.

        Raises:
            Unverified: AWS cannot be asked.
        """
        assert isinstance(target, Asked)

        def named(home: Home) -> Iterator[Holder]:
            for one in declared:
                wanted = _demand(one, home.partition)
                found = holder(wanted.service, wanted.where, home)
                if found is not None:
                    yield found

        try:
            return Observed(ask(target.login, principals, self._endpoint, named=named, total=self._total), live=True)
        except ValueError as problem:
            raise Unverified(f"{target.label}: {problem}") from None

    def recorded(self, data: Mapping[str, Any]) -> Observed:
        """An account or a caller as it was recorded.

        Raises:
            ValueError: it is none.
        """
        return Observed(
            {key: one for key, one in data.items() if key not in ("kind", "environment", "agent")}, live=False
        )

    def compare(
        self, binding: Binding, principal: str, claims: Sequence[Claim], observation: Any, target: Target | None
    ) -> Comparison:
        """Declared against granted, for all agents that share one principal.

        Raises:
            Unverified: the account does not say who the principal is, or one of its policies cannot be read.
        """
        observed: Observed = observation
        name = _named(principal, observed, binding)
        try:
            found = observed.account.find(name)
        except LookupError:
            return Comparison(name, tuple(_nobody(claim, name, observed.account.nearest(name)) for claim in claims))
        evaluation = observed.evaluation(found)
        partition = found.principal.partition
        demands = [_demands(claim, partition) for claim in claims]
        logs = [audit_demand(claim.audit_log, partition) if claim.audit_log else None for claim in claims]
        agreed = (*(one for own in demands for one in own), *(one for one in logs if one is not None))
        granted = Granted(evaluation, agreed)
        parts = []
        for claim, own, log in zip(claims, demands, logs, strict=True):
            found_here = list(discrepancies(Side(claim, own, agreed, granted, name, observed.account)))
            if claim.audit_log is not None and log is not None:
                found_here += faults(claim.audit_log, log, granted, name, observed.account)
            parts.append(Part(claim, name, tuple(found_here)))
        notes = tuple(_notes(name, observed.account, evaluation))
        return Comparison(name, tuple(parts), notes, lambda: tuple(_table(granted, observed)))

    def draft(self, system: str, principal: str, observation: Any) -> Draft:
        """What a first manifest of this user or role would say.

        Raises:
            Unverified: nobody is named, or there is no such user or role, or one of its policies cannot be read.
        """
        observed: Observed = observation
        if principal == LOGIN:
            raise Unverified(
                "nothing says whose grants are meant: --role names a user or role (its ARN or its name) or the id of a user's key; "
                "the login that asks is an auditor's"
            )
        account = observed.account
        try:
            found = account.find(principal)
            if found.principal.kind is Kind.SESSION and found.entry:
                found = account.find(str(found.entry["Arn"]))  # a session is its role's, for as long as it lasts
        except LookupError:
            raise Unverified(f"the account has no user or role {principal}") from None
        who = found.principal
        return draft(system, account.situation(found), Home(who.partition, who.account, account.region))


ADAPTER = AWS()


def _asked(key: tuple[str, ...], label: str, login: Login) -> Asked:
    found = Asked(key, label)
    found.login = login
    return found


def _variable(binding: Binding, key: str) -> str:
    name = binding.settings.get(key)
    if not name:
        raise Unverified(f"systems.{binding.system} names no {key}")
    given = os.environ.get(name)
    if given is None or not given.strip():
        raise Unverified(f"the variable {name} is not set: it must hold the login of an auditor of {binding.system}")
    try:
        return Secret(given).reveal()
    except BadSecret as problem:
        raise Unverified(f"the variable {name} {problem}") from None


def _named(principal: str, observed: Observed, binding: Binding) -> str:
    """Who is compared; a recording of one caller says it itself."""
    if principal != LOGIN:
        return principal
    if not observed.live and observed.account.caller:
        return observed.account.caller
    raise Unverified(
        f"nothing says which user or role the agent is in `{binding.system}`: name it in `identities`; "
        "the login that asks is an auditor's"
    )


def _demand(one: Resource | AuditLog, partition: str) -> Demand:
    """What a name of a manifest's stands for."""
    if isinstance(one, AuditLog):
        return audit_demand(one, partition)
    return demand(one, table(), partition)


def _demands(claim: Claim, partition: str) -> tuple[Demand, ...]:
    """What the resources declare."""
    return tuple(demand(one, table(), partition) for one in claim.resources)


def _nobody(claim: Claim, name: str, nearest: str) -> Part:
    what = f"the user or role {name}"
    found = Discrepancy(
        "unknown-object",
        key=what,
        values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
        details={"object": what, "nearest": nearest, "role": name},
        cause=f"the account has no {name}",
        verdict=MISSING,
        touches=claim.resources,
        reason=f"{what} does not exist",
    )
    return Part(claim, name, (found,))


def _notes(name: str, account: Account, evaluation: Evaluation) -> Iterator[str]:
    given = evaluation.situation
    if given.scps is None:
        yield f"{name}: service control policies could not be read: what is said to be granted is an upper bound"
    if not given.session_known:
        yield f"{name}: a session policy cannot be seen: what is said to be granted is an upper bound"
    if account.rcps is None:
        yield f"{name}: resource control policies could not be read: they may deny what is said to be granted"
    if account.whole:
        yield (
            f"{name}: the policies of resources that no manifest names, access control lists of buckets and objects, and grants of "
            "keys were not read; they may allow it more"
        )


def _table(granted: Granted, observed: Observed) -> Iterator[tuple[str, ...]]:
    yield ("actions", "resources", "bound", "via")
    for call, times in (observed.data.get("requests") or {}).items() if observed.live else ():
        yield (call, f"asked {len(times)} time{'' if len(times) == 1 else 's'}", f"{sum(times):.2f} s", "")
    for ruling in granted.rulings[:_ROWS]:
        actions = shortened(granted, ruling.bits)
        shown = ", ".join(actions[:6]) + (f", and {len(actions) - 6} more" if len(actions) > 6 else "")
        for bound, where in (
            ("sure", ruling.sure),
            ("possible", ruling.possible if ruling.possible != ruling.sure else ()),
        ):
            if where:
                yield (shown, ", ".join(resources(where)[:6]), bound, ", ".join(ruling.via))
