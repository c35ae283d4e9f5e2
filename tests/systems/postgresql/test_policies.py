"""Row-level security that lets no row through: what is granted and cannot be used, held against statements that are run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from tests import servers
from tests.test_drift import BINDING, compared, manifest
from tests.world import build

_CHANGES = (
    "DO $$DECLARE n int; BEGIN {}; GET DIAGNOSTICS n = ROW_COUNT; IF n = 0 THEN RAISE division_by_zero; END IF; END$$"
)
STATEMENTS = {
    "SELECT": "SELECT 1 / count(*) FROM app.t",
    "INSERT": _CHANGES.format("INSERT INTO app.t VALUES (2)"),
    "UPDATE": _CHANGES.format("UPDATE app.t SET id = 3"),
    "DELETE": _CHANGES.format("DELETE FROM app.t"),
    "UPDATE WHERE": _CHANGES.format("UPDATE app.t SET id = 3 WHERE id = 1"),
    "DELETE WHERE": _CHANGES.format("DELETE FROM app.t WHERE id = 1"),
}
"""Each fails where it reaches no row."""


@pytest.fixture(scope="module", params=sorted({min(servers.programs()), max(servers.programs())}))
def shop(request: pytest.FixtureRequest) -> Iterator[servers.World]:
    """A table with one row, whose policies each example makes anew."""
    with servers.running(request.param) as server, servers.world(server) as fresh:
        fresh.run(
            "CREATE ROLE {agent} LOGIN; CREATE ROLE {crew}; CREATE ROLE {other}; GRANT {crew} TO {agent}",
            "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        )
        yield fresh


def table(*statements: str) -> tuple[str, ...]:
    """The statements that make it anew."""
    return (
        "DROP TABLE IF EXISTS app.t; CREATE TABLE app.t (id int); INSERT INTO app.t VALUES (1)",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON app.t TO {agent}",
        *statements,
    )


@st.composite
def policies(draw: st.DrawFn) -> str:
    """One CREATE POLICY but for its name, in some the expressions are missing."""
    command = draw(st.sampled_from(["ALL", "SELECT", "INSERT", "UPDATE", "DELETE"]))
    truth = st.sampled_from(["true", "true", "false", ""])
    using, check = draw(truth), draw(truth)
    clauses = f" USING ({using})" if using and command != "INSERT" else ""
    clauses += f" WITH CHECK ({check})" if check and command not in ("SELECT", "DELETE") else ""
    how = draw(st.sampled_from(["PERMISSIVE", "PERMISSIVE", "RESTRICTIVE"]))
    to = draw(st.sampled_from(["PUBLIC", "{agent}", "{crew}", "{other}"]))
    return f"ON app.t AS {how} FOR {command} TO {to}{clauses}"


_STATES = ("ENABLE", "ENABLE", "ENABLE", "DISABLE")
_OWNERS = (
    "ALTER TABLE app.t OWNER TO {crew}",
    "ALTER TABLE app.t OWNER TO {crew}; ALTER TABLE app.t FORCE ROW LEVEL SECURITY",
)


@given(
    made=st.lists(policies(), max_size=4),
    state=st.sampled_from(_STATES),
    owner=st.sampled_from(["", "", "", *_OWNERS]),
)
@settings(max_examples=40, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_what_reaches_no_row_is_of_no_use(shop: servers.World, made: list[str], state: str, owner: str) -> None:
    named = [f"CREATE POLICY p{number} {one}" for number, one in enumerate(made)]
    shop.run(*table(*named, f"ALTER TABLE app.t {state} ROW LEVEL SECURITY", *filter(None, [owner])))
    agent = shop.role("agent")
    found = effective(Index(scan(shop.dsn, [agent])), agent).unusable
    works = {name: shop.attempt("agent", statement) is None for name, statement in STATEMENTS.items()}
    ours = {
        name: not any(one.privilege == name and not one.partly for one in found)
        for name in STATEMENTS
        if " " not in name
    }
    assert ours == {name: works[name] for name in ours}
    # Whatever a WHERE reads is bound by the policies for SELECT too.
    for name in ("UPDATE", "DELETE"):
        assert works[f"{name} WHERE"] is not any(one.privilege == name for one in found)


READ = "{resource: postgres.app.t, access: read-only}"
ON = "ALTER TABLE app.t ENABLE ROW LEVEL SECURITY"
CASES = {
    "no policy": ([ON], ["SELECT"]),
    "none for the command": ([ON, "CREATE POLICY p ON app.t FOR UPDATE USING (true)"], ["SELECT"]),
    "another role's": ([ON, "CREATE POLICY p ON app.t TO {other} USING (true)"], ["SELECT"]),
    "a restrictive one alone": ([ON, "CREATE POLICY p ON app.t AS RESTRICTIVE USING (true)"], ["SELECT"]),
    "one by a role that is inherited": ([ON, "CREATE POLICY p ON app.t FOR SELECT TO {crew} USING (id > 0)"], []),
    "one beside a restrictive one": (
        [ON, "CREATE POLICY p ON app.t USING (id > 0); CREATE POLICY q ON app.t AS RESTRICTIVE USING (id < 9)"],
        [],
    ),
    "not enabled": (["CREATE POLICY p ON app.t TO {other} USING (true)"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_declared_privilege_that_no_policy_lets_through_is_missing(
    tmp_path: Path, shop: servers.World, case: str
) -> None:
    statements, expected = CASES[case]
    build(tmp_path, {"agent-permissions.yaml": manifest(shop, READ)}, BINDING)
    shop.run(*table("REVOKE INSERT, UPDATE, DELETE ON app.t FROM {agent}", *statements))
    body = compared(tmp_path, shop)
    assert [(one["rule"], one["details"]["privilege"]) for one in body["findings"]] == [
        ("drift/unusable-privilege", privilege) for privilege in expected
    ]
    assert [one["verdict"] for one in body["verdicts"]] == ["missing" if expected else "ok"]
    assert (shop.attempt("agent", STATEMENTS["SELECT"]) is None) is not bool(expected)
    for one in body["findings"]:
        assert "a row-level security policy for SELECT" in one["message"]
        shop.run(one["fix"].replace("<which rows>", "id > 0").replace("<a name>", "given"))
        assert shop.attempt("agent", STATEMENTS["SELECT"]) is None
        assert compared(tmp_path, shop)["findings"] == []


def test_one_finding_a_command(tmp_path: Path, shop: servers.World) -> None:
    entry = "{resource: postgres.app.t, actions: [select, insert, update, delete]}"
    build(tmp_path, {"agent-permissions.yaml": manifest(shop, entry)}, BINDING)
    shop.run(*table(ON, "CREATE POLICY p ON app.t FOR INSERT WITH CHECK (true)"))
    body = compared(tmp_path, shop)
    assert sorted(one["details"]["privilege"] for one in body["findings"]) == ["DELETE", "SELECT", "UPDATE"]
    for one in body["findings"]:
        shop.run(one["fix"].replace("<which rows>", "id > 0").replace("<a name>", "for_" + one["details"]["privilege"]))
    assert compared(tmp_path, shop)["findings"] == []


def test_a_where_without_a_policy_for_reading(tmp_path: Path, shop: servers.World) -> None:
    entry = "{resource: postgres.app.t, actions: [update]}"
    build(tmp_path, {"agent-permissions.yaml": manifest(shop, entry)}, BINDING)
    shop.run(
        *table(ON, "REVOKE ALL ON app.t FROM {agent}; ALTER TABLE app.t ADD PRIMARY KEY (id)"),
        "GRANT SELECT (id), UPDATE ON app.t TO {agent}; CREATE POLICY p ON app.t FOR UPDATE USING (true)",
    )
    body = compared(tmp_path, shop)
    (found,) = body["findings"]
    assert "a row-level security policy for SELECT, without which no WHERE finds a row" in found["message"]
    assert [one["verdict"] for one in body["verdicts"]] == ["ok"]


def test_rows_that_are_declared_where_none_is_let_through(tmp_path: Path, shop: servers.World) -> None:
    entry = "{resource: postgres.app.t, access: read-only, scope: {rows: id = 1}}"
    build(tmp_path, {"agent-permissions.yaml": manifest(shop, entry)}, BINDING)
    shop.run(*table(ON, "REVOKE INSERT, UPDATE, DELETE ON app.t FROM {agent}"))
    body = compared(tmp_path, shop)
    # Nothing is left that would have to be compared with the scope.
    assert [one["rule"] for one in body["findings"]] == ["drift/unusable-privilege"]
    assert [(one["verdict"], one["also"]) for one in body["verdicts"]] == [("missing", [])]
    shop.run("CREATE POLICY p ON app.t USING (id = 1)")
    assert [one["rule"] for one in compared(tmp_path, shop)["findings"]] == ["drift/unverified-resource"]


def test_an_audit_log_that_no_policy_lets_be_written(tmp_path: Path, shop: servers.World) -> None:
    strategy = "rollback_strategy: {command: 'revert --run <run_id>', audit_log: postgres.app.t}\n"
    build(tmp_path, {"agent-permissions.yaml": manifest(shop, READ, more=strategy)}, BINDING)
    shop.run(
        *table(ON, "REVOKE UPDATE, DELETE ON app.t FROM {agent}; CREATE POLICY p ON app.t FOR SELECT USING (true)")
    )
    (found,) = compared(tmp_path, shop)["findings"]
    assert found["rule"] == "drift/unwritable-audit-log"
    assert "a row-level security policy for INSERT" in found["message"]
