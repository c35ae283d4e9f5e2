"""Row-level security: whether it binds a role on a relation, and which policies apply."""

from collections.abc import Iterator

from linter.systems.postgresql.granted import RowSecurity
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.snapshot import PUBLIC, Policy, Relation


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
                yield RowSecurity(named.object, binds, reason, tuple(_spell(one) for one in applying))


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


def _applies(policy: Policy, rights: Rights) -> bool:
    return any(role == PUBLIC or role in rights.inherited for role in policy.roles)


def _bound(applying: list[Policy]) -> str:
    if not any(policy.permissive for policy in applying):
        return "row-level security is enabled, and no policy lets the role see or change a row"
    return "row-level security is enabled"


def _spell(policy: Policy) -> str:
    parts = [f"{quote(policy.name)} ({policy.command}{'' if policy.permissive else ', restrictive'})"]
    if policy.using is None or policy.check is None:
        return f"{parts[0]}: its expression could not be read"
    clauses = [f"USING ({policy.using})"] if policy.using else []
    clauses += [f"WITH CHECK ({policy.check})"] if policy.check else []
    return f"{parts[0]}: {' '.join(clauses)}" if clauses else parts[0]
