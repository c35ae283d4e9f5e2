"""A revoke is not done while an attribute of the role gives the right back, and the report names the attribute."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import servers
from tests.audit.test_moved import asked, revoke
from tests.audit.test_renamed_objects import outcomes
from tests.test_drift import BINDING, TICKETS, manifest
from tests.world import build

NOTES = "{resource: postgres.app.notes, access: read-only, blast_radius: none}"


@pytest.mark.parametrize(
    ("attribute", "right", "majors"),
    [("REPLICATION", "SELECT", (15, 18)), ("CREATEROLE", "DELETE", (15,)), ("CREATEDB", "SELECT", ())],
)
@pytest.mark.parametrize("major", [15, 18])
def test_an_attribute_is_another_form(
    tmp_path: Path, major: int, attribute: str, right: str, majors: tuple[int, ...]
) -> None:
    if major not in servers.programs():
        pytest.skip(f"PostgreSQL {major} is not here")
    with servers.running(major) as server, servers.world(server) as world:
        build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES)}, BINDING)
        world.run(TICKETS, "CREATE TABLE app.notes (id int); GRANT SELECT ON app.notes TO {agent}")
        world.run(f"GRANT {right} ON app.tickets TO {{agent}}")
        revoke(tmp_path, world.dsn, asked(tmp_path, world.dsn)["as_of"], what=f"{right} on app.tickets")
        world.run(f"REVOKE {right} ON app.tickets FROM {{agent}}", f"ALTER ROLE {{agent}} {attribute}")
        ((outcome, why),) = outcomes(asked(tmp_path, world.dsn)).values()
        words = attribute.replace("CREATE", "CREATE ")
        told = f"it stands, or may stand, in another form: {words} on {world.role('agent')}" if major in majors else ""
        assert (outcome, why.partition(" (")[0]) == ("pending" if major in majors else "done", told)
        world.run(f"ALTER ROLE {{agent}} NO{attribute}")
        assert [one[0] for one in outcomes(asked(tmp_path, world.dsn)).values()] == ["done"]
