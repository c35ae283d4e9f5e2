"""AWS as the comparison sees it: an auditor's login by its variables' names, one account, declared against granted."""

import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from linter.skeleton import Draft
from linter.systems.aws.account import Account, Found
from linter.systems.aws.ask import CALLS, Login, ask, auditor_policy
from linter.systems.aws.audit import audit_demand, faults
from linter.systems.aws.compare import Side, discrepancies
from linter.systems.aws.declared import Demand, demand
from linter.systems.aws.evaluate import Evaluation
from linter.systems.aws.excess import Granted, resources, shortened
from linter.systems.aws.table import table
from linter.systems.live import MISSING, Binding, Claim, Comparison, Discrepancy, Part, Stranger, Target, Unverified
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

    def name_of(self, principal: str) -> str:
        """The ARN of a user or role."""
        try:
            found = self.account.find(principal)
        except (LookupError, Unverified):
            return principal
        return str(found.entry.get("Arn", found.principal.arn))

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """The users and roles that configuration's patterns call agents'."""
        return self.account.strangers(patterns)


class AWS:
    """The adapter."""

    own_principal = True

    def __init__(self, endpoint: str | None = None) -> None:
        """Take the endpoint of a server that plays AWS; for tests alone."""
        self._endpoint = endpoint

    def about(self) -> Sequence[str]:
        """The calls, the auditor's policy, and what no policy says."""
        return (
            f"asks     {', '.join(CALLS)}",
            "needs    an auditor's login (access_key_id_env and secret_access_key_env, or profile), never the agent's, with:",
            *(f"         {line}" for line in auditor_policy().splitlines()),
            "tells    what a user, a role or the user of a key id may do: policies, groups, boundary, service control policies",
            "cannot   see session policies, resource control policies, grants of KMS keys, access control lists, other accounts;",
            "         and policies of resources only where a recording has them",
        )

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

    def observe(self, target: Target, principals: Sequence[str]) -> Observed:
        """Read the account once.

        Raises:
            Unverified: AWS cannot be asked.
        """
        assert isinstance(target, Asked)
        try:
            return Observed(ask(target.login, principals, self._endpoint), live=True)
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
            return Comparison(name, tuple(_nobody(claim, name) for claim in claims))
        evaluation = observed.evaluation(found)
        partition = found.principal.partition
        demands = [_demands(claim, partition) for claim in claims]
        logs = [audit_demand(claim.audit_log, partition) if claim.audit_log else None for claim in claims]
        agreed = (*(one for own in demands for one in own), *(one for one in logs if one is not None))
        granted = Granted(evaluation, agreed)
        parts = []
        for claim, own, log in zip(claims, demands, logs, strict=True):
            found_here = list(discrepancies(Side(claim, own, agreed, granted, name)))
            if claim.audit_log is not None and log is not None:
                found_here += faults(claim.audit_log, log, granted, name)
            parts.append(Part(claim, name, tuple(found_here)))
        return Comparison(name, tuple(parts), tuple(_notes(name, evaluation)), lambda: tuple(_table(granted)))

    def draft(self, system: str, principal: str, observation: Any) -> Draft:
        """Not for AWS: a policy of wildcards is no proposal.

        Raises:
            Unverified: always.
        """
        raise Unverified("a first manifest is not written from AWS: see what is granted with `permlint drift -v`")


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


def _demands(claim: Claim, partition: str) -> tuple[Demand, ...]:
    """What the resources declare."""
    return tuple(demand(one, table(), partition) for one in claim.resources)


def _nobody(claim: Claim, name: str) -> Part:
    what = f"the user or role {name}"
    found = Discrepancy(
        "unknown-object",
        key=what,
        values={"what": what, "hint": ""},
        details={"object": what, "nearest": "", "role": name},
        cause=f"the account has no {name}",
        verdict=MISSING,
        touches=claim.resources,
        reason=f"{what} does not exist",
    )
    return Part(claim, name, (found,))


def _notes(name: str, evaluation: Evaluation) -> Iterator[str]:
    given = evaluation.situation
    if given.scps is None:
        yield f"{name}: service control policies could not be read: what is said to be granted is an upper bound"
    if not given.session_known:
        yield f"{name}: a session policy cannot be seen: what is said to be granted is an upper bound"
    if not given.resource_policies:
        yield f"{name}: no policy of a resource is known: what buckets, queues and keys allow by themselves is not compared"


def _table(granted: Granted) -> Iterator[tuple[str, ...]]:
    yield ("actions", "resources", "bound", "via")
    for ruling in granted.rulings[:_ROWS]:
        actions = shortened(granted, ruling.bits)
        shown = ", ".join(actions[:6]) + (f", and {len(actions) - 6} more" if len(actions) > 6 else "")
        for bound, where in (
            ("sure", ruling.sure),
            ("possible", ruling.possible if ruling.possible != ruling.sure else ()),
        ):
            if where:
                yield (shown, ", ".join(resources(where)[:6]), bound, ", ".join(ruling.via))
