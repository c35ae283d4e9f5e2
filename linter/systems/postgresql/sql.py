"""The statements of a scan. Each batch is one round trip: a simple query of several statements, results in this order.

Nothing here needs more than CONNECT. Nothing in the first two batches calls a function that locks a relation or asks for a
privilege on it, so neither a concurrent DROP nor a missing USAGE ends the scan. Objects that initdb made (OIDs below 16384) are passed over
unless their ACL says more than pg_init_privs: their grants are the server's own.
"""

# ruff: noqa: S608 - all that is put into a statement is written here, but for numbers

from collections.abc import Iterable, Iterator

from linter.systems.postgresql.rewriting import USES
from linter.systems.postgresql.snapshot import BOOTSTRAP, FIRST_USER_OID, PUBLIC

MOST_LARGE_OBJECTS = 1000
"""A database may hold millions; above this number the snapshot says so."""


def begin(statement_ms: int, lock_ms: int) -> tuple[str, ...]:
    """What opens the transaction, in front of the first batch."""
    return (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        f"SET LOCAL statement_timeout = {statement_ms}",
        f"SET LOCAL lock_timeout = {lock_ms}",
        f"SET LOCAL idle_in_transaction_session_timeout = {statement_ms}",
        "SET LOCAL search_path = pg_catalog, pg_temp",
        "SET LOCAL TimeZone = 'UTC'",
        "SET LOCAL standard_conforming_strings = on",
        "SET LOCAL jit = off",
    )


IDENTIFIER = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
"""What the server's files are called, for who may execute it."""


def cluster(version: int) -> tuple[str, ...]:
    """The first batch: the server, and what the grantees of the second depend on."""
    options = "inherit_option, set_option" if version >= 160000 else "NULL::bool, NULL::bool"
    return (
        # server
        """SELECT version(), d.datname, d.oid, session_user::text,
       to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), pg_is_in_recovery(), current_setting('lo_compat_privileges')::bool,
       coalesce(has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE'), false)
FROM pg_database d WHERE d.datname = current_database()""",
        # roles
        """SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
       CASE WHEN rolvaliduntil = 'infinity' THEN NULL
            WHEN rolvaliduntil = '-infinity' THEN '0001-01-01T00:00:00Z'
            ELSE to_char(rolvaliduntil, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END, rolconnlimit
FROM pg_roles""",
        # memberships
        f"SELECT roleid, member, grantor, admin_option, {options} FROM pg_auth_members",
        # settings
        """SELECT s.setrole, s.setdatabase, lower(split_part(c, '=', 1)), substr(c, strpos(c, '=') + 1)
FROM pg_db_role_setting s, unnest(s.setconfig) c
WHERE lower(split_part(c, '=', 1)) IN ('role', 'search_path', 'lo_compat_privileges', 'session_replication_role')""",
        # databases
        "SELECT oid, datname, datdba, datallowconn, datistemplate FROM pg_database",
        # owners as whom code runs
        f"""SELECT relowner FROM pg_class WHERE (relkind = 'v' OR relhasrules) AND oid >= {FIRST_USER_OID}
UNION SELECT proowner FROM pg_proc WHERE (prosecdef OR prokind = 'a') AND oid >= {FIRST_USER_OID}""",
    )


