"""Every provider of keys as the comparison sees it: one adapter, given a provider."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from linter.manifest.model import Resource
from linter.skeleton import Draft, Entry
from linter.systems.http import Exchange, Transport
from linter.systems.keys.compare import demand, discrepancies
from linter.systems.keys.provider import Holding, Provider
from linter.systems.keys.settings import secret_of
from linter.systems.keys.side import Side
from linter.systems.keys.vocabulary import level
from linter.systems.live import AuditLog, Binding, Claim, Comparison, Part, Stranger, Target, Unverified
from linter.systems.places import Where
from linter.systems.secret import Secret

LOGIN = "@login"


class Asked(Target):
    """Where a key is used. The secret and the binding ride along and are never shown."""

    secret: Secret | None
    binding: Binding


class Observed:
    """What a provider said of a key, live or recorded."""

    def __init__(self, data: Mapping[str, Any], exchanges: Iterable[Exchange] = (), place: Where | None = None) -> None:
        self.data = data
        self.exchanges = tuple(exchanges)
        self._place = place or {}

    def to_json(self) -> dict[str, Any]:
        """As `--record` writes it: of each answer only what is read."""
        return dict(self.data)

    def told_by(self) -> str:
        """Nothing: whose the key is, the comparison says."""
        return ""

    def place(self) -> Where:
        """The host that configuration names, and the account, where the answer names one."""
        return self._place

    def told_at(self) -> str:
        """Nothing: a key's answer has no time."""
        return ""

    def strangers(self, patterns: Mapping[str, Sequence[str]]) -> list[Stranger]:
        """None: a key knows of no other."""
        return []

    def exists(self, principal: str) -> bool:
        """Whether the key is this principal's. Nobody can tell of another's."""
        return False

    def everybody(self) -> bool:
        """A key knows itself alone."""
        return False

    def name_of(self, principal: str) -> str:
        """The same: there is one name alone."""
        return principal

    def identity_of(self, principal: str) -> str:
        """None: a key is its own principal."""
        return ""

    def bearer(self, identity: str) -> str | None:
        """Nobody can tell."""
        return None


