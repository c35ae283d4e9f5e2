"""How a change of a relation comes about without a right on it: by a view, a rule, inheritance or a foreign key."""

from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from linter.systems.postgresql.granted import Object
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights, rights_of
from linter.systems.postgresql.snapshot import Cascade, Relation

_Change = tuple[int, str]
"""A relation, and INSERT, UPDATE, DELETE or TRUNCATE."""


class Way(NamedTuple):
    """A statement that the role may run, and what it leads to."""

    on: Object
    event: str
    steps: tuple[str, ...]
    """In words, the statement first."""


def actions(cascade: Cascade) -> Iterator[tuple[str, str, str]]:
    """What changes the parent, the foreign key's action, and what that does to the child."""
    for event, action in (("DELETE", cascade.on_delete), ("UPDATE", cascade.on_update)):
        if action:
            yield event, action, "DELETE" if (event, action) == ("DELETE", "CASCADE") else "UPDATE"


class Ways:
    """The ways of one role."""

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self.index = rights.index
        self._cascades: dict[_Change, list[tuple[_Change, str]]] = {}
        for one in self.index.snapshot.cascades:
            for event, action, does in actions(one):
                step = f"foreign key {quote(one.name)} (ON {event} {action})"
                self._cascades.setdefault((one.child, does), []).append(((one.parent, event), step))

    def directly(self, relation: int, event: str) -> Way | None:
        """By the role's own right on the relation."""
        thing = self.index.things.get(("relation", relation))
        if thing is None or event not in self.rights.on_relation(relation):
            return None
        return Way(thing.object, event, (f"{event} on {thing.object.sql}",))

    def to(self, relation: int, event: str) -> Way | None:
        """The shortest, if there is any."""
        before: dict[_Change, tuple[_Change, str] | None] = {(relation, event): None}
        waiting = deque(before)
        while waiting:
            change = waiting.popleft()
            start = self.directly(*change)
            if start is not None:
                return start._replace(steps=(*start.steps, *_steps(before, change)))
            for cause, step in self._causes(*change):
                if cause not in before:
                    before[cause] = (change, step)
                    waiting.append(cause)
        return None

    def _causes(self, relation: int, event: str) -> Iterator[tuple[_Change, str]]:
        known = self.index.relations.get(relation)
        if known is not None and (known.partition or event != "INSERT"):
            kind = "partition" if known.partition else "inheriting table"
            step = f"{kind} {self.index.object(('relation', relation)).sql}"
            yield from (((parent, event), step) for parent in known.parents)
        yield from self._cascades.get((relation, event), ())
        for view, cause, step in self._written.get((relation, event), ()):
            if event in rights_of(self.index, view.owner).on_relation(relation):
                yield (view.oid, cause), f"{step} (runs as {self.index.role_names[view.owner]})"

    @cached_property
    def _written(self) -> Mapping[_Change, list[tuple[Relation, str, str]]]:
        """What views pass through and rules do to a relation: the view or table, what changes it, and the step in words."""
        found: dict[_Change, list[tuple[Relation, str, str]]] = {}
        for use in self.index.snapshot.uses:
            one = self.index.relations.get(use.view)
            if one is None or one.owner not in self.index.graph.roles:
                continue
            if use.event != "SELECT":
                for does in use.privileges:
                    found.setdefault((use.relation, does), []).append((one, use.event, f"rule {quote(use.rule)}"))
            elif one.kind == "v" and not one.security_invoker:
                step = f"view {self.index.object(('relation', one.oid)).sql}"
                for event in self.index.passed(one.oid):
                    found.setdefault((use.relation, event), []).append((one, event, step))
        return found


def _steps(before: Mapping[_Change, tuple[_Change, str] | None], change: _Change) -> Iterator[str]:
    while (following := before[change]) is not None:
        change, step = following
        yield step
