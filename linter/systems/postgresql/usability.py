"""Privileges that are held and of no use, because something that they need is not."""

from collections.abc import Iterable, Iterator

from linter.systems.postgresql.granted import Held, Object, Unusable, revoke
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.parameters import by_no_session
from linter.systems.postgresql.policies import ROWS, admitting, shut
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.snapshot import Relation
from linter.systems.postgresql.views import below


def unusable(rights: Rights, held: Iterable[Held]) -> Iterator[Unusable]:
    """First what stops every statement, then the held privileges that lack something; the ordinary ones are passed over."""
    if rights.superuser:
        return
    yield from _login(rights)
    index = rights.index
    me = quote(index.role_names[rights.role])
    barred = {name for name, oid in index.schemas.items() if not rights.has("schema", oid, "USAGE")}
    for one in held:
        if one.default or one.bound != "sure":
            continue
        if one.object.schema in barred and one.object.type != "type":
            schema = f"SCHEMA {quote(one.object.schema)}"
            yield Unusable(one.object, one.privilege, f"USAGE on {schema.lower()}", f"GRANT USAGE ON {schema} TO {me};")
            continue
        if (one.object.type, one.privilege) == ("parameter", "SET") and by_no_session(
            one.object.name, index.parameters
        ):
            needs = "a session's power over it: it belongs to the server's configuration"
            yield Unusable(one.object, one.privilege, needs, revoke(one, one.sources[0]))
        elif one.privilege in ROWS and one.object.type != "sequence":
            relation = index.relation(one.object.schema, one.object.name)
            if relation is not None:
                yield from _rows(rights, one, relation)


def _rows(rights: Rights, one: Held, relation: Relation) -> Iterator[Unusable]:
    """What a privilege on rows needs besides itself."""
    if relation.kind == "v":
        yield from below(rights, one.object, relation, one.privilege)
    if shut(rights, relation, one.privilege):
        fix = admitting(rights, one.object, relation, one.privilege)
        yield Unusable(one.object, one.privilege, f"a row-level security policy for {one.privilege}", fix)
    elif one.privilege == "INSERT":
        yield from _serials(rights, one, relation.oid)
    elif one.privilege == "SELECT":
        return
    elif "SELECT" not in rights.on_relation(relation.oid):
        fix = f"GRANT SELECT ON {one.object.on} TO {quote(rights.index.role_names[rights.role])};"
        needs = "SELECT, without which no WHERE can name a row"
        yield Unusable(one.object, one.privilege, needs, fix, partly=True)
    elif shut(rights, relation, "SELECT"):
        needs = "a row-level security policy for SELECT, without which no WHERE finds a row"
        fix = admitting(rights, one.object, relation, "SELECT")
        yield Unusable(one.object, one.privilege, needs, fix, partly=True)


def _serials(rights: Rights, one: Held, relation: int) -> Iterator[Unusable]:
    """The default of a serial column calls nextval(), which needs USAGE or UPDATE of the sequence."""
    index = rights.index
    for serial in index.serials(relation):
        sequence = index.things.get(("relation", serial.sequence))
        if sequence is not None and not rights.on_relation(serial.sequence).keys() & {"USAGE", "UPDATE"}:
            needs = f"USAGE on sequence {sequence.object.sql}, which fills {quote(serial.column)}"
            fix = f"GRANT USAGE ON SEQUENCE {sequence.object.sql} TO {quote(index.role_names[rights.role])};"
            yield Unusable(one.object, "INSERT", needs, fix)


def _login(rights: Rights) -> Iterator[Unusable]:
    """What keeps the role from beginning a session in this database."""
    index = rights.index
    server = index.snapshot.server
    role = index.graph.roles[rights.role]
    me = quote(role.name)
    database = Object("database", "", server.database)
    if not role.login:
        yield Unusable(database, "", "LOGIN", f"ALTER ROLE {me} LOGIN;")
    if not rights.has("database", server.database_oid, "CONNECT"):
        yield Unusable(database, "", "CONNECT on the database", f"GRANT CONNECT ON DATABASE {database.sql} TO {me};")
    until = role.valid_until
    if until is not None and len(until) <= len(server.taken) and until <= server.taken:
        yield Unusable(
            database,
            "",
            f"a password that is still valid (it expired {until})",
            f"ALTER ROLE {me} VALID UNTIL 'infinity';",
        )
    if role.connection_limit == 0:
        yield Unusable(database, "", "a connection limit above 0", f"ALTER ROLE {me} CONNECTION LIMIT -1;")
