"""What is compared with what (DESIGN.md, section 4): bindings, principals, and planes.

A plane is (kind, server or account, database, principal, environment). All that one agent declares on it, under whatever
system's name, is one claim and compared once. Nothing here connects to anything.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from linter.checks import Place
from linter.manifest.model import split_name
from linter.manifest.trail import audit_log
from linter.systems import kind_of
from linter.systems.live import Adapter, AuditLog, Binding, Claim, Target, Unverified, adapter_of

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.config import Config
    from linter.manifest.model import Manifest, Resource

LOGIN = "@login"
"""The principal that a credential's own login is."""


class Intent(NamedTuple):
    """One system that one manifest names in one environment, and what would be compared."""

    subject: "Subject"
    environment: str
    system: str
    resources: "tuple[Resource, ...]"
    binding: Binding | None
    principal: str | None
    source: str
    """Who says so: "agents.NAME.identities", "the binding", "the manifest", or empty."""
    identity: str | None
    """What the manifest says, whether it decides or not."""
    problem: str
    """Why it cannot be compared, a clause; empty where it can."""
    audit_log: AuditLog | None = None


class Plane(NamedTuple):
    """One comparison to be made."""

    adapter: Adapter
    binding: Binding
    target: Target
    principal: str
    intents: tuple[Intent, ...]

    @property
    def claims(self) -> list[Claim]:
        """What each agent declares here."""
        parts: dict[str, list[Intent]] = {}
        for intent in self.intents:
            parts.setdefault(intent.subject.path, []).append(intent)
        return [
            Claim(
                found[0].subject,
                found[0].environment,
                found[0].system,
                tuple(resource for intent in found for resource in intent.resources),
                next((intent.identity for intent in found if intent.identity), None),
                next((intent.audit_log for intent in found if intent.audit_log), None),
            )
            for found in parts.values()
        ]


def bind(config: "Config", system: str, environment: str) -> Binding:
    """What configuration says of a system in an environment.

    Raises:
        Unverified: nothing, or nothing for this environment though others are named.
    """
    system = bound_as(config, system)
    entry = config.systems.get(system)
    if entry is None:
        raise Unverified(f"configuration binds no system `{system}`: add [systems.{system}] with its kind")
    overlays = entry.get("environments")
    settings = {key: value for key, value in entry.items() if key not in ("kind", "environments")}
    if overlays is not None:
        if environment not in overlays:
            named = ", ".join(sorted(overlays))
            raise Unverified(
                f"configuration binds `{system}` for {named}, and not for `{environment}`: "
                f"add [systems.{system}.environments.{environment}]"
            )
        settings |= overlays[environment]
    if isinstance(settings.get("ca_file"), str):
        settings["ca_file"] = os.path.join(config.root, settings["ca_file"])
    return Binding(system, environment, entry["kind"], settings)


def bound_as(config: "Config", system: str) -> str:
    """The name under which configuration binds a system: `s3` is bound by [systems.aws], where nothing else binds it."""
    entry = config.systems.get("aws", {})
    if system not in config.systems and entry.get("kind") == "aws":
        from linter.systems.aws.table import table

        if system.lower() in table().spans:
            return "aws"
    return system


def bound_at(config: "Config", system: str, environment: str) -> tuple[str, str]:
    """The system as configuration binds it, and the environment, empty where it is bound alike for all of them."""
    system = bound_as(config, system)
    overlaid = "environments" in config.systems.get(system, {})
    return system, environment if overlaid or system not in config.systems else ""


def intents(
    config: "Config", subject: "Subject", environments: Iterable[str] = (), systems: Iterable[str] = ()
) -> Iterator[Intent]:
    """What one manifest asks to be compared, its environments and systems in their order; of these alone, if any are given."""
    manifest = subject.manifest
    for environment in manifest.environments:
        if environments and environment not in environments:
            continue
        by_system: dict[str, list[Resource]] = {}
        for resource in manifest.resources:
            if environment in resource.environments:
                by_system.setdefault(resource.system, []).append(resource)
        log = _audit_log(config, manifest, by_system)
        if log is not None:
            by_system.setdefault(log[0], [])
        for system, resources in by_system.items():
            if systems and system not in systems:
                continue
            found = log[1] if log is not None and log[0] == system else None
            yield _intent(config, subject, environment, system, tuple(resources))._replace(audit_log=found)


