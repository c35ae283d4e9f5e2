"""What one scan of a database's catalog saw: plain immutable rows, which JSON can hold (`--record`, `--live-from`).

Everything refers to everything else by OID. `Key` names an object across catalogs, because an OID is unique in one only.
"""

from typing import NamedTuple

Key = tuple[str, int]
"""(family, oid): "relation", "routine", "schema", "database", "type", "language", "fdw", "server", "tablespace",
"parameter" or "large object", and what has no ACL: "extension", "publication", "subscription", "collation" ... A
parameter's oid is that of pg_parameter_acl; a subscription's is a number."""

PUBLIC = 0
"""The grantee of what is granted to PUBLIC."""
BOOTSTRAP = 10
"""The superuser that initdb makes, whose is all that it makes."""
FIRST_USER_OID = 16384
"""What has a smaller OID initdb made."""


class Server(NamedTuple):
    """Where and when a snapshot was taken."""

    version: int
    """`server_version_num`: 160014 is 16.14."""
    host: str
    """As the connection names it: a host, an address, or a socket's folder."""
    port: int
    database: str
    database_oid: int
    login: str
    """The auditor's own role: the session's user."""
    taken: str
    """The server's clock at the start of the transaction: ISO 8601, UTC."""
    standby: bool
    open_large_objects: bool
    """lo_compat_privileges: large objects are open to every role, whatever their ACLs say."""
    address: str = ""
    """Hosts and ports as the connection string has them, all of them where it has several."""
    identifier: str = ""
    """pg_control_system(): the same as long as these files are the server's, or a copy's; empty where it may not be read."""

    @property
    def major(self) -> int:
        """16 for 160014."""
        return self.version // 10000


class Role(NamedTuple):
    """A row of pg_roles."""

    oid: int
    name: str
    superuser: bool
    inherit: bool
    create_role: bool
    create_db: bool
    login: bool
    replication: bool
    bypass_rls: bool
    valid_until: str | None
    """When its password expires: ISO 8601, UTC; None for never."""
    connection_limit: int
    """-1: none."""


class Membership(NamedTuple):
    """A row of pg_auth_members: `member` is a member of `role`. Since 16 there may be several, by grantor."""

    role: int
    member: int
    grantor: int
    admin: bool
    inherit: bool | None
    """16 and later; None before, where the member's own `inherit` decides at the time of use."""
    set: bool | None
    """16 and later; None before, where every member may SET ROLE."""


class Setting(NamedTuple):
    """One setting of pg_db_role_setting, of the few that bear on permissions (role, search_path, lo_compat_privileges ...)."""

    role: int
    """0: every role."""
    database: int
    """0: every database."""
    name: str
    value: str


class Database(NamedTuple):
    """A database of the server; only the connected one was scanned."""

    oid: int
    name: str
    owner: int
    allows_connections: bool
    template: bool


class Relation(NamedTuple):
    """A relation that SQL can name, sequences included.

    Those of the system only where their ACL was changed, or where a view or a rule uses what is kept from PUBLIC.
    """

    oid: int
    schema: int
    name: str
    kind: str
    """pg_class.relkind: r table, p partitioned table, v view, m materialised view, f foreign table, S sequence; t TOAST table,
    where somebody granted on it."""
    owner: int
    row_security: bool
    force_row_security: bool
    security_invoker: bool
    """A view whose relations are checked as the caller (15 and later)."""
    partition: bool
    """Whether it is a partition, and so reached through its parent without an ACL of its own."""
    columns: tuple[str, ...]
    """In order; dropped ones are left out. None for sequences."""
    primary_key: tuple[str, ...]
    extension: str
    """The extension that it belongs to, or empty."""
    opened: bool = False
    """Of an extension's: whether PUBLIC has been given more on it than the extension gives."""
    parents: tuple[int, ...] = ()
    """What it is a partition of, or inherits from: statements there reach it without an ACL of its own. Of a sequence, the
    table of the column that it belongs to; of a TOAST table, the table whose long values it holds."""


class Routine(NamedTuple):
    """A function, procedure or aggregate. Those of the system only where their ACL was changed."""

    oid: int
    schema: int
    name: str
    arguments: str
    """The input types that identify it, as SQL writes them, schema-qualified unless of pg_catalog: "integer, app.kind"."""
    kind: str
    """pg_proc.prokind: f function, p procedure, a aggregate, w window function."""
    owner: int
    security_definer: bool
    trigger: bool
    """Whether it returns trigger (or event_trigger): nobody can call it."""
    search_path: bool
    """Whether it sets its own search_path."""
    untrusted: str
    """Its language, where nothing that is written in it is checked (internal, plpython3u ...); else empty. C is a library's."""
    extension: str
    used: bool = True
    """Of a SECURITY DEFINER one: whether a view, a default or the like calls it, for which its schema need not be open."""
    opened: bool = False
    """As a relation's."""
    steps: tuple[int, ...] = ()
    """Of an aggregate: the SECURITY DEFINER functions that it calls, which its owner may have to be allowed, not its caller."""


