"""What every kind of system that can be compared live has in common: the adapter's interface, and the nouns it speaks in.

An adapter turns an agent's declared resources and what its principal really holds into discrepancies: facts, without
severity or wording. The rules of `rules/drift/` give them both. A new kind needs a module here and its name in `_ADAPTERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from linter.checks import Place
from linter.systems.places import NOWHERE, Where

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.manifest.model import Resource
    from linter.skeleton import Draft

EXCESS, MISSING, CONDITIONAL, UNVERIFIED, OK = "excess", "missing", "conditional", "unverified", "ok"
GRAVITY = (EXCESS, MISSING, CONDITIONAL, UNVERIFIED, OK)
"""Verdicts, the gravest first."""


class Unverified(Exception):
    """Why a system could not be asked: one sentence, which never holds a secret."""

    def __init__(self, problem: str, *, rejected: bool = False) -> None:
        super().__init__(problem)
        self.rejected = rejected
        """Whether the system answered and refused the credential itself: nothing but a person with a new one ends that."""


class Failure(NamedTuple):
    """An `Unverified` as a value, without the frames that an exception holds."""

    problem: str
    rejected: bool = False

    @classmethod
    def of(cls, error: Unverified) -> "Failure":
        """What was raised."""
        return cls(str(error), error.rejected)


class Binding(NamedTuple):
    """What configuration says of a system in one environment."""

    system: str
    environment: str
    kind: str
    settings: Mapping[str, Any]
    """The kind's own keys, the environment's overlay applied."""


class Target(NamedTuple):
    """Where a binding leads, known without connecting."""

    key: tuple[str, ...]
    """Server or account, and database: equal for bindings that mean the same place."""
    label: str
    """How output names it; without a secret."""
    access: str = ""
    """What an adapter connects with. A secret: it is never shown."""


class Claim(NamedTuple):
    """What one agent declares on a plane."""

    subject: "Subject"
    environment: str
    system: str
    """The first of the names by which the manifest calls it."""
    resources: "tuple[Resource, ...]"
    identity: str | None
    """The principal that the manifest says."""
    audit_log: "AuditLog | None"

    @property
    def named(self) -> "tuple[Resource | AuditLog, ...]":
        """Everything that it speaks of."""
        return self.resources if self.audit_log is None else (*self.resources, self.audit_log)


class AuditLog(NamedTuple):
    """The place that the rollback strategy names for records of writes, where it belongs to this system."""

    name: str
    """As written."""
    object: tuple[str, ...]
    """Segments after the system."""
    place: Place


class Discrepancy(NamedTuple):
    """One fact that a rule may speak of."""

    fact: str
    """Its name: the `of` of the rule that gives it words and severity."""
    key: str
    """What tells it from others of the same fact, agent, environment and resource."""
    values: Mapping[str, str] = {}
    cases: tuple[str, ...] = ()
    details: Mapping[str, Any] = {}
    fix: str = ""
    """The statements that end it; never run."""
    cause: str = ""
    """The grant, membership or attribute that brings it, in words: the text report groups by it."""
    resource: "Resource | None" = None
    place: Place | None = None
    """By default the resource, else the manifest."""
    verdict: str = ""
    """What it makes of the resources that it touches."""
    touches: "tuple[Resource, ...] | None" = None
    """By default its own resource, if it has one."""
    reason: str = ""
    """One clause for the verdict."""
    object_id: str = ""
    """What the one object that it is about keeps when it is renamed (linter.systems.lasting); empty where there is nothing such."""
    judged_at: Where = NOWHERE
    """Another place, whose own comparison of the same principal says this or knows that it was agreed, where there is one."""


class Part(NamedTuple):
    """One agent's share of a comparison."""

    claim: Claim
    principal: str
    discrepancies: tuple[Discrepancy, ...]
    objects: Mapping[int, str] = {}
    """Position of a resource that names one object -> what that keeps when it is renamed."""


class Stranger(NamedTuple):
    """A principal that configuration's patterns call an agent's."""

    name: str
    why: str
    """Which pattern says so, as a clause."""


