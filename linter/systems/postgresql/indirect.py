"""Code that runs with more than the role's rights and that it can set off: views, rules, functions, triggers, foreign keys."""

from collections.abc import Iterable, Iterator, Mapping

from linter.systems.postgresql.granted import Held, Indirect, Object, revoke
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import other_rows, unbound
from linter.systems.postgresql.rights import Rights, rights_of
from linter.systems.postgresql.snapshot import FIRST_USER_OID, Relation, Routine, Trigger, Use
from linter.systems.postgresql.ways import Way, Ways, actions

_CHANGES = ("INSERT", "UPDATE", "DELETE")


class _Search:
    """What one role can set off."""

    def __init__(self, rights: Rights, held: Iterable[Held]) -> None:
        self.rights = rights
        self.index = rights.index
        self.me = self.index.role_names[rights.role]
        self.held: dict[tuple[Object, str], list[Held]] = {}
        for one in held:
            self.held.setdefault((one.object, one.privilege), []).append(one)
        self.uses = self.index.uses
        self.ways = Ways(rights)
        self.triggered: dict[int, set[tuple[str, int]]] = {}
        for trigger in self.index.snapshot.triggers:
            self.triggered.setdefault(trigger.relation, set()).add((trigger.name, trigger.routine))

    def object(self, relation: Relation) -> Object | None:
        thing = self.index.things.get(("relation", relation.oid))
        return thing.object if thing else None

    def ends(self, object: Object, privilege: str) -> str:
        """The statements that take the way in away."""
        found = self.held.get((object, privilege), ())
        return "\n".join(dict.fromkeys(revoke(one, source) for one in found for source in one.sources))

    def functions(self) -> Iterator[Indirect]:
        for routine in self.index.snapshot.routines:
            thing = self.index.things.get(("routine", routine.oid))
            if thing is None or routine.trigger or not self._calls(routine):
                continue
            if routine.security_definer or self._unchecked(routine):
                yield self._called(
                    thing.object, routine, f"function {thing.object.sql} (runs as {self._runner(routine)})"
                )
            for oid in routine.steps:
                step = self.index.routines_by_oid.get(oid)
                if step is None or routine.owner not in self.index.graph.roles:
                    continue
                # The server asks whether the aggregate's owner may call it; who may call it directly is told so.
                if rights_of(self.index, routine.owner).has("routine", oid, "EXECUTE") and not self._calls(step):
                    how = self._runs("function", self.index.object(("routine", oid)), step.owner)
                    yield self._called(thing.object, step, f"aggregate {thing.object.sql} -> {how}")

    def _calls(self, routine: Routine) -> bool:
        """Whether the role may call it; where its schema is closed nobody can name it, but another object may use it."""
        if not routine.used and not self.rights.has("schema", routine.schema, "USAGE"):
            return False
        return self.rights.has("routine", routine.oid, "EXECUTE")

    def _called(self, entry: Object, runs: Routine, via: str) -> Indirect:
        return Indirect(
            kind="function",
            object=entry,
            name="",
            runs_as=self._runner(runs),
            entry=f"EXECUTE on {entry.sql}",
            target=None,
            privilege="",
            via=f"{self.me} -> {via}",
            held=False,
            dangerous=self._danger(runs),
            bypasses_rls=False,
            other_rows=False,
            fix=self.ends(entry, "EXECUTE"),
        )

    def event_triggers(self) -> Iterator[Indirect]:
        for trigger in self.index.snapshot.event_triggers:
            routine = self.index.routines_by_oid.get(trigger.routine)
            code = self.index.things.get(("routine", trigger.routine))
            entry = self._sets_off(trigger.event)
            if routine is None or code is None or not entry:
                continue
            yield Indirect(
                kind="event trigger",
                object=code.object,
                name=trigger.name,
                runs_as=self.index.role_names.get(routine.owner, ""),
                entry=entry,
                target=None,
                privilege="",
                via=f"{self.me} -> {entry} -> event trigger {quote(trigger.name)} -> "
                + self._runs("function", code.object, routine.owner),
                held=False,
                dangerous=self._danger(routine),
                bypasses_rls=False,
                other_rows=False,
                fix=f"ALTER FUNCTION {code.object.sql} SECURITY INVOKER;",
            )

    def _sets_off(self, event: str) -> str:
        """How the role sets off an event trigger, or empty. DDL that changes nothing, or fails, sets off the first two."""
        if event == "login":
            return "logging in"
        if event.startswith("ddl_command_"):
            return "any DDL statement"
        makes = self.rights.has("database", self.index.snapshot.server.database_oid, "TEMPORARY") or any(
            self.rights.has("schema", oid, "CREATE") for oid in self.index.schema_names
        )
        owns = any(self.index.owned.get(role) for role in self.rights.inherited)
        return {"sql_drop": "DROP", "table_rewrite": "ALTER TABLE"}.get(event, "DDL") if makes or owns else ""

    def triggers(self) -> Iterator[Indirect]:
        for trigger in self.index.snapshot.triggers:
            relation = self.index.relations.get(trigger.relation)
            routine = self.index.routines_by_oid.get(trigger.routine)
            if relation is None or routine is None:
                continue
            code = self.index.things.get(("routine", routine.oid))
            ways = [way for event in trigger.events if (way := self._fires(trigger, event))]
            if code is None or not ways:
                continue
            entries: dict[str, list[str]] = {}
            for way in ways:
                entries.setdefault(way.on.sql, []).append(way.event)
            yield Indirect(
                kind="trigger",
                object=code.object,
                name=trigger.name,
                runs_as=self.index.role_names.get(routine.owner, ""),
                entry=" or ".join(f"{', '.join(dict.fromkeys(events))} on {on}" for on, events in entries.items()),
                target=None,
                privilege="",
                via=f"{self.me} -> {' -> '.join(ways[0].steps)} -> trigger {quote(trigger.name)} -> "
                + self._runs("function", code.object, routine.owner),
                held=False,
                dangerous=self._danger(routine),
                bypasses_rls=False,
                other_rows=False,
                fix=f"ALTER {code.object.keyword} {code.object.sql} SECURITY INVOKER;",
            )

    def rules(self) -> Iterator[Indirect]:
        """Views' queries, what views pass through, and rewrite rules: each hop is checked as the owner of its relation."""
        for relation in self.index.ruled:
            mine = self.rights.on_relation(relation.oid)
            on = self.object(relation)
            if on is None or not mine:
                continue
            if relation.kind == "v" and not relation.security_invoker:
                if "SELECT" in mine:
                    yield from self._reads(relation, on)
                yield from self._passes(relation, on, mine)
            for event in _CHANGES:
                if event in mine:
                    for use in self.uses.get((relation.oid, event), ()):
                        yield from self._acts(relation, on, event, use)

    def _reads(self, view: Relation, on: Object) -> Iterator[Indirect]:
        seen = {view.oid}
        waiting = [(view, f"{self.me} -> {self._runs('view', on, view.owner)}")]
        reported: set[int] = set()
        while waiting:
            current, via = waiting.pop(0)
            owner = rights_of(self.index, current.owner) if current.owner in self.index.graph.roles else None
            for use in self.uses.get((current.oid, "SELECT"), ()):
                target = self.index.relations.get(use.relation)
                if owner is None or target is None or target.oid in seen:
                    continue
                if "SELECT" not in owner.on_relation(target.oid):
                    continue  # a broken hop: the view fails
                object = self.object(target)
                if object is None:
                    continue
                if target.kind == "v" and target.oid >= FIRST_USER_OID:
                    seen.add(target.oid)
                    # A view with security_invoker is checked as whoever runs the query, here too.
                    if not target.security_invoker:
                        waiting.append((target, f"{via} -> {self._runs('view', object, target.owner)}"))
                elif target.oid not in reported:
                    reported.add(target.oid)
                    yield self._found("view", on, "", "SELECT", owner, target, object, "SELECT", via)

    def _passes(self, view: Relation, on: Object, mine: Mapping[str, bool]) -> Iterator[Indirect]:
        """Changes that an automatically updatable view hands to the relation below it."""
        for event in self.index.passed(view.oid):
            if event not in mine:
                continue
            current, via, seen = view, f"{self.me} -> {self._runs('view', on, view.owner)}", {view.oid}
            while current.owner in self.index.graph.roles:
                owner = rights_of(self.index, current.owner)
                below = [
                    target
                    for use in self.uses.get((current.oid, "SELECT"), ())
                    if (target := self.index.relations.get(use.relation)) and event in owner.on_relation(target.oid)
                ]
                # Which of several is the one below, a join in a subquery aside, the server knows; one is the rule.
                if len(below) != 1 or below[0].oid in seen:
                    break
                target = below[0]
                seen.add(target.oid)
                object = self.object(target)
                if object is None or target.security_invoker:
                    break
                if target.kind == "v":
                    current, via = target, f"{via} -> {self._runs('view', object, target.owner)}"
                    continue
                yield self._found("view", on, "", event, owner, target, object, event, via)
                break

    def _acts(self, relation: Relation, on: Object, event: str, use: Use) -> Iterator[Indirect]:
        target = self.index.relations.get(use.relation)
        if target is None or relation.owner not in self.index.graph.roles:
            return
        owner, object = rights_of(self.index, relation.owner), self.object(target)
        for privilege in use.privileges:
            if object is not None and privilege in owner.on_relation(target.oid):
                via = f"{self.me} -> {event} on {on.sql} -> {self._runs('rule', quote(use.rule), relation.owner)}"
                found = self._found("rule", on, use.rule, event, owner, target, object, privilege, via)
                yield found._replace(columns=use.columns or None)

    def _fires(self, trigger: Trigger, event: str) -> Way | None:
        """How the role sets off a trigger by an event; a statement's trigger only where it names the relation itself."""
        here = (trigger.name, trigger.routine)
        copied = any(here in self.triggered.get(one, ()) for one in self.index.relations[trigger.relation].parents)
        through = (trigger.row or event == "TRUNCATE") and not copied
        return self.ways.to(trigger.relation, event) if through else self.ways.directly(trigger.relation, event)

    def cascades(self) -> Iterator[Indirect]:
        for cascade in self.index.snapshot.cascades:
            parent, child = self.index.relations.get(cascade.parent), self.index.relations.get(cascade.child)
            if parent is None or child is None or child.owner not in self.index.graph.roles:
                continue
            object = self.object(child)
            for event, action, privilege in actions(cascade):
                find = self.ways.directly if cascade.copied else self.ways.to
                way = find(parent.oid, event)
                if object is None or way is None:
                    continue
                owner = rights_of(self.index, child.owner)
                via = f"{self.me} -> {' -> '.join(way.steps)} -> " + self._runs(
                    "foreign key", f"{quote(cascade.name)} (ON {event} {action})", child.owner
                )
                found = self._found("foreign key", object, cascade.name, event, owner, child, object, privilege, via)
                columns = cascade.columns if privilege == "UPDATE" else ()
                yield found._replace(
                    entry=f"{way.event} on {way.on.sql}", fix=self.ends(way.on, way.event), columns=columns or None
                )

    def _found(
        self,
        kind: str,
        on: Object,
        name: str,
        event: str,
        owner: Rights,
        target: Relation,
        object: Object,
        privilege: str,
        via: str,
    ) -> Indirect:
        """A way to a relation that ends with an owner who has the privilege."""
        mine = self.rights.on_relation(target.oid)
        passes = unbound(self.rights, target) is None and unbound(owner, target) is not None
        danger = ""
        if privilege not in mine:
            danger = f"{privilege} on {object.sql}, which {quote(self.me)} does not have"
        elif not mine[privilege]:
            danger = f"{privilege} on all columns of {object.sql}, of which {quote(self.me)} has some"
        elif passes:
            danger = f"the rows of {object.sql} that row-level security keeps from {quote(self.me)}"
        fix = self.ends(on, event)
        if kind == "view" and event == "SELECT" and self.index.version >= 150000:
            fix = f"ALTER VIEW {on.sql} SET (security_invoker = true);"
        return Indirect(
            kind=kind,
            object=on,
            name=name,
            runs_as=self.index.role_names[owner.role],
            entry=f"{event} on {on.sql}",
            target=object,
            privilege=privilege,
            via=f"{via} -> {privilege} on {object.sql}",
            held=mine.get(privilege, False),
            dangerous=danger,
            bypasses_rls=passes,
            other_rows=other_rows(self.rights, owner, target),
            fix=fix,
        )

    def _danger(self, routine: Routine) -> str:
        """Why a function that runs as its owner is more than the role's own rights."""
        if not routine.security_definer:
            return f"is written in {routine.untrusted}, an untrusted language: no privilege binds it"
        owner = self.index.graph.roles.get(routine.owner)
        if owner is None or self.rights.superuser:
            return ""
        runs = ""
        if owner.superuser:
            runs = "runs as a superuser"
        elif owner.oid not in self.rights.inherited:
            runs = f"runs as {quote(owner.name)}, whose rights {quote(self.me)} does not have"
        elif owner.bypass_rls and not self.index.graph.roles[self.rights.role].bypass_rls:
            runs = f"runs as {quote(owner.name)}, whom no row-level security binds"
        if runs and not routine.search_path:
            runs += ", and finds names by its caller's search_path"
        return runs

    def _unchecked(self, routine: Routine) -> bool:
        """Whether no privilege binds what it does: somebody's own function in an untrusted language."""
        return bool(routine.untrusted) and not routine.extension

    def _runner(self, routine: Routine) -> str:
        if routine.security_definer:
            return self.index.role_names.get(routine.owner, "")
        return "the server itself"

    def _runs(self, kind: str, what: Object | str, owner: int) -> str:
        named = what if isinstance(what, str) else what.sql
        return f"{kind} {named} (runs as {self.index.role_names.get(owner, str(owner))})"


def indirect(rights: Rights, held: Iterable[Held]) -> tuple[Indirect, ...]:
    """Everything that a role can set off. A superuser gains nothing by it."""
    if rights.superuser:
        return ()
    search = _Search(rights, held)
    found = [*search.rules(), *search.functions(), *search.triggers(), *search.event_triggers(), *search.cascades()]
    found.sort(key=lambda one: (one.kind, one.object, one.name, one.entry, one.privilege, one.via))
    return tuple(found)