class Other(NamedTuple):
    """An object of another family than relations, routines and databases."""

    family: str
    oid: int
    schema: int
    """0 for what has none."""
    name: str
    owner: int
    """0 for what has none (parameter)."""
    trusted: bool
    """Of a language: whether it is trusted."""
    extension: str
    arguments: str = ""
    """Of an operator: the types on its left and right; of an operator class or family: its access method."""


class Grant(NamedTuple):
    """One privilege of one ACL entry, on all objects that have just this ACL: a NULL ACL is spelled out as its default."""

    family: str
    oids: tuple[int, ...]
    column: str
    """Empty for the whole object. A system column may have an ACL too."""
    grantee: int
    """0 is PUBLIC."""
    grantor: int
    privilege: str
    grantable: bool


class DefaultGrant(NamedTuple):
    """One privilege that ALTER DEFAULT PRIVILEGES gives on objects that `creator` will create."""

    creator: int
    schema: int
    """0: in every schema."""
    kind: str
    """pg_default_acl.defaclobjtype: r relations, S sequences, f routines, T types, n schemas, L large objects."""
    grantee: int
    privilege: str
    grantable: bool


class Use(NamedTuple):
    """What a view or a rewrite rule does with a relation, checked as the owner of the relation that has the rule."""

    view: int
    """The relation with the rule; a view's own query is its SELECT rule."""
    event: str
    """What sets it off: SELECT, INSERT, UPDATE or DELETE."""
    rule: str
    """The rule's name; "_RETURN" is the view's query."""
    relation: int
    """0 says that the rule stands instead of the statement, whatever it does; then there are no privileges."""
    privileges: tuple[str, ...]
    """SELECT, INSERT, UPDATE, DELETE."""
    columns: tuple[str, ...] = ()
    """Of a rule: those that it reads, or sets; empty where it is the whole relation, or not known."""
    instead: bool = True
    """Whether the statement that sets it off is not run itself."""


class Updatable(NamedTuple):
    """What changes of a view the server passes through to the relation below it."""

    view: int
    events: tuple[str, ...] | None
    """INSERT, UPDATE, DELETE; None where a lock kept it from being known."""


class Trigger(NamedTuple):
    """A trigger that is neither disabled nor a constraint's own."""

    relation: int
    name: str
    routine: int
    events: tuple[str, ...]
    """INSERT, UPDATE, DELETE, TRUNCATE."""
    row: bool = True
    """FOR EACH ROW; else once a statement that names its relation."""


class EventTrigger(NamedTuple):
    """An event trigger that is not disabled, and whose function is SECURITY DEFINER."""

    name: str
    event: str
    """ddl_command_start, ddl_command_end, sql_drop, table_rewrite, login."""
    routine: int


class UserMapping(NamedTuple):
    """How a role logs in on a foreign server. What it logs in with is not read."""

    role: int
    """0 is PUBLIC."""
    server: int


class Cascade(NamedTuple):
    """A foreign key whose action changes the child when the parent changes. It runs as the child's owner."""

    child: int
    parent: int
    name: str
    on_delete: str
    """CASCADE, SET NULL, SET DEFAULT, or empty."""
    on_update: str
    columns: tuple[str, ...] = ()
    """The child's that refer; empty in a recording that does not say."""
    copied: bool = False
    """Whether it is the copy, for a partition, of one that is listed too."""


class Policy(NamedTuple):
    """A row-level security policy."""

    relation: int
    name: str
    permissive: bool
    command: str
    """SELECT, INSERT, UPDATE, DELETE, or ALL."""
    roles: tuple[int, ...]
    """0 is PUBLIC."""
    using: str | None
    """The expression, or empty; None where a lock kept it from being read."""
    check: str | None


class Serial(NamedTuple):
    """A column whose default takes a sequence's next value: INSERT needs USAGE there (an identity column does not)."""

    relation: int
    column: str
    sequence: int


class Parameter(NamedTuple):
    """A configuration parameter that the server knows, as far as pg_settings shows it to the auditor's login."""

    name: str
    context: str
    """pg_settings.context: internal, postmaster, sighup, superuser-backend, backend, superuser or user."""


class Snapshot(NamedTuple):
    """One database's catalog, at one moment, as far as it concerns some roles.

    Roles, memberships and objects are complete. Grants are those whose grantee the scanned roles are, or can become, or
    run code as.
    """

    server: Server
    scanned: tuple[int, ...]
    """Roles for which grants are complete."""
    roles: tuple[Role, ...]
    memberships: tuple[Membership, ...]
    settings: tuple[Setting, ...]
    databases: tuple[Database, ...]
    relations: tuple[Relation, ...]
    routines: tuple[Routine, ...]
    others: tuple[Other, ...]
    grants: tuple[Grant, ...]
    default_grants: tuple[DefaultGrant, ...]
    uses: tuple[Use, ...]
    updatables: tuple[Updatable, ...]
    triggers: tuple[Trigger, ...]
    cascades: tuple[Cascade, ...]
    policies: tuple[Policy, ...]
    serials: tuple[Serial, ...]
    parameters: tuple[Parameter, ...]
    event_triggers: tuple[EventTrigger, ...]
    user_mappings: tuple[UserMapping, ...]

    def role(self, name: str) -> Role | None:
        """The role of that name, which exactly matches case."""
        return next((role for role in self.roles if role.name == name), None)