class Keys:
    """The adapter of one provider."""

    own_principal = True

    def __init__(self, provider: Provider, transport: Transport | None = None) -> None:
        self.provider = provider
        self._transport = transport or Transport()

    def about(self) -> Sequence[str]:
        """The calls, and what the provider says of itself."""
        provider = self.provider
        where = provider.host or "the configured host"
        calls = ", ".join(f"{call.method} {where}{call.path}" for call in provider.calls)
        said = provider.about
        return (
            f"asks     {calls or 'nothing: a key is told by its own text'}",
            f"needs    {said.right}; the variable that {provider.variable} names holds it",
            f"tells    {said.knows}",
            f"cannot   tell {said.cannot}",
        )

    def target(self, binding: Binding) -> Target:
        """The key of a binding, and what tells it from others.

        Raises:
            Unverified: no variable is named, it is not set, or it holds no key; or the host is none.
        """
        provider = self.provider
        origin = f"{provider.origin(binding)}{provider.allowed(binding)[0].path}" if provider.calls else ""
        if provider.keyless and provider.variable not in binding.settings:
            return _target((provider.kind, origin), origin, None, binding)
        secret = secret_of(binding, provider.variable)
        fingerprint = sha256(secret.reveal().encode()).hexdigest()
        label = f"${binding.settings[provider.variable]}"
        return _target((provider.kind, origin, fingerprint), label, secret, binding)

    def observe(
        self, target: Target, principals: Sequence[str], declared: Sequence[Resource | AuditLog] = ()
    ) -> Observed:
        """Ask the provider what the key can do.

        Raises:
            Unverified: it does not say.
        """
        assert isinstance(target, Asked)
        provider, binding, secret = self.provider, target.binding, target.secret
        if secret is not None and not provider.calls:
            return Observed(provider.look(secret))
        session = self._transport.session(
            provider.title, provider.origin(binding), provider.allowed(binding), provider.limits(binding)
        )
        data = provider.ask(session, secret, binding)
        self._holding(data, binding)  # a refusal is told as one, and not recorded
        host = {} if provider.host else {"host": provider.origin(binding).host}
        return Observed(data, session.exchanges, {**host, **provider.place(data)})

    def recorded(self, data: Mapping[str, Any]) -> Observed:
        """What an earlier run recorded.

        Raises:
            ValueError: it is no such recording.
        """
        known = self.provider.recorded(data)
        return Observed(known, place=self.provider.place(known))

    def compare(
        self, binding: Binding, principal: str, claims: Sequence[Claim], observation: Any, target: Target | None
    ) -> Comparison:
        """Declared against granted, for all agents that share one key.

        Raises:
            Unverified: the answer does not say what the key can do.
        """
        observed: Observed = observation
        provider = self.provider
        vocabulary = provider.vocabulary(binding)
        holding = self._holding(observed.data, binding)
        demands = [tuple(demand(one, provider, holding, vocabulary) for one in claim.resources) for claim in claims]
        agreed = tuple(one for own in demands for one in own)
        parts = []
        for claim, own in zip(claims, demands, strict=True):
            who = _who(principal, claim, holding, binding, provider)
            side = Side(claim, own, agreed, holding, vocabulary, provider)
            parts.append(Part(claim, who, tuple(discrepancies(side))))
        name = parts[0].principal if parts else principal
        notes = [f"{name}: {note}" for note in holding.notes]
        return Comparison(name, tuple(parts), tuple(notes), lambda: tuple(_table(holding, observed.exchanges)))

    def _holding(self, data: Mapping[str, Any], binding: Binding) -> Holding:
        try:
            return self.provider.holding(data, self.provider.vocabulary(binding))
        except (ValueError, TypeError, AttributeError):
            title = self.provider.title
            raise Unverified(f"what {title} answers for {binding.system} is not what it documents") from None

    def draft(self, system: str, principal: str, observation: Any) -> Draft:
        """Every scope by its own name: that, and nothing else, is what the key may do.

        Raises:
            Unverified: the answer does not say what that is.
        """
        held = self._holding(observation.data, Binding(system, "", self.provider.kind, {}))
        if held.unscoped:
            raise Unverified(held.unscoped)
        scopes = [one for one in held.scopes if not one.free]
        grave = {one.name: level(one.possible) if one.known else "unknown" for one in scopes}
        plain = tuple(name for name, how in grave.items() if how in ("read", "write"))
        decide = tuple(f"{name} ({how})" for name, how in grave.items() if name not in plain)
        entries = (Entry(system, "", plain),) if plain else ()
        return Draft(entries, decide, (system, "" if principal == LOGIN else principal))


def _target(key: tuple[str, ...], label: str, secret: Secret | None, binding: Binding) -> Asked:
    found = Asked(key, label)
    found.secret, found.binding = secret, binding
    return found


def _who(principal: str, claim: Claim, holding: Holding, binding: Binding, provider: Provider) -> str:
    """The key's name: as the provider calls it where somebody said who it should be, else its variable's."""
    expected = claim.identity if principal == LOGIN else principal
    if expected is not None:
        return expected if not holding.names or expected in holding.names else holding.names[0]
    variable = binding.settings.get(provider.variable)
    return f"${variable}" if variable else f"the key of {binding.system}"


def _table(holding: Holding, exchanges: Iterable[Exchange]) -> Iterable[tuple[str, ...]]:
    yield ("scope", "level", "bound")
    for one in holding.scopes:
        bound = "unknown" if not one.known else "sure" if one.sure == one.possible else "possible"
        yield (one.name, level(one.possible) if one.known else "unknown", bound)
    for exchange in exchanges:
        yield (exchange.what, exchange.outcome, f"{exchange.seconds:.2f} s")