def catalog(grantees: Iterable[int], version: int) -> tuple[str, ...]:
    """The second batch: every object, and the grants to these roles."""
    wanted = ", ".join(str(int(oid)) for oid in sorted({PUBLIC, *grantees}))
    to = f"= ANY ('{{{wanted}}}'::oid[])"
    invoker = (
        "coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'), false)"
        if version >= 150000
        else "false"
    )
    return (
        # relations
        f"""SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
       CASE WHEN c.relkind = 'v' AND c.reloptions IS NOT NULL THEN {invoker} ELSE false END, c.relispartition,
       ARRAY(SELECT attname FROM pg_attribute WHERE c.relkind <> 'S' AND attrelid = c.oid AND attnum > 0
             AND NOT attisdropped ORDER BY attnum)
FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid >= {FIRST_USER_OID} AND c.relpersistence <> 't'
UNION ALL
SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, false, false,
       (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
FROM pg_class c
WHERE c.oid < {FIRST_USER_OID} AND c.relkind IN ('r', 'v')
  AND (c.relowner <> {BOOTSTRAP} OR EXISTS {_added("c.relacl", "pg_class", "c.oid", _SYSTEM_RELATION)}
       OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
                  AND EXISTS {_added("a.attacl", "pg_class", "c.oid", "NULL", "a.attnum")}))""",
        # parents: of partitions, of tables that inherit, and of sequences that belong to a column
        f"""SELECT inhrelid, array_agg(inhparent) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= {FIRST_USER_OID} GROUP BY 1
UNION ALL SELECT objid, ARRAY[refobjid] FROM pg_depend WHERE classid = 'pg_class'::regclass
  AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i')""",
        # primary keys
        """SELECT k.conrelid, array_agg(a.attname ORDER BY a.attnum)
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
WHERE k.contype = 'p' GROUP BY k.conrelid""",
        # routines
        f"""SELECT p.oid, pronamespace, proname, oidvectortypes(proargtypes), prokind, proowner, prosecdef,
       prorettype IN (2279, 3838), coalesce(proconfig::text LIKE '%search_path=%', false),
       CASE WHEN l.lanpltrusted OR l.lanname = 'c' OR p.prokind = 'a' OR p.oid < {FIRST_USER_OID}
                 OR p.prosrc ~ '^(multi)?range_constructor' THEN '' ELSE l.lanname END,
       p.prosecdef AND EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_proc'::regclass AND refobjid = p.oid),
       CASE WHEN p.prokind = 'a' THEN {_STEPS} ELSE '{{}}' END
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid >= {FIRST_USER_OID} OR p.proowner <> {BOOTSTRAP}
   OR (proacl IS NOT NULL AND EXISTS {_added("p.proacl", "pg_proc", "p.oid", "acldefault('f', p.proowner)")})""",
        # others
        f"""SELECT 'schema', oid, 0, nspname, nspowner, false, '' FROM pg_namespace WHERE nspname !~ '^pg_(temp_|toast_temp_)'
UNION ALL SELECT 'type', t.oid, t.typnamespace, t.typname, t.typowner, false, '' FROM pg_type t WHERE {_TYPES}
UNION ALL SELECT 'language', oid, 0, lanname, lanowner, lanpltrusted, '' FROM pg_language
UNION ALL SELECT 'fdw', oid, 0, fdwname, fdwowner, false, '' FROM pg_foreign_data_wrapper
UNION ALL SELECT 'server', oid, 0, srvname, srvowner, false, '' FROM pg_foreign_server
UNION ALL SELECT 'tablespace', oid, 0, spcname, spcowner, false, '' FROM pg_tablespace
UNION ALL (SELECT 'large object', oid, 0, oid::text, lomowner, false, '' FROM pg_largeobject_metadata
       WHERE lomowner {to} OR EXISTS (SELECT FROM aclexplode(lomacl) WHERE grantee {to})
       ORDER BY pg_largeobject_metadata.oid LIMIT {MOST_LARGE_OBJECTS + 1})"""
        + (
            "\nUNION ALL SELECT 'parameter', oid, 0, parname, 0, false, '' FROM pg_parameter_acl"
            if version >= 150000
            else ""
        )
        + "".join(
            f"\nUNION ALL SELECT '{family}', oid, {schema}, {name}, {owner}, false, {arguments} FROM {catalog} "
            f"WHERE oid >= {FIRST_USER_OID} OR {owner} <> {BOOTSTRAP}"
            for family, catalog, schema, name, owner, arguments in WITHOUT_ACL
        )
        # Its oid may not be read before 14.
        + """
UNION ALL SELECT 'subscription', row_number() OVER (ORDER BY subname)::oid, 0, subname, subowner, false, ''
FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())""",
        # grants
        "\nUNION ALL\n".join(_grants(to, version)),
        # default grants
        f"""SELECT d.defaclrole, d.defaclnamespace, d.defaclobjtype, x.grantee, x.privilege_type, x.is_grantable
FROM pg_default_acl d, aclexplode(d.defaclacl) x WHERE x.grantee {to}""",
        # uses
        USES,
        # triggers
        """SELECT t.tgrelid, t.tgname, t.tgfoid, t.tgtype
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND p.prosecdef""",
        # cascades
        """SELECT conrelid, confrelid, conname, confdeltype, confupdtype,
       ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey) ORDER BY attnum),
       conparentid <> 0
FROM pg_constraint WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))""",
        # policies
        "SELECT polrelid, polname, polpermissive, polcmd, polroles FROM pg_policy",
        # serials
        """SELECT f.adrelid, a.attname, s.oid
FROM pg_class s JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
     AND d.classid = 'pg_attrdef'::regclass AND d.deptype = 'n'
JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
WHERE s.relkind = 'S'""",
        # parameters
        "SELECT name, context FROM pg_settings",
        # event triggers
        """SELECT e.evtname, e.evtevent, e.evtfoid
FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid WHERE e.evtenabled <> 'D' AND p.prosecdef""",
        # user mappings
        "SELECT umuser, srvid FROM pg_user_mappings",
        # extensions
        f"""SELECT d.classid::regclass::text, d.objid, e.extname, CASE d.classid
       WHEN 'pg_class'::regclass THEN (SELECT {_opened("c.relacl", "pg_class", "c.oid", "NULL")} FROM pg_class c WHERE c.oid = d.objid)
       WHEN 'pg_proc'::regclass THEN (SELECT {_opened("p.proacl", "pg_proc", "p.oid", "acldefault('f', p.proowner)")}
                                      FROM pg_proc p WHERE p.oid = d.objid)
       ELSE false END
FROM pg_extension e
JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'""",
    )


