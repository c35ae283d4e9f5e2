"""What is predicted usable succeeds for a login as the agent, and what is predicted unusable or not held is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.granted import Effective, Indirect
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from tests import servers

REFUSED = "42501"


def look(world: servers.World, role: str = "agent") -> Effective:
    """The effective set of a role of this world."""
    return effective(Index(scan(world.dsn, [world.role(role)])), world.role(role))


@pytest.fixture
def shop(world: servers.World) -> servers.World:
    """Schemas that are open and closed, tables with serials and without, columns."""
    world.run(
        "CREATE ROLE {agent} LOGIN",
        "CREATE SCHEMA open",
        "CREATE SCHEMA closed",
        "GRANT USAGE ON SCHEMA open TO {agent}",
        "CREATE TABLE open.readable (id int, note text)",
        "CREATE TABLE open.blind (id int, note text)",
        "CREATE TABLE open.serial (id serial, note text)",
        "CREATE TABLE open.counted (id int GENERATED ALWAYS AS IDENTITY, note text)",
        "CREATE TABLE closed.shut (id int, note text)",
        "CREATE TABLE open.part (id int, note text, secret text)",
        "CREATE SEQUENCE open.numbers",
        "CREATE FUNCTION open.call() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION open.call() FROM PUBLIC",
        "GRANT SELECT, UPDATE ON open.readable TO {agent}",
        "GRANT UPDATE, DELETE ON open.blind TO {agent}",
        "GRANT INSERT, SELECT ON open.serial, open.counted TO {agent}",
        "GRANT ALL ON closed.shut TO {agent}",
        "GRANT SELECT (id, note), UPDATE (note) ON open.part TO {agent}",
    )
    return world


STATEMENTS = (
    ("open.readable", "SELECT", "id", "SELECT id FROM open.readable"),
    ("open.readable", "UPDATE", "note", "UPDATE open.readable SET note = 'x' WHERE id = 1"),
    ("open.readable", "DELETE", "", "DELETE FROM open.readable WHERE id = 1"),
    ("open.readable", "INSERT", "id", "INSERT INTO open.readable VALUES (1)"),
    ("open.readable", "TRUNCATE", "", "TRUNCATE open.readable"),
    ("open.blind", "UPDATE", "note", "UPDATE open.blind SET note = 'x' WHERE id = 1"),
    ("open.blind", "DELETE", "", "DELETE FROM open.blind WHERE id = 1"),
    ("open.serial", "INSERT", "note", "INSERT INTO open.serial (note) VALUES ('x')"),
    ("open.counted", "INSERT", "note", "INSERT INTO open.counted (note) VALUES ('x')"),
    ("closed.shut", "SELECT", "id", "SELECT id FROM closed.shut"),
    ("open.part", "SELECT", "id", "SELECT id FROM open.part"),
    ("open.part", "SELECT", "secret", "SELECT secret FROM open.part"),
    ("open.part", "UPDATE", "note", "UPDATE open.part SET note = 'x' WHERE id = 1"),
    ("open.part", "UPDATE", "id", "UPDATE open.part SET id = 2 WHERE id = 1"),
    ("open.numbers", "UPDATE", "", "SELECT setval('open.numbers', 2)"),
    ("open.numbers", "SELECT", "", "SELECT last_value FROM open.numbers"),
    ("open.call()", "EXECUTE", "", "SELECT open.call()"),
)


def usable(found: Effective, object: str, privilege: str, column: str) -> bool:
    """Whether a privilege is held, on the whole or on the column, and lacks nothing."""
    held = any(
        one.object.sql == object and one.privilege == privilege and (one.columns is None or column in one.columns)
        for one in found.held
    )
    return held and not any(one.object.sql == object and one.privilege == privilege for one in found.unusable)


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("GRANT ALL ON ALL SEQUENCES IN SCHEMA open TO {agent}", "GRANT USAGE ON SCHEMA closed TO {agent}"),
        ("GRANT SELECT (id) ON open.blind TO PUBLIC", "GRANT EXECUTE ON FUNCTION open.call() TO {agent}"),
        ("CREATE ROLE {group}", "GRANT {group} TO {agent}", "GRANT ALL ON ALL TABLES IN SCHEMA open TO {group}"),
        ("GRANT pg_read_all_data TO {agent}",),
        ("GRANT pg_write_all_data TO {agent}",),
        ("REVOKE USAGE ON SCHEMA open FROM {agent}",),
        ("ALTER ROLE {agent} SUPERUSER",),
        ("ALTER TABLE open.readable OWNER TO {agent}", "REVOKE SELECT ON open.readable FROM {agent}"),
    ],
    ids=str,
)
def test_statements_go_as_predicted(shop: servers.World, more: tuple[str, ...]) -> None:
    if shop.server.major < 14 and any("all_data" in statement for statement in more):
        pytest.skip("the predefined data roles came with PostgreSQL 14")
    shop.run(*more)
    found = look(shop)
    wrong = []
    for object, privilege, column, statement in STATEMENTS:
        outcome = shop.attempt("agent", statement)
        if (outcome is None) is not usable(found, object, privilege, column):
            wrong.append((statement, outcome))
    assert not wrong


@pytest.mark.parametrize(
    ("change", "needs"),
    [
        ("ALTER ROLE {agent} NOLOGIN", "LOGIN"),
        ("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC", "CONNECT on the database"),
        ("ALTER ROLE {agent} CONNECTION LIMIT 0", "a connection limit above 0"),
    ],
)
def test_login_is_refused(shop: servers.World, change: str, needs: str) -> None:
    assert shop.attempt("agent", "SELECT 1") is None
    assert [one.needs for one in look(shop).unusable if not one.privilege] == []
    shop.run(change.replace("{database}", shop.database))
    assert shop.attempt("agent", "SELECT 1") is not None
    (found,) = [one for one in look(shop).unusable if not one.privilege]
    assert found.needs == needs
    shop.run(found.fix)
    assert shop.attempt("agent", "SELECT 1") is None


def test_expired_password_is_told(shop: servers.World) -> None:
    shop.run("ALTER ROLE {agent} VALID UNTIL '2001-01-01 UTC'")
    (found,) = [one for one in look(shop).unusable if not one.privilege]
    assert found.needs == "a password that is still valid (it expired 2001-01-01T00:00:00Z)"
    shop.run("ALTER ROLE {agent} VALID UNTIL '2999-01-01'")
    assert [one for one in look(shop).unusable if not one.privilege] == []


@pytest.fixture
def views(world: servers.World) -> servers.World:
    """A table of one owner, and a schema in which views can be put upon it."""
    world.run(
        "CREATE ROLE {agent} LOGIN",
        "CREATE ROLE {keeper}",
        "CREATE ROLE {other}",
        "CREATE SCHEMA app",
        "GRANT USAGE, CREATE ON SCHEMA app TO PUBLIC",
        "CREATE TABLE app.secret (id int, note text)",
        "INSERT INTO app.secret VALUES (1, 'x')",
        "ALTER TABLE app.secret OWNER TO {keeper}",
    )
    return world


def to_secret(found: Effective, privilege: str) -> list[Indirect]:
    """The ways to the table."""
    return [
        one
        for one in found.indirect
        if one.target is not None and one.target.name == "secret" and one.privilege == privilege
    ]


VIEWS = {
    "definer": ("CREATE VIEW app.v AS SELECT * FROM app.secret", "ALTER VIEW app.v OWNER TO {keeper}"),
    "owner without the right": ("CREATE VIEW app.v AS SELECT * FROM app.secret", "ALTER VIEW app.v OWNER TO {other}"),
    "two hops": (
        "CREATE VIEW app.below AS SELECT * FROM app.secret",
        "ALTER VIEW app.below OWNER TO {keeper}",
        "GRANT ALL ON app.below TO {other}",
        "CREATE VIEW app.v AS SELECT * FROM app.below",
        "ALTER VIEW app.v OWNER TO {other}",
    ),
    "two hops, the second broken": (
        "CREATE VIEW app.below AS SELECT * FROM app.secret",
        "ALTER VIEW app.below OWNER TO {keeper}",
        "CREATE VIEW app.v AS SELECT * FROM app.below",
        "ALTER VIEW app.v OWNER TO {other}",
    ),
    "two hops, the first broken": (
        "CREATE VIEW app.below AS SELECT * FROM app.secret",
        "ALTER VIEW app.below OWNER TO {other}",
        "CREATE VIEW app.v AS SELECT * FROM app.below",
        "ALTER VIEW app.v OWNER TO {keeper}",
        "GRANT ALL ON app.below TO {keeper}",
    ),
    "invoker": ("CREATE VIEW app.v WITH (security_invoker = on) AS SELECT * FROM app.secret", "ALTER VIEW app.v OWNER TO {keeper}"),
    "invoker inside": (
        "CREATE VIEW app.below WITH (security_invoker = 1) AS SELECT * FROM app.secret",
        "CREATE VIEW app.v AS SELECT * FROM app.below",
        "ALTER VIEW app.below OWNER TO {keeper}",
        "ALTER VIEW app.v OWNER TO {keeper}",
    ),
    "invoker outside": (
        "CREATE VIEW app.below AS SELECT * FROM app.secret",
        "ALTER VIEW app.below OWNER TO {keeper}",
        "GRANT SELECT ON app.below TO {agent}",
        "CREATE VIEW app.v WITH (security_invoker) AS SELECT * FROM app.below",
        "ALTER VIEW app.v OWNER TO {other}",
    ),
    "aggregate": ("CREATE VIEW app.v AS SELECT max(id) AS id, max(note) AS note FROM app.secret", "ALTER VIEW app.v OWNER TO {keeper}"),
    "subquery": (
        "CREATE VIEW app.v AS SELECT 1 AS id, 'x'::text AS note WHERE EXISTS (SELECT FROM app.secret)",
        "ALTER VIEW app.v OWNER TO {keeper}",
    ),
    "with": ("CREATE VIEW app.v AS WITH s AS (SELECT * FROM app.secret) SELECT * FROM s", "ALTER VIEW app.v OWNER TO {keeper}"),
    "sample": ("CREATE VIEW app.v AS SELECT * FROM app.secret TABLESAMPLE system (50 + 50)", "ALTER VIEW app.v OWNER TO {keeper}"),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_views_open_what_is_predicted(views: servers.World, name: str) -> None:
    if "invoker" in name and views.server.major < 15:
        pytest.skip("security_invoker came with PostgreSQL 15")
    views.run(*VIEWS[name], "GRANT SELECT, INSERT, UPDATE, DELETE ON app.v TO {agent}")
    found = look(views)
    tried = {
        "SELECT": views.attempt("agent", "SELECT * FROM app.v"),
        "INSERT": views.attempt("agent", "INSERT INTO app.v VALUES (2, 'y')"),
        "UPDATE": views.attempt("agent", "UPDATE app.v SET note = 'z' WHERE id = 1"),
        "DELETE": views.attempt("agent", "DELETE FROM app.v WHERE id = 1"),
    }
    predicted = {privilege: bool(to_secret(found, privilege)) for privilege in tried}
    assert predicted == {privilege: outcome is None for privilege, outcome in tried.items()}
    # What does not work below it is of no use; that the server cannot change a view at all is not looked for.
    idle = {one.privilege: one for one in found.unusable if one.object.sql == "app.v"}
    assert ("SELECT" in idle) is (tried["SELECT"] is not None)
    assert all(tried[privilege] == REFUSED for privilege in idle)
    for _ in range(2):  # a broken hop may hide another
        for one in look(views).unusable:
            views.run(one.fix)
    assert not [one for one in look(views).unusable if one.object.sql == "app.v"]
    assert views.attempt("agent", "SELECT * FROM app.v") is None
    for privilege, statement in (
        ("UPDATE", "UPDATE app.v SET note = 'z' WHERE id = 1"),
        ("DELETE", "DELETE FROM app.v WHERE id = 1"),
    ):
        assert privilege not in idle or views.attempt("agent", statement) is None


def test_a_view_that_row_level_security_leaves_nothing_to(views: servers.World) -> None:
    views.run(*VIEWS["definer"], "GRANT SELECT ON app.v TO {agent}; ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY")
    assert look(views).unusable == ()  # it reads as the owner of the table
    views.run("ALTER VIEW app.v OWNER TO {other}; GRANT SELECT ON app.secret TO {other}")
    (found,) = look(views).unusable
    other = views.role("other")
    assert (
        found.needs == f"a row-level security policy on app.secret for SELECT, for {other}, as whom view app.v uses it"
    )
    assert views.attempt("agent", "SELECT 1 / count(*) FROM app.v") == "22012"
    views.run(found.fix.replace("<a name>", "given").replace("<which rows>", "true"))
    assert look(views).unusable == ()
    assert views.attempt("agent", "SELECT 1 / count(*) FROM app.v") is None


def test_view_names_each_hop(views: servers.World) -> None:
    views.run(*VIEWS["two hops"], "GRANT SELECT ON app.v TO {agent}")
    (found,) = to_secret(look(views), "SELECT")
    agent, keeper, other = (views.role(name) for name in ("agent", "keeper", "other"))
    assert found.via == (
        f"{agent} -> view app.v (runs as {other}) -> view app.below (runs as {keeper}) -> SELECT on app.secret"
    )
    assert found.dangerous == f"SELECT on app.secret, which {agent} does not have"
    assert not found.held


@pytest.mark.parametrize("forced", [False, True])
def test_view_passes_row_level_security(views: servers.World, forced: bool) -> None:
    views.run(*VIEWS["definer"], "GRANT SELECT ON app.v, app.secret TO {agent}")
    views.run("ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY", "CREATE POLICY none ON app.secret USING (false)")
    if forced:
        views.run("ALTER TABLE app.secret FORCE ROW LEVEL SECURITY")
    (found,) = to_secret(look(views), "SELECT")
    assert found.bypasses_rls is not forced
    assert views.attempt("agent", "SELECT 1 / (SELECT count(*) FROM app.secret)") == "22012"
    seen = views.attempt("agent", "SELECT 1 / (SELECT count(*) FROM app.v)")
    assert seen == ("22012" if forced else None)


def test_rules_run_as_the_owner(views: servers.World) -> None:
    views.run(
        "CREATE TABLE app.inbox (id int, note text)",
        "CREATE RULE forward AS ON INSERT TO app.inbox DO ALSO DELETE FROM app.secret WHERE id = new.id",
        "ALTER TABLE app.inbox OWNER TO {keeper}",
        "GRANT INSERT ON app.inbox TO {agent}",
    )
    assert [one.kind for one in to_secret(look(views), "DELETE")] == ["rule"]
    assert views.attempt("agent", "INSERT INTO app.inbox VALUES (1)") is None
    views.run("ALTER TABLE app.inbox OWNER TO {other}")
    assert to_secret(look(views), "DELETE") == []
    assert views.attempt("agent", "INSERT INTO app.inbox VALUES (1)") == REFUSED


def test_foreign_keys_run_as_the_childs_owner(views: servers.World) -> None:
    views.run(
        "CREATE TABLE app.parent (id int PRIMARY KEY)",
        "INSERT INTO app.parent VALUES (1)",
        "ALTER TABLE app.secret ADD CONSTRAINT up FOREIGN KEY (id) REFERENCES app.parent ON DELETE CASCADE ON UPDATE SET NULL",
        "GRANT SELECT, DELETE, UPDATE ON app.parent TO {agent}",
    )
    found = look(views)
    assert [one.via.rpartition(" -> ")[0] for one in to_secret(found, "DELETE")] == [
        f"{views.role('agent')} -> DELETE on app.parent -> foreign key up (ON DELETE CASCADE) (runs as {views.role('keeper')})"
    ]
    assert len(to_secret(found, "UPDATE")) == 1
    assert views.attempt("agent", "DELETE FROM app.secret") == REFUSED
    assert views.attempt("agent", "DELETE FROM app.parent") is None


def test_functions_and_triggers_of_another(views: servers.World) -> None:
    views.run(
        "CREATE FUNCTION app.pry() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = app AS 'SELECT note FROM secret'",
        "CREATE FUNCTION app.wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN DELETE FROM app.secret; RETURN NEW; END'",
        "CREATE FUNCTION app.own() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "ALTER FUNCTION app.pry() OWNER TO {keeper}",
        "ALTER FUNCTION app.own() OWNER TO {agent}",
        "REVOKE EXECUTE ON FUNCTION app.wipe() FROM PUBLIC",
        "CREATE TABLE app.inbox (id int)",
        "CREATE TRIGGER wiper AFTER INSERT ON app.inbox FOR EACH ROW EXECUTE FUNCTION app.wipe()",
        "GRANT INSERT ON app.inbox TO {agent}",
    )
    agent, keeper = views.role("agent"), views.role("keeper")
    found = {(one.kind, one.object.name): one for one in look(views).indirect}
    assert set(found) == {("function", "pry"), ("function", "own"), ("trigger", "wipe")}
    assert found["function", "pry"].dangerous == f"runs as {keeper}, whose rights {agent} does not have"
    assert found["function", "own"].dangerous == ""
    assert found["trigger", "wipe"].dangerous == "runs as a superuser, and finds names by its caller's search_path"
    assert views.attempt("agent", "SELECT app.pry()") is None
    assert views.attempt("agent", "INSERT INTO app.inbox VALUES (1)") is None
    views.run("ALTER TABLE app.inbox DISABLE TRIGGER wiper", "REVOKE EXECUTE ON FUNCTION app.pry() FROM PUBLIC")
    assert {one.object.name for one in look(views).indirect} == {"own"}


def row_cases() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    enable = "ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY"
    yield "off", ("CREATE POLICY p ON app.secret USING (false)",), False
    yield "on", (enable,), True
    yield "policy", (enable, "CREATE POLICY p ON app.secret TO {other} USING (true)"), True
    yield "owner", (enable, "GRANT {keeper} TO {agent}"), False
    yield "forced", (enable, "GRANT {keeper} TO {agent}", "ALTER TABLE app.secret FORCE ROW LEVEL SECURITY"), True
    yield "bypass", (enable, "ALTER ROLE {agent} BYPASSRLS"), False
    yield "inherited bypass", (enable, "ALTER ROLE {other} BYPASSRLS", "GRANT {other} TO {agent}"), True


@pytest.mark.parametrize(("case", "statements", "binds"), list(row_cases()), ids=[one[0] for one in row_cases()])
def test_row_level_security(views: servers.World, case: str, statements: tuple[str, ...], binds: bool) -> None:
    views.run("GRANT SELECT ON app.secret TO {agent}", *statements)
    (found,) = look(views).row_security
    assert found.binds is binds, case
    assert views.attempt("agent", "SELECT 1 / (SELECT count(*) FROM app.secret)") == ("22012" if binds else None)


@pytest.mark.parametrize(
    ("event", "statement"),
    [
        ("ddl_command_start", "CREATE TABLE nowhere.t (a int)"),
        ("ddl_command_end", "DROP TABLE IF EXISTS nowhere"),
        ("sql_drop", "CREATE TEMP TABLE t (); DROP TABLE t"),
        ("login", "SELECT 1"),
    ],
)
@pytest.mark.parametrize("temporary", [True, False])
def test_event_triggers_go_off_as_is_predicted(
    world: servers.World, event: str, statement: str, temporary: bool
) -> None:
    if event == "login" and world.server.major < 17:
        pytest.skip("triggers at login came with PostgreSQL 17")
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE ROLE {keeper}",
        f"REVOKE ALL ON DATABASE {world.database} FROM PUBLIC",
        f"GRANT CONNECT{', TEMPORARY' * temporary} ON DATABASE {world.database} TO {{agent}}",
        "CREATE SCHEMA app; REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$BEGIN IF session_user = '{agent}' THEN RAISE EXCEPTION USING ERRCODE = 'XX999'; END IF; END$$".replace(
            "{agent}", world.role("agent")
        ),
        "ALTER FUNCTION app.watch() OWNER TO {keeper}",
        f"CREATE EVENT TRIGGER watch ON {event} EXECUTE FUNCTION app.watch()",
    )
    found = [one for one in look(world).indirect if one.kind == "event trigger"]
    gone_off = world.attempt("agent", statement) in ("XX999", "no connection")
    assert [(one.name, one.runs_as) for one in found] == [("watch", world.role("keeper"))] * gone_off
    world.run("ALTER EVENT TRIGGER watch DISABLE")
    assert [one for one in look(world).indirect if one.kind == "event trigger"] == []


def test_a_function_in_an_untrusted_language_is_bound_by_nothing(world: servers.World) -> None:
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}",
        "CREATE FUNCTION app.file(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        "CREATE FUNCTION app.kept(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        "REVOKE ALL ON FUNCTION app.kept(text) FROM PUBLIC",
        "CREATE FUNCTION app.plain() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE app.span AS RANGE (subtype = int); CREATE AGGREGATE app.most(int) (sfunc = int4larger, stype = int)",
    )
    assert world.attempt("agent", "SELECT pg_read_file('postgresql.conf')") == "42501"
    assert world.attempt("agent", "SELECT app.file('postgresql.conf')") is None
    (found,) = look(world).indirect
    assert (found.kind, found.object.sql, found.runs_as) == ("function", "app.file(text)", "the server itself")
    world.run(found.fix)
    assert world.attempt("agent", "SELECT app.file('postgresql.conf')") == "42501"
    assert look(world).indirect == ()
