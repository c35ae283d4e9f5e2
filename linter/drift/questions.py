"""Where each answer comes from: a live system or a recording, each asked once for all that is compared with it."""

from collections.abc import Iterable, Sequence
from typing import Any

from linter.drift.asking import Unit
from linter.drift.comparing import Told
from linter.drift.planes import Plane
from linter.drift.recordings import Entry, Recording, find
from linter.drift.strangers import Watch
from linter.systems.live import Adapter, Binding, Failure, Observation, Target, Unverified


class Questions:
    """What a run asks, and what `--record` keeps of the answers."""

    def __init__(self, recordings: Sequence[Recording], offline: str) -> None:
        self.record: dict[str, list[dict[str, Any]]] = {}
        """System -> an entry an environment."""
        self._recordings = recordings
        self._offline = offline
        self._recorded: dict[tuple[str, ...], Entry] = {}

    def target(self, adapter: Adapter, binding: Binding, agent: str) -> Target:
        """Where a binding leads for an agent: into a recording that knows the system, else where the adapter says."""
        found = find(self._recordings, binding.system, binding.environment, binding.kind, agent)
        if isinstance(found, str):
            raise Unverified(found)
        if found is not None:
            whose = found.data.get("agent", "")
            key = ("recorded", found.recording.path, binding.system, binding.environment, whose)
            self._recorded[key] = found
            return Target(key, f"{found.recording.path} ({binding.system})")
        if self._offline:
            raise Unverified(self._offline)
        return adapter.target(binding)

    def units(self, found: Iterable[Plane], watches: Iterable[Watch]) -> list[Unit]:
        """What has to be asked, or looked up in a recording: each target once."""
        units: dict[tuple[str, ...], Unit] = {}
        asking: list[Plane | Watch] = [*found, *watches]
        for one in asking:
            entry = self._recorded.get(one.target.key)
            recorded = None if entry is None else entry.data
            unit = units.setdefault(one.target.key, Unit(one.adapter, one.target, recorded=recorded))
            if isinstance(one, Plane):
                principals = sorted({*unit.principals, one.principal})
                declared = [*unit.declared, *(named for claim in one.claims for named in claim.named)]
                units[one.target.key] = unit._replace(principals=tuple(principals), declared=tuple(declared))
        return list(units.values())

    def times(self, told: Told) -> dict[tuple[str, ...], str]:
        """When each target that answered did: by its own account, else when it was recorded, else when it was asked."""
        found = {}
        for key, said in told.answers.items():
            if not isinstance(said, Failure):
                recorded = self._recorded.get(key)
                found[key] = said.told_at() or (recorded.recording.taken if recorded else told.times[key])
        return found

    def keep_all(self, planes: Iterable[Plane], told: Told) -> None:
        """What `--record` writes of the answers that were compared."""
        for plane, compared in zip(planes, told.compared, strict=True):
            answer = told.answers[plane.target.key]
            if not isinstance(answer, Failure) and not isinstance(compared, Failure):
                self._keep(plane, answer)

    def _keep(self, plane: Plane, answer: Observation) -> None:
        """What `--record` writes of an answer, once; one that was recorded for one agent stays that agent's."""
        head = {"kind": plane.binding.kind, "environment": plane.binding.environment}
        recorded = self._recorded.get(plane.target.key)
        if recorded is not None and "agent" in recorded.data:
            head["agent"] = recorded.data["agent"]
        entries = self.record.setdefault(plane.binding.system, [])
        if not any(
            head == {key: one[key] for key in ("kind", "environment", "agent") if key in one} for one in entries
        ):
            entries.append({**head, **answer.to_json()})