_STEPS = f"""ARRAY(SELECT f.oid FROM pg_aggregate a, pg_proc f WHERE a.aggfnoid = p.oid AND f.prosecdef AND f.oid >= {FIRST_USER_OID}
             AND f.oid IN (aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn))"""
"""The SECURITY DEFINER functions that an aggregate calls."""

_TYPES = f"""(t.oid >= {FIRST_USER_OID} OR t.typowner <> {BOOTSTRAP}) AND (t.typtype IN ('b', 'd', 'e', 'r') AND t.typcategory <> 'A'
       OR t.typtype = 'c' AND t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))"""
"""Types that have an ACL of their own: an array's and a multirange's is its element's, a row type's its table's."""


def _side(name: str) -> str:
    return f"CASE WHEN opr{name} = 0 THEN 'NONE' ELSE format_type(opr{name}, NULL) END"


WITHOUT_ACL = (
    ("extension", "pg_extension", "0", "extname", "extowner", "''"),
    ("publication", "pg_publication", "0", "pubname", "pubowner", "''"),
    ("event trigger", "pg_event_trigger", "0", "evtname", "evtowner", "''"),
    ("collation", "pg_collation", "collnamespace", "collname", "collowner", "''"),
    ("conversion", "pg_conversion", "connamespace", "conname", "conowner", "''"),
    ("statistics", "pg_statistic_ext", "stxnamespace", "stxname", "stxowner", "''"),
    ("text search configuration", "pg_ts_config", "cfgnamespace", "cfgname", "cfgowner", "''"),
    ("text search dictionary", "pg_ts_dict", "dictnamespace", "dictname", "dictowner", "''"),
    ("operator", "pg_operator", "oprnamespace", "oprname", "oprowner", f"concat_ws(', ', {_side('left')}, {_side('right')})"),
    ("operator class", "pg_opclass", "opcnamespace", "opcname", "opcowner", "(SELECT amname FROM pg_am WHERE oid = opcmethod)"),
    ("operator family", "pg_opfamily", "opfnamespace", "opfname", "opfowner", "(SELECT amname FROM pg_am WHERE oid = opfmethod)"),
)  # fmt: skip
"""Family, catalog, schema, name, owner and arguments of what nothing can be granted on, and an owner can drop, with all that
depends on it. Of what initdb made only what is no longer its own."""

