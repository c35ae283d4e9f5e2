"""Safeties: what lets a mistake be undone or foreseen, and which of them a version took away while the access stayed."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from linter.actions import class_of
from linter.blast import LEVELS
from linter.manifest.idle import does_nothing
from linter.manifest.model import Manifest, Resource
from linter.manifest.strategy import commands
from linter.meet import meet
from linter.patterns import Pattern
from linter.permissions import Leaf, subtract

_DRY_RUN = Pattern(r"\bdry[-_ ]?run\b", re.IGNORECASE)
_AUDIT_LOG = Pattern(r"\baudit(?:[-_. ]\w*)?[-_ ]?(?:log|trail|table)|\baudit_", re.IGNORECASE)
_GRADED = frozenset({"blast-radius", "reversibility", "claim"})
_UNDOING = ("reversible", "compensable", "irreversible")


class Loss(NamedTuple):
    """One safety taken away, or one risk that is now declared smaller."""

    kind: str
    """"strategy", "command", "rollback" (a resource's own): the undo itself; "dry-run", "audit-log", "reversibility":
    what helps it; "blast-radius", "claim" (of reversibility): a risk declared smaller."""
    resource: str
    """The resource as written, or empty for the whole manifest."""
    before: str
    after: str
    """Empty where nothing stands in its place."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other losses: a level can be lowered step by step, anything else is there or not."""
        return (self.kind, self.resource, self.before if self.kind in _GRADED else "")

    def stands(self, now: Manifest) -> bool:
        """Whether the safety is still missing, and still needed."""
        if not self.resource:
            return bool(_writing(now.resources)) and self.kind not in _present(now)
        entries = _by_name(now).get(self.resource, [])
        if not entries:
            return False
        if self.kind == "rollback":
            return bool(_writing(entries)) and not any(map(_undone, entries)) and "command" not in _safeties(now)
        if self.kind == "blast-radius":
            return _highest(entries) < LEVELS.index(self.before)
        worst = _worst(entries)
        return worst >= 0 and (worst > _UNDOING.index(self.before)) is (self.kind == "reversibility")


def losses(before: Manifest, after: Manifest) -> tuple[Loss, ...]:
    """What a version took away, of what guards access that stayed."""
    found = []
    same = before.rollback == after.rollback and ("audit_log" in after.written or "audit_log" not in before.written)
    if not same and _kept(_writing(before.resources), _writing(after.resources)):
        had, has = _safeties(before), _present(after)
        gone = [kind for kind in had if kind not in has]
        # The strategy's own absence says it all.
        found += [Loss(kind, "", had[kind], "") for kind in (["strategy"] if "strategy" in gone else gone)]
    if _alike(before.resources, after.resources):
        return tuple(found)
    old, new = _by_name(before), _by_name(after)
    for name, entries in old.items():
        now = new.get(name)
        if now is not None and list(map(_guards, entries)) != list(map(_guards, now)):
            found += _resource_losses(name, entries, now, after)
    return tuple(found)


def _alike(before: tuple[Resource, ...], after: tuple[Resource, ...]) -> bool:
    """Whether no entry's guards changed. Versions share the entries that say the same (`Built`)."""
    pairs = zip(before, after, strict=False)
    return len(before) == len(after) and not any(
        [one is not other and _guards(one) != _guards(other) for one, other in pairs]
    )


def _guards(one: Resource) -> tuple[str | None, ...]:
    return (one.name, one.blast_radius, one.reversibility, one.rollback)


def _safeties(manifest: Manifest) -> dict[str, str]:
    """Kind -> how the manifest says it, for the whole manifest."""
    found: dict[str, str] = {}
    if "audit_log" in manifest.written:
        found["audit-log"] = "audit_log"
    rollback = manifest.rollback
    if rollback is None:
        return found
    found["strategy"] = "rollback_strategy"
    known = commands(rollback)
    if known:
        found["command"] = known[0].text
    text = rollback.prose or rollback.command or ""
    if rollback.dry_run or _DRY_RUN.search(text):
        found["dry-run"] = rollback.dry_run if isinstance(rollback.dry_run, str) else "a dry run"
    if rollback.audit_log or _AUDIT_LOG.search(text):
        found["audit-log"] = rollback.audit_log or "an audit log"
    return found


def _present(manifest: Manifest) -> set[str]:
    """The kinds that need not be missed: where every resource has a rollback of its own, the strategy and its command."""
    own = [one for one in manifest.resources if one.writes]
    everywhere = {"strategy", "command"} if own and all(map(_undone, own)) else set()
    return everywhere | _safeties(manifest).keys()


def _undone(resource: Resource) -> str | None:
    """A resource's own rollback; None where there is none that does anything."""
    return None if resource.rollback is None or does_nothing(resource.rollback) else resource.rollback


def _by_name(manifest: Manifest) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for one in manifest.resources:
        found.setdefault(one.name, []).append(one)
    return found


def _resource_losses(name: str, before: list[Resource], after: list[Resource], manifest: Manifest) -> list[Loss]:
    found = []
    old_leaves = [leaf for one in before for leaf in one.leaves]
    new_leaves = [leaf for one in after for leaf in one.leaves]
    undo = next(filter(None, map(_undone, before)), None)
    if (
        undo is not None
        and not any(map(_undone, after))
        and "command" not in _safeties(manifest)
        and _kept(_writing(before), _writing(after))
    ):
        found.append(Loss("rollback", name, undo, ""))
    if not old_leaves or subtract(old_leaves, new_leaves).sure:
        return found  # narrowed: a smaller risk is declared smaller
    had, has = _highest(before), _highest(after)
    if had > has:
        found.append(Loss("blast-radius", name, LEVELS[had], LEVELS[has] if has >= 0 else ""))
    was, now = _worst(before), _worst(after)
    if was >= 0 and now > was:
        found.append(Loss("reversibility", name, _UNDOING[was], _UNDOING[now]))
    elif 0 <= now < was:
        found.append(Loss("claim", name, _UNDOING[was], _UNDOING[now]))
    return found


def _highest(resources: list[Resource]) -> int:
    return max([LEVELS.index(one.blast_radius) if one.blast_radius else -1 for one in resources])


def _worst(resources: list[Resource]) -> int:
    return max([_UNDOING.index(one.reversibility) if one.reversibility else -1 for one in resources])


def _writing(resources: Iterable[Resource]) -> list[Leaf]:
    return [leaf for one in resources for leaf in one.leaves if class_of(leaf.action) != "read"]


def _kept(before: list[Leaf], after: list[Leaf]) -> bool:
    """Whether anything of this is still granted, to whatever extent: what guarded it is still needed."""
    return bool(meet([leaf._replace(box=()) for leaf in before], [leaf._replace(box=()) for leaf in after]))
