"""Row-level security: whether it binds a role on a relation, and which policies apply."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from linter.systems.postgresql.granted import Object, RowSecurity
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.snapshot import PUBLIC, Policy, Relation

ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What row-level security applies to."""


def row_security(rights: Rights) -> Iterator[RowSecurity]:
    """For each relation that the role has a privilege on and that has row-level security, or policies without it."""
    index = rights.index
    for relation in index.secured:
        if rights.on_relation(relation.oid):
            applying = [one for one in index.policies.get(relation.oid, ()) if _applies(one, rights)]
            reason = unbound(rights, relation)
            if reason is None:
                reason = _bound(applying)
                binds = True
            else:
                binds = False
            named = index.things.get(("relation", relation.oid))
            if named is not None:
                yield RowSecurity(named.object, binds, reason, tuple(spell(one) for one in applying))


def unbound(rights: Rights, relation: Relation) -> str | None:
    """Why row-level security does not bind a role on a relation; None where it does."""
    if not relation.row_security:
        return "row-level security is not enabled"
    if rights.superuser:
        return "it is a superuser"
    if rights.index.graph.roles[rights.role].bypass_rls:
        return "it has BYPASSRLS"
    if relation.owner in rights.inherited and not relation.force_row_security:
        # Whoever inherits the owner's role counts as the owner.
        return "it is the owner, or inherits it, and row-level security is not forced"
    return None


def other_rows(rights: Rights, other: Rights, relation: Relation) -> bool:
    """Whether row-level security, which binds both roles, may let the other one see or change rows that it keeps from the first."""
    if unbound(rights, relation) is not None or unbound(other, relation) is not None:
        return False
    policies = rights.index.policies.get(relation.oid, ())
    # A permissive policy opens rows, a restrictive one closes them.
    return any(
        _applies(one, other) and not _applies(one, rights)
        if one.permissive
        else _applies(one, rights) and not _applies(one, other)
        for one in policies
    )


def shut(rights: Rights, relation: Relation, command: str) -> bool:
    """Whether row-level security lets a role see or change no row at all by a command: by default it denies.

    Of an expression only `true`, `false` and none at all are understood; any other may let a row through.
    """
    if unbound(rights, relation) is not None:
        return False
    found = applying(rights, relation, command)
    return any(_none_pass([(one, expression(one)) for one in found]) for expression in _EXPRESSIONS[command])


def admits_more(rights: Rights, one: Relation, than: Relation, command: str) -> bool:
    """Whether a relation's policies may let a role's command reach rows that another's, of the same columns, keep from it.

    They surely do not where each of the first's that admits rows is one of the other's too, and each that refuses some
    in the other's one of the first's. A relation that is shut says nothing of rows: so one closes the way around a parent.
    """
    if shut(rights, one, command) or shut(rights, than, command):
        return False
    for expression in _EXPRESSIONS[command]:
        (admitted, refused), (admits, refuses) = (
            (
                {_bare(expression(policy), known) for policy in policies if policy.permissive},
                {_bare(expression(policy), known) for policy in policies if not policy.permissive},
            )
            for known, policies in ((each, applying(rights, each, command)) for each in (one, than))
        )
        if not (("true" in admits or admitted - _NOTHING <= admits) and refuses - {"", "true"} <= refused):
            return True
    return False


_NOTHING = frozenset({"", "false"})


def _bare(expression: str | None, relation: Relation) -> str | None:
    """An expression in which the relation's own name, where it stands before a column, does not tell it from another's."""
    return re.sub(rf'(?<![\w"$.]){re.escape(quote(relation.name))}\.', ".", expression) if expression else expression


def admitting(rights: Rights, object: Object, relation: Relation, command: str) -> str:
    """The statements that let a role's command reach rows of a relation that is shut to it."""
    refusing = [
        one
        for one in applying(rights, relation, command)
        if not one.permissive and any(expression(one) == "false" for expression in _EXPRESSIONS[command])
    ]
    if refusing:
        return "\n".join(f"DROP POLICY {quote(one.name)} ON {object.sql}; -- it refuses every row" for one in refusing)
    clause = "WITH CHECK" if command == "INSERT" else "USING"
    to = quote(rights.index.role_names[rights.role])
    return f"CREATE POLICY <a name> ON {object.sql} FOR {command} TO {to} {clause} (<which rows>);"


def applying(rights: Rights, relation: Relation, command: str) -> list[Policy]:
    """The policies that a role's command has to meet."""
    found = rights.index.policies.get(relation.oid, ())
    return [one for one in found if one.command in (command, "ALL") and _applies(one, rights)]


def _using(policy: Policy) -> str | None:
    return policy.using


def _written(policy: Policy) -> str | None:
    return policy.using if policy.check == "" else policy.check


_EXPRESSIONS: Mapping[str, Sequence[Callable[[Policy], str | None]]] = {
    "SELECT": (_using,),
    "INSERT": (_written,),
    "UPDATE": (_using, _written),
    "DELETE": (_using,),
}
"""What the rows that a command reads have to meet, and those that it writes (PostgreSQL manual, CREATE POLICY)."""


def _none_pass(policies: list[tuple[Policy, str | None]]) -> bool:
    """Whether no row meets these expressions: a restrictive one refuses all, or no permissive one admits any."""
    refused = any(one == "false" for policy, one in policies if not policy.permissive)
    return refused or all(one in ("", "false") for policy, one in policies if policy.permissive)


def _applies(policy: Policy, rights: Rights) -> bool:
    return any(role == PUBLIC or role in rights.inherited for role in policy.roles)


def _bound(applying: list[Policy]) -> str:
    if not any(policy.permissive for policy in applying):
        return "row-level security is enabled, and no policy lets the role see or change a row"
    return "row-level security is enabled"


def spell(policy: Policy) -> str:
    """A policy in words: its name, command and expressions."""
    parts = [f"{quote(policy.name)} ({policy.command}{'' if policy.permissive else ', restrictive'})"]
    if policy.using is None or policy.check is None:
        return f"{parts[0]}: its expression could not be read"
    clauses = [f"USING ({policy.using})"] if policy.using else []
    clauses += [f"WITH CHECK ({policy.check})"] if policy.check else []
    return f"{parts[0]}: {' '.join(clauses)}" if clauses else parts[0]