EXPRESSIONS = """SELECT polrelid, polname,
       coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
FROM pg_policy"""
"""Of policies. pg_get_expr() may have to lock the relation, so this is in a batch of its own, which may fail."""


def updatable(views: Iterable[int]) -> str:
    """How changes of views pass through to their relations: bits, 4 update, 8 insert, 16 delete. Locks each view in turn."""
    wanted = ", ".join(str(int(oid)) for oid in sorted(views))
    return f"SELECT oid, pg_relation_is_updatable(oid, false) FROM unnest('{{{wanted}}}'::oid[]) oid"


def kept(oids: Iterable[int]) -> str:
    """Of these relations of the server, in the columns of the second batch, those that PUBLIC may not read."""
    wanted = ", ".join(str(int(oid)) for oid in oids)
    return f"""SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relowner, false, false, false, false,
       (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
FROM pg_class c WHERE c.oid = ANY ('{{{wanted}}}'::oid[]) AND c.relkind IN ('r', 'v')
  AND NOT EXISTS (SELECT FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
                  WHERE grantee = {PUBLIC} AND privilege_type = 'SELECT')"""


def toast(oids: Iterable[int]) -> str:
    """Of these relations the TOAST tables, each with the table whose long values it holds, and whether it has no ACL of its own."""
    wanted = ", ".join(str(int(oid)) for oid in oids)
    return f"""SELECT t.oid, t.relnamespace, t.relname, t.relkind, t.relowner, ARRAY['chunk_id', 'chunk_seq', 'chunk_data'],
       c.oid, t.relacl IS NULL
FROM pg_class t JOIN pg_class c ON c.reltoastrelid = t.oid WHERE t.oid = ANY ('{{{wanted}}}'::oid[])"""


_GRANTED = (
    (
        "relation",
        "pg_class",
        """coalesce(o.relacl, acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", o.relowner))""",
        f"o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND o.oid >= {FIRST_USER_OID} AND o.relpersistence <> 't'",
    ),
    ("routine", "pg_proc", "coalesce(o.proacl, acldefault('f', o.proowner))", f"o.oid >= {FIRST_USER_OID}"),
    (
        "schema",
        "pg_namespace",
        "coalesce(o.nspacl, acldefault('n', o.nspowner))",
        "o.nspname !~ '^pg_(temp_|toast_temp_)'",
    ),
    ("database", "pg_database", "coalesce(o.datacl, acldefault('d', o.datdba))", "true"),
    ("type", f"(SELECT * FROM pg_type t WHERE {_TYPES})", "coalesce(o.typacl, acldefault('T', o.typowner))", "true"),
    ("language", "pg_language", "coalesce(o.lanacl, acldefault('l', o.lanowner))", "true"),
    ("fdw", "pg_foreign_data_wrapper", "coalesce(o.fdwacl, acldefault('F', o.fdwowner))", "true"),
    ("server", "pg_foreign_server", "coalesce(o.srvacl, acldefault('S', o.srvowner))", "true"),
    ("tablespace", "pg_tablespace", "coalesce(o.spcacl, acldefault('t', o.spcowner))", "true"),
    ("large object", "pg_largeobject_metadata", "coalesce(o.lomacl, acldefault('L', o.lomowner))", "true"),
    ("parameter", "pg_parameter_acl", "o.paracl", "true"),
)
"""Family, catalog, ACL, and which objects. Most share a handful of ACLs, so each ACL is taken apart once."""


