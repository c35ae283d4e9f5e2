"""Principals without a manifest: those that configuration's patterns call agents', and those of agents whose manifest is gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from linter.drift.planes import LOGIN, bind, bound_at, intents
from linter.findings import Finding, Location, Source
from linter.systems.live import Adapter, Binding, Failure, Observation, Target, Unverified, adapter_of

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.config import Config
    from linter.engine import Engine


class Watch(NamedTuple):
    """One system in one environment whose principals are to be looked through."""

    binding: Binding
    adapter: Adapter
    target: Target
    orphans: tuple[tuple[str, str], ...]
    """(agent without a manifest, its principal), as configuration has them."""

    @property
    def source(self) -> Source:
        """Where its findings come from."""
        return Source("", self.binding.environment, self.binding.system)


def watched(
    config: "Config",
    subjects: "Sequence[Subject]",
    environments: Iterable[str],
    systems: Iterable[str],
    target_of: Callable[[Adapter, Binding, str], Target],
) -> tuple[list[Watch], list[tuple[Source, Failure]]]:
    """The systems to look through, and those that should be and cannot."""
    agents = {subject.manifest.agent for subject in subjects}
    found: list[Watch] = []
    lost: list[tuple[Source, Failure]] = []
    for system, entry in config.systems.items():
        adapter = adapter_of(entry["kind"])
        if adapter is None or (systems and system not in systems):
            continue
        for environment in entry.get("environments") or ("",):
            if environments and environment and environment not in environments:
                continue
            gone = tuple(_orphans(config, agents, system, environment))
            if not gone and not entry.get("principals"):
                continue
            try:
                binding = bind(config, system, environment)
                found.append(Watch(binding, adapter, target_of(adapter, binding, ""), gone))
            except Unverified as problem:
                lost.append((Source("", environment, system), Failure.of(problem)))
    return found, lost


def _orphans(config: "Config", agents: set[str], system: str, environment: str) -> Iterator[tuple[str, str]]:
    for agent, entry in config.agents.items():
        given = entry.get("identities", {}).get(system)
        if agent in agents or given is None:
            continue
        by_name = {"": given} if isinstance(given, str) else given
        for name, principal in by_name.items():
            if principal != LOGIN and (not name or not environment or name == environment):
                yield agent, principal


class Agreed:
    """Whom manifests speak for, and where: all manifests in all their environments, whatever a run was asked to compare."""

    def __init__(
        self,
        config: "Config",
        subjects: "Iterable[Subject]",
        target_of: Callable[[Adapter, Binding, str], Target],
    ) -> None:
        self._at: dict[tuple[str, str], set[str]] = {}
        self._behind: dict[tuple[str, ...], set[str]] = {}
        """The system, and the target's key."""
        for subject in subjects:
            for one in intents(config, subject):
                if one.binding is None or one.principal is None:
                    continue
                system, adapter = one.binding.system, adapter_of(one.binding.kind)
                self._at.setdefault(bound_at(config, system, one.environment), set()).add(one.principal)
                if adapter is not None:
                    with suppress(Unverified):
                        key = target_of(adapter, one.binding, subject.manifest.agent).key
                        self._behind.setdefault((system, *key), set()).add(one.principal)

    def known(self, place: tuple[str, str], key: tuple[str, ...], answer: Observation) -> set[str]:
        """The principals of a system in an environment, and of other environments whose binding leads to the same target.

        One of the same name elsewhere is another: a manifest for staging agrees to nothing in production.
        """
        named = self._at.get(place, set()) | self._behind.get((place[0], *key), set())
        return named | {answer.name_of(one) for one in named}


def strangers(
    engine: "Engine",
    watches: Sequence[Watch],
    answers: Mapping[tuple[str, ...], Observation | Failure],
    agreed: Agreed,
) -> Iterator[Finding]:
    """What is to be said of principals without a manifest, at the place in the configuration that tells of them."""
    config = engine.around.config
    said: set[tuple[tuple[str, ...], str]] = set()
    for watch in watches:
        answer = answers[watch.target.key]
        if isinstance(answer, Failure):
            continue
        binding = watch.binding
        production = () if not binding.environment or not config.production(binding.environment) else ("production",)
        known = agreed.known(bound_at(config, binding.system, binding.environment), watch.target.key, answer)
        where = f"{binding.system} ({binding.environment})" if binding.environment else binding.system
        for agent, principal in watch.orphans:
            if principal not in known and answer.exists(principal) and (watch.target.key, principal) not in said:
                said.add((watch.target.key, principal))
                values = {"agent": agent, "principal": principal, "system": binding.system}
                place = _location(engine, "agents", agent, "identities", binding.system)
                key = f"{binding.system}:{binding.environment}:{principal}"
                said_of = engine.say("drift/orphaned-principal", values, place, agent, key, production)
                yield from (found._replace(source=watch.source) for found in said_of)
        for one in answer.strangers(binding.settings.get("principals") or {}):
            if one.name not in known and (watch.target.key, one.name) not in said:
                said.add((watch.target.key, one.name))
                values = {"principal": one.name, "where": where, "system": binding.system, "why": one.why}
                place = _location(engine, "systems", binding.system, "principals")
                key = f"{binding.system}:{binding.environment}:{one.name}"
                said_of = engine.say("drift/unmanaged-principal", values, place, "", key, production)
                yield from (found._replace(source=watch.source) for found in said_of)


def _location(engine: "Engine", *keys: str) -> Location:
    fault = engine.around.config.fault("", *keys)
    line = engine.around.config.text.splitlines()[fault.line - 1] if engine.around.config.text else ""
    return Location(fault.path, fault.line, 1, fault.line, max(2, len(line) + 1), line)