def _intent(
    config: "Config", subject: "Subject", environment: str, system: str, resources: "tuple[Resource, ...]"
) -> Intent:
    bound = bound_as(config, system)
    said = subject.manifest.identities
    identity = _of(said.get(system, said.get(bound)), environment)
    if not system:
        ambiguous = "the audit log's name does not say which system it is in: write SYSTEM.OBJECT"
        return Intent(subject, environment, system, resources, None, None, "", identity, ambiguous)
    try:
        binding = bind(config, system, environment)
    except Unverified as problem:
        return Intent(subject, environment, system, resources, None, None, "", identity, str(problem))
    adapter = adapter_of(binding.kind)
    if adapter is None:
        problem_text = f"permlint cannot compare systems of the kind `{binding.kind}`"
        return Intent(subject, environment, system, resources, binding, None, "", identity, problem_text)
    agent = subject.manifest.agent
    configured = config.agents.get(agent, {}).get("identities", {})
    own = _of(configured.get(system, configured.get(bound)), environment)
    choices = (
        (own, f'agents."{agent}".identities'),
        (binding.settings.get("role"), f"systems.{bound}"),
        (identity, "the manifest"),
    )
    for principal, source in choices:
        if principal:
            return Intent(subject, environment, system, resources, binding, principal, source, identity, "")
    if adapter.own_principal:
        return Intent(subject, environment, system, resources, binding, LOGIN, f"systems.{system}", identity, "")
    problem_text = (
        f'nothing says which principal `{agent}` is in `{system}`: add it to [agents."{agent}".identities], '
        "or to `identities` of the manifest"
    )
    return Intent(subject, environment, system, resources, binding, None, "", identity, problem_text)


def _of(given: str | Mapping[str, str] | None, environment: str) -> str | None:
    """An identity in one environment."""
    return given if isinstance(given, str) or given is None else given.get(environment)


def _audit_log(config: "Config", manifest: "Manifest", systems: Iterable[str]) -> tuple[str, AuditLog] | None:
    """The audit log that the strategy names and the system that it belongs to: as its prefix says, else the only SQL system.

    The system is empty where there is no such one.
    """
    named = audit_log(manifest)
    if named is None:
        return None
    name, place = named.strip(), Place(_named_at(manifest))
    kinds: dict[str, str | None] = {
        **dict.fromkeys(systems),
        **{one: entry["kind"] for one, entry in config.systems.items()},
    }
    first, rest = split_name(name)
    if rest and first in kinds:
        return first, AuditLog(name, rest, place)
    sql = [system for system in systems if kind_of(system, kinds[system]).name == "postgresql"]
    return sql[0] if len(sql) == 1 else "", AuditLog(name, split_name(f"_.{name}")[1], place)


def _named_at(manifest: "Manifest") -> tuple[str, ...]:
    """The field that names the audit log."""
    if manifest.rollback is not None and manifest.rollback.audit_log:
        return ("rollback_strategy", "audit_log")
    return ("audit_log",) if manifest.audit_log else ("rollback_strategy",)


def planes(
    plan: Iterable[Intent], target_of: Callable[[Adapter, Binding, str], Target]
) -> tuple[list[Plane], list[tuple[Intent, str]]]:
    """The planes of these intents, and the intents that lead to none, each with why.

    Args:
        target_of: where a binding leads for an agent; raises Unverified.
    """
    grouped: dict[tuple[object, ...], list[tuple[Intent, Adapter, Target]]] = {}
    lost: list[tuple[Intent, str]] = []
    for intent in plan:
        if intent.problem or intent.binding is None or intent.principal is None:
            lost.append((intent, intent.problem))
            continue
        adapter = adapter_of(intent.binding.kind)
        assert adapter is not None, "an intent without a problem has a kind that can be compared"
        try:
            target = target_of(adapter, intent.binding, intent.subject.manifest.agent)
        except Unverified as problem:
            lost.append((intent, str(problem)))
            continue
        key = (intent.binding.kind, *target.key, intent.principal, intent.environment)
        grouped.setdefault(key, []).append((intent, adapter, target))
    found = []
    for members in grouped.values():
        first, adapter, target = members[0]
        assert first.binding is not None
        assert first.principal is not None
        found.append(Plane(adapter, first.binding, target, first.principal, tuple(intent for intent, _, _ in members)))
    return found, lost
