"""What a role can do, in terms of a snapshot: the nouns that `effective` ends in. All names are as the catalog has them, unquoted."""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from linter.systems.postgresql.names import qualified, quote

SURE, POSSIBLE = "sure", "possible"


class Object(NamedTuple):
    """An object that can be granted on."""

    type: str
    """"table", "partitioned table", "view", "materialized view", "foreign table", "TOAST table", "sequence", "function", "procedure",
    "aggregate", "schema", "database", "type", "language", "foreign data wrapper", "foreign server", "tablespace",
    "parameter", "large object"; and without privileges, but with an owner: "extension", "publication", "subscription",
    "event trigger", "collation", "conversion", "statistics", "text search configuration", "text search dictionary", "operator",
    "operator class", "operator family"."""
    schema: str
    """Empty for what has none."""
    name: str
    """A large object's is its OID."""
    arguments: str = ""
    """Of a routine or an operator: the input types that identify it; of an operator class or family: its access method."""

    @property
    def sql(self) -> str:
        """As SQL names it: quoted where needed, a routine with its arguments."""
        return _spelled(self)

    @property
    def keyword(self) -> str:
        """As GRANT and REVOKE say: "TABLE", "SEQUENCE", "FUNCTION" ..."""
        return _KEYWORDS.get(self.type, self.type.upper())

    @property
    def on(self) -> str:
        """What stands after ON in GRANT and REVOKE: "app.tickets", "SCHEMA app"."""
        return self.sql if self.keyword == "TABLE" else f"{self.keyword} {self.sql}"


@lru_cache(maxsize=1 << 16)
def _spelled(object: Object) -> str:
    if object.type == "large object":
        return object.name
    if object.type == "parameter":
        return ".".join(quote(part) for part in object.name.split("."))
    if object.type == "operator":
        return f"{quote(object.schema)}.{object.name}({object.arguments})"
    if object.type in ("operator class", "operator family"):
        return f"{qualified(object.schema, object.name)} USING {quote(object.arguments)}"
    call = f"({object.arguments})" if object.type in ("function", "procedure", "aggregate") else ""
    return qualified(object.schema, object.name) + call


_KEYWORDS = {
    "partitioned table": "TABLE",
    "view": "TABLE",
    "materialized view": "TABLE",
    "foreign table": "TABLE",
    "TOAST table": "TABLE",
    "aggregate": "FUNCTION",
}


class Reason(StrEnum):
    """Why a privilege is held."""

    ACL = "acl"
    OWNER = "owner"
    """The ACL entry is the owner's own: it can be revoked, and the owner can grant it back."""
    PUBLIC = "public"
    SUPERUSER = "superuser"
    PREDEFINED = "predefined role"


class Source(NamedTuple):
    """One way in which a privilege is held. Only when all are gone is the privilege gone."""

    reason: Reason
    path: tuple[str, ...]
    """Roles from the agent's to the one that holds it, each inherited by the one before; just the agent's own for PUBLIC."""
    grantors: tuple[str, ...]
    """Of the ACL entry; each one's grant needs its own REVOKE (GRANTED BY). Empty without an entry."""
    grantable: bool
    """WITH GRANT OPTION (an owner always can)."""

    @property
    def grantee(self) -> str:
        """The role that the ACL, the ownership or the attribute names; "PUBLIC" for PUBLIC."""
        return "PUBLIC" if self.reason is Reason.PUBLIC else self.path[-1]


