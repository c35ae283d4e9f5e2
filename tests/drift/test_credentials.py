"""No password and no other credential reaches any output of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import permlint
from tests.drift.projects import CANARY, GRANT_READ, READ
from tests.servers import World
from tests.test_drift import BINDING, READ_WRITE, drift, manifest, setup
from tests.world import build


@pytest.mark.parametrize(
    ("dsn", "sentence"),
    [
        ("", "the variable PG_DSN is not set"),
        (f"postgresql://u:{CANARY}@h:port/d", "PG_DSN"),
        (f"host=h password='{CANARY}", "the variable PG_DSN holds no connection string"),
        (f"{CANARY} = x = y", "the variable PG_DSN holds no connection string"),
        (f"postgresql://u:{CANARY}@127.0.0.1:1/d", "refuses connections"),
        (f"postgresql://u:{CANARY}@no-such-host.invalid/d", "host name that does not resolve"),
    ],
)
def test_the_password_is_in_no_output(tmp_path: Path, world: World, dsn: str, sentence: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    both = ["--format", "text", "--output", "-", "--format", "json", "--output", "out.json"]
    for arguments in (["drift", "-v", *both], ["systems", "--check"]):
        done = permlint(tmp_path, *arguments, env={"PG_DSN": dsn})
        assert CANARY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode == 3
        assert sentence in done.stdout
    assert CANARY not in (tmp_path / "out.json").read_text()
    assert sentence in (tmp_path / "out.json").read_text()


def test_the_password_of_a_connection_that_works_is_in_no_output(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(world, GRANT_READ)
    dsn = f"{world.dsn} password={CANARY}"
    for arguments in (["-v"], ["-v", "--format", "json"], ["--record", "out.json"]):
        done = permlint(tmp_path, "drift", *arguments, env={"PG_DSN": dsn})
        assert CANARY not in done.stdout + done.stderr
    assert CANARY not in (tmp_path / "out.json").read_text()


def test_a_configuration_that_holds_a_value_is_not_quoted(tmp_path: Path) -> None:
    build(
        tmp_path,
        {"agent-permissions.yaml": ""},
        f'[systems.pg]\nkind = "postgresql"\ndsn_env = "postgresql://u:{CANARY}@h/d"\n',
    )
    done = permlint(tmp_path, "drift")
    assert CANARY not in done.stdout + done.stderr
    assert "permlint.toml:3:1: systems.pg.dsn_env: expected the name of an environment variable" in done.stdout
    assert done.returncode == 2


def test_a_name_that_is_a_credential_is_masked_and_no_other(tmp_path: Path, world: World) -> None:
    token = "ghp_" + "a1B2c3D4" * 4
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(
        world,
        GRANT_READ,
        f'CREATE TABLE app."{token}" (a int); CREATE TABLE app.plain (a int); GRANT SELECT ON app.plain TO {{agent}}',
        f'CREATE ROLE "{token}"; GRANT INSERT ON app."{token}" TO "{token}"; GRANT "{token}" TO {{agent}}',
    )
    for form in ("text", "json", "sarif", "markdown"):
        assert token not in permlint(tmp_path, "drift", "--format", form, env={"PG_DSN": world.dsn}).stdout
    plain, masked = sorted(drift(tmp_path, world)["findings"], key=lambda one: "***" in one["message"])
    assert (plain["details"]["object"], plain["details"]["via"][0]) == ("plain", world.role("agent"))
    hidden = "ghp_" + "*" * 32
    assert (masked["details"]["object"], masked["details"]["via"][1]) == (hidden, hidden)
    assert f'REVOKE INSERT ON app."{hidden}" FROM "{hidden}";' in masked["fix"]
    with world.server.connect() as connection:
        connection.execute(f'REVOKE ALL ON DATABASE {world.database} FROM "{token}"'.encode())
    world.run(f'DROP OWNED BY "{token}"; DROP ROLE "{token}"')
