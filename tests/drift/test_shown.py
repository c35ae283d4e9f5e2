"""How a run is shown: grouped by cause, cut where it is long, and whole with -v."""

from __future__ import annotations

from pathlib import Path

from tests.command import permlint
from tests.drift.projects import GRANT_READ, READ
from tests.servers import World
from tests.test_drift import BINDING, drift, manifest, setup
from tests.world import build


def test_verbose_shows_all_that_is_granted(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ)
    shown = permlint(tmp_path, "drift", "-v", env={"PG_DSN": world.dsn}).stdout
    assert "SELECT on app.tickets" in shown
    assert "USAGE on schema app" in shown
    assert "ok: triage (staging) postgres.app.tickets" in shown
    (one,) = drift(tmp_path, world, "-v")["effective"]
    assert {
        "privilege": "SELECT on app.tickets",
        "bound": "sure",
        "via": f"{world.role('agent')} -> GRANT by postgres",
    } in one["granted"]


def test_text_groups_by_cause(tmp_path: Path, world: World) -> None:
    files = {
        "a/agent-permissions.yaml": manifest(world, READ),
        "b/agent-permissions.yaml": manifest(world, READ, agent="second").replace(
            world.role("agent"), world.role("two")
        ),
    }
    build(tmp_path, files, BINDING)
    setup(
        world,
        GRANT_READ,
        "CREATE ROLE {two} LOGIN; GRANT USAGE ON SCHEMA app TO {two}; GRANT SELECT ON app.tickets TO {two}",
        "GRANT DELETE ON app.tickets TO PUBLIC",
    )
    lines = permlint(tmp_path, "drift", env={"PG_DSN": world.dsn}).stdout.splitlines()
    head = lines.index("granted to PUBLIC: every role has it  [triage (staging), second (staging)]")
    assert [one.split(": ")[0] for one in lines[head + 1 : head + 3]] == [
        "  a/agent-permissions.yaml:5:6",
        "  b/agent-permissions.yaml:5:6",
    ]
    assert lines[head + 3] == "  = help: REVOKE DELETE ON app.tickets FROM PUBLIC;"


def test_a_large_group_is_cut_and_says_so(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    tables = "; ".join(f"CREATE TABLE app.t{number} (id int)" for number in range(25))
    setup(world, GRANT_READ, f"{tables}; GRANT SELECT ON ALL TABLES IN SCHEMA app TO {{agent}}")
    shown = permlint(tmp_path, "drift", env={"PG_DSN": world.dsn}).stdout
    assert "  ... and 5 more (-v shows them)" in shown
    assert "          ... and 13 more statements" in shown
    assert shown.count("undeclared-privilege") == 20
    assert (
        permlint(tmp_path, "drift", "-v", env={"PG_DSN": world.dsn}).stdout.count("[drift/undeclared-privilege]") == 25
    )