class Held(NamedTuple):
    """A privilege that is in effect."""

    object: Object
    privilege: str
    """The SQL keyword: SELECT, INSERT, ..., MAINTAIN, USAGE, EXECUTE, CONNECT, SET, ALTER SYSTEM."""
    columns: tuple[str, ...] | None
    """None: the whole object, columns to come included. Else the columns whose own ACL gives it, even where the whole is held too."""
    sources: tuple[Source, ...]
    """All of them; the shortest path first, the agent's own grants before inherited ones, PUBLIC last."""
    owner: str
    """Of the object; empty for what has none."""
    extension: str = ""
    """The extension that the object belongs to, whose grants to everyone are ordinary; empty where somebody has given more."""
    default: bool = False
    """Whether PUBLIC alone gives it and PostgreSQL is so made: the ordinary noise. (EXECUTE on functions, USAGE on types
    and languages, CONNECT and TEMPORARY on the database, USAGE on the schemas of initdb.)"""
    bound: str = SURE
    common: bool = False
    """Whether PUBLIC has it anyway, because PostgreSQL is so made: to take that away would break others."""

    @property
    def grantable(self) -> bool:
        """Whether the role can pass it on."""
        return any(source.grantable for source in self.sources)

    @property
    def via(self) -> str:
        """The first source in words, outermost first: "triage_agent -> support_rw (inherits) -> GRANT by dba"."""
        return spell(self.sources[0])


class PowerKind(StrEnum):
    """Rights that no manifest can bound."""

    SUPERUSER = "superuser"
    """The attribute, or what comes to it: server programs and files, membership in a managed service's admin role."""
    BYPASS_RLS = "bypass-rls"
    CREATE_ROLE = "create-role"
    CREATE_DB = "create-db"
    REPLICATION = "replication"
    """Reads every row through the write-ahead log."""
    PREDEFINED = "predefined"
    """A predefined or managed role that is neither of the above: see `confers`."""


class Power(NamedTuple):
    """An attribute, or membership in a role that the server itself gives a meaning."""

    kind: PowerKind
    role: str
    """The attribute's bearer, or the predefined role."""
    path: tuple[str, ...]
    """From the agent's role; its own attribute has a path of one."""
    confers: str
    """What it allows, as a predicate: "runs programs on the server"."""
    fix: str
    """The statement that ends it."""


class Reach(NamedTuple):
    """A role that the agent's role does not act as now, and can."""

    role: str
    how: str
    """"set role": SET ROLE. "admin option": it may grant itself the membership. "create-role": its CREATEROLE lets it do
    so. "login setting": ALTER ROLE ... SET role makes it so at login."""
    path: tuple[str, ...]
    inherited: bool
    """Whether its privileges are in effect already, so that only `gains` and what it owns or creates come on top."""
    gains: tuple[str, ...]
    """What becoming it adds that no membership confers: "superuser", "bypass-rls", "create-role", "create-db", "replication"."""
    fix: str


class Owned(NamedTuple):
    """An object of which the role, or one that it inherits, is the owner: it can alter, drop and grant it."""

    object: Object
    path: tuple[str, ...]
    extension: str
    fix: str


class Indirect(NamedTuple):
    """Something that runs with another role's rights and that the agent can set off."""

    kind: str
    """"view", "rule", "function", "trigger", "event trigger" or "foreign key"."""
    object: Object
    """What runs: for a trigger its function, for a foreign key the child table."""
    name: str
    """The trigger's, rule's or foreign key's name; empty for a view or function."""
    runs_as: str
    """A role; "the server itself" for a function in an untrusted language."""
    entry: str
    """What the agent needs, and has: "SELECT on app.open_tickets"."""
    target: Object | None
    """What it reaches; None for a function, whose body permlint does not judge."""
    privilege: str
    """On the target; empty for a function."""
    via: str
    """Each hop: "triage_agent -> view app.open_tickets (runs as dba) -> SELECT on app.tickets"."""
    held: bool
    """Whether the agent has the same privilege on the whole target anyway."""
    dangerous: str
    """Why it is more than the agent's own rights, as a predicate ("runs as a superuser"); empty if it is not known to be."""
    bypasses_rls: bool
    """Whether the target's row-level security, which binds the agent, does not bind the role that it runs as."""
    other_rows: bool
    """Whether it binds that role too, by other policies."""
    fix: str
    columns: tuple[str, ...] | None = None
    """The target's that are concerned; None for all."""