Table = Callable[[], tuple[tuple[str, ...], ...]]


class Comparison(NamedTuple):
    """What comparing one plane says."""

    principal: str
    """As the system calls it, where configuration said "the credential's own"."""
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know and no rule judges, a sentence each."""
    effective: Table = tuple
    """Everything that is granted, a row each, the headings first; worked out only when somebody asks to see it."""
    place: Where = NOWHERE
    """Where the system answered, as the observation has it."""


class Observation(Protocol):
    """What a system said; the adapter that made it knows more."""

    def to_json(self) -> dict[str, Any]:
        """As `--record` writes it: without a secret."""

    def told_by(self) -> str:
        """Which account or database answered, and to whom, in words; empty where it does not say."""

    def place(self) -> Where:
        """Which account or database answered, to be compared with where another run was answered."""

    def told_at(self) -> str:
        """When, by the system's own clock: ISO 8601, UTC; empty where it does not say."""

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """The principals that configuration's `principals` match."""

    def exists(self, principal: str) -> bool:
        """Whether there is such a principal."""

    def everybody(self) -> bool:
        """Whether it knows every principal, so that one that it has not is not there."""

    def name_of(self, principal: str) -> str:
        """A principal as `strangers` calls it, however it is named."""

    def identity_of(self, principal: str) -> str:
        """What stays a principal's when it is renamed (`linter.systems.lasting`); empty where it has nothing such, or is not there."""

    def bearer(self, identity: str) -> str | None:
        """Who has such an identity now, as `strangers` calls it; empty for nobody, None where that cannot be told."""


class Adapter(Protocol):
    """A kind of system that can be compared."""

    own_principal: bool
    """Whether a credential is its own principal, so that nobody has to name one."""

    def about(self) -> Sequence[str]:
        """What is asked, which right that needs, what it tells and what it cannot: a line each."""

    def target(self, binding: Binding) -> Target:
        """Where a binding leads.

        Raises:
            Unverified: a variable is unset, or what it holds is malformed.
        """

    def observe(
        self, target: Target, principals: Sequence[str], declared: "Sequence[Resource | AuditLog]" = ()
    ) -> Observation:
        """Ask the system, for all principals at once.

        Args:
            declared: what manifests name there, for what has to be asked of a resource by itself.

        Raises:
            Unverified: it cannot be reached, or does not answer, or the extra that talks to it is not installed.
        """

    def recorded(self, data: Mapping[str, Any]) -> Observation:
        """What an earlier run recorded.

        Raises:
            ValueError: it is no such recording; a sentence.
        """

    def compare(
        self, binding: Binding, principal: str, claims: Sequence[Claim], observation: Any, target: Target | None
    ) -> Comparison:
        """Declared against granted.

        Args:
            target: to ask the system again for a self-check; None for none.

        Raises:
            Unverified: the observation does not cover this principal.
        """

    def draft(self, system: str, principal: str, observation: Any) -> "Draft":
        """What a first manifest of this principal would say.

        Raises:
            Unverified: there is no such principal.
        """


_ADAPTERS = {
    "postgresql": ("linter.systems.postgresql.adapter", "ADAPTER"),
    "aws": ("linter.systems.aws.adapter", "ADAPTER"),
    **{
        kind: (f"linter.systems.keys.{kind}", "ADAPTER")
        for kind in ("slack", "github", "gitlab", "zendesk", "oauth2", "jwt", "mcp")
    },
    **{
        kind: ("linter.systems.keys.opaque", kind.upper())
        for kind in ("stripe", "openai", "anthropic", "notion", "slack_webhook", "zendesk_token")
    },
}
"""Kind -> the module and the name of its adapter."""
KINDS = tuple(_ADAPTERS)
"""Every kind of system that can be compared."""


def adapter_of(kind: str) -> Adapter | None:
    """The adapter of a kind; None where permlint cannot compare it."""
    found = _ADAPTERS.get(kind)
    if found is None:
        return None
    module, name = found
    adapter: Adapter = getattr(import_module(module), name)
    return adapter