def _grants(to: str, version: int) -> Iterator[str]:
    """Everything that is granted to these roles: (family, objects, column, grantee, grantor, privilege, grantable)."""
    found = "x.grantee, x.grantor, x.privilege_type, x.is_grantable"
    for family, catalog, acl, where in _GRANTED:
        if family != "parameter" or version >= 150000:
            yield f"""SELECT '{family}', o.oids, '', {found}
FROM (SELECT array_agg(o.oid) AS oids, {acl} AS acl FROM {catalog} o WHERE {where} GROUP BY 2) o, aclexplode(o.acl) x
WHERE x.grantee {to}"""
    yield f"""SELECT 'relation', a.oids, a.attname, {found}
FROM (SELECT array_agg(attrelid) AS oids, attname, attacl FROM pg_attribute
      WHERE attacl IS NOT NULL AND NOT attisdropped AND attrelid >= {FIRST_USER_OID} GROUP BY 2, 3) a, aclexplode(a.attacl) x
WHERE x.grantee {to}"""
    yield f"""SELECT 'relation', ARRAY[c.oid], '', {found}
FROM pg_class c, LATERAL {_added("c.relacl", "pg_class", "c.oid", _SYSTEM_RELATION)} x
WHERE c.relkind IN ('r', 'v') AND c.oid < {FIRST_USER_OID} AND x.grantee {to}"""
    # Nobody can change a TOAST table, whatever its ACL says.
    yield f"""SELECT 'relation', ARRAY[c.oid], '', {found}
FROM pg_class c, aclexplode(c.relacl) x
WHERE c.relkind = 't' AND c.relpersistence <> 't' AND x.privilege_type = 'SELECT' AND x.grantee {to}"""
    yield f"""SELECT 'relation', ARRAY[a.attrelid], a.attname, {found}
FROM pg_attribute a, LATERAL {_added("a.attacl", "pg_class", "a.attrelid", "NULL", "a.attnum")} x
WHERE a.attacl IS NOT NULL AND a.attrelid < {FIRST_USER_OID} AND x.grantee {to}"""
    yield f"""SELECT 'routine', ARRAY[p.oid], '', {found}
FROM pg_proc p, LATERAL {_added("p.proacl", "pg_proc", "p.oid", "acldefault('f', p.proowner)")} x
WHERE p.proacl IS NOT NULL AND p.oid < {FIRST_USER_OID} AND x.grantee {to}"""


_SYSTEM_RELATION = """acldefault('r', c.relowner) || CASE c.relnamespace WHEN to_regnamespace('information_schema')
       THEN makeaclitem(0, c.relowner, 'SELECT', false) END"""
"""What a system relation has without an entry in pg_init_privs; initdb of 15 and older writes none for information_schema."""


def _opened(acl: str, catalog: str, oid: str, without: str) -> str:
    """Whether PUBLIC has a privilege that it did not have when the extension was done with the object; whoever granted it."""
    made = (
        f"coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = '{catalog}'::regclass "
        f"AND i.objoid = {oid} AND i.objsubid = 0), {without})"
    )
    public = f"WHERE grantee = {PUBLIC}"
    return (
        f"EXISTS (SELECT privilege_type FROM aclexplode({acl}) {public} "
        f"EXCEPT SELECT privilege_type FROM aclexplode({made}) {public})"
    )


def _added(acl: str, catalog: str, oid: str, without: str, column: str = "0") -> str:
    """A subquery of the entries of an ACL that the object did not have when initdb or its extension was done with it.

    Args:
        without: the ACL at that time where pg_init_privs has none.
    """
    return (
        f"(SELECT * FROM aclexplode({acl}) EXCEPT SELECT * FROM aclexplode(coalesce((SELECT i.initprivs "
        f"FROM pg_init_privs i WHERE i.classoid = '{catalog}'::regclass AND i.objoid = {oid} AND i.objsubid = {column}), "
        f"{without})))"
    )