class Unusable(NamedTuple):
    """A privilege that is held, and of no use until something else is."""

    object: Object
    """The database for what stops every statement: LOGIN, CONNECT, an expired password."""
    privilege: str
    """Empty for the database's."""
    needs: str
    """What is missing: "USAGE on schema app"."""
    fix: str
    """The statement that would make it usable."""
    partly: bool = False
    """Whether statements without a WHERE work all the same."""


class Future(NamedTuple):
    """What default privileges will give the role on objects that do not exist yet."""

    creator: str
    schema: str
    """Empty: in every schema."""
    type: str
    """"table", "sequence", "function", "type", "schema" or "large object"."""
    privilege: str
    grantable: bool
    path: tuple[str, ...]
    """From the agent's role to the grantee; its own alone with `public`."""
    public: bool
    fix: str


class RowSecurity(NamedTuple):
    """Whether row-level security binds the role on a relation that has it, or has policies for it."""

    object: Object
    binds: bool
    reason: str
    """Why it does or does not: "no policy lets any row through", "not enabled", "owner without FORCE", "BYPASSRLS", "superuser"."""
    policies: tuple[str, ...]
    """Those that apply to the role, spelled out: "tenant (SELECT): USING (tenant = 1)"."""


class Effective(NamedTuple):
    """All that a role can do in one database."""

    role: str
    held: tuple[Held, ...]
    powers: tuple[Power, ...]
    reach: tuple[Reach, ...]
    owned: tuple[Owned, ...]
    indirect: tuple[Indirect, ...]
    unusable: tuple[Unusable, ...]
    future: tuple[Future, ...]
    row_security: tuple[RowSecurity, ...]
    elsewhere: tuple[str, ...]
    """Other databases of the server that it can connect to, which this snapshot says nothing about."""
    notes: tuple[str, ...]
    """What could not be decided, a sentence each."""


@lru_cache
def spell(source: Source) -> str:
    """A source in words, outermost first."""
    steps = [source.path[0], *(f"{role} (inherits)" for role in source.path[1:])]
    end = {
        Reason.ACL: "GRANT" + (f" by {', '.join(source.grantors)}" if source.grantors else ""),
        Reason.OWNER: "owner",
        Reason.PUBLIC: "PUBLIC" + (f" -> GRANT by {', '.join(source.grantors)}" if source.grantors else ""),
        Reason.SUPERUSER: "superuser",
        Reason.PREDEFINED: "predefined role",
    }[source.reason]
    return " -> ".join([*steps, end])


PASSED_ON = "with CASCADE if it was passed on"
"""Without it the server refuses: others would keep what they have of this grant."""


def revoke(held: Held, source: Source) -> str:
    """The statement that ends one source of a privilege. An inherited one ends for every member: the membership's end is beside it."""
    role = source.path[0]
    if source.reason is Reason.SUPERUSER:
        return f"ALTER ROLE {quote(role)} NOSUPERUSER;"
    if source.reason is Reason.PREDEFINED:
        return leave(source.path)
    what = held.privilege
    if held.columns is not None:
        what += f" ({', '.join(quote(column) for column in held.columns)})"
    grantee = "PUBLIC" if source.reason is Reason.PUBLIC else quote(source.grantee)
    statement = f"REVOKE {what} ON {held.object.on} FROM {grantee};"
    statements = []
    for grantor in source.grantors or (held.owner,):
        # A superuser's REVOKE acts as the owner's; what another granted only that one, or a role that it becomes, can take.
        if grantor == held.owner:
            statements.append(statement)
        else:
            statements.append(f"SET ROLE {quote(grantor)}; {statement} RESET ROLE;")
    notes = [PASSED_ON] if source.grantable and source.reason is Reason.ACL else []
    if len(source.path) > 1 and source.reason is not Reason.PUBLIC:
        notes.append(f"or, for {quote(role)} alone: {leave(source.path)}")
    if notes:
        statements[-1] += f" -- {'; '.join(notes)}"
    return "\n".join(statements)


def leave(path: tuple[str, ...]) -> str:
    """The statement that ends a path of memberships, at its first step."""
    return f"REVOKE {quote(path[1])} FROM {quote(path[0])};"
