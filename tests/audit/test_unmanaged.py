"""Principals without a manifest: decided of in the table like a permission, and followed up until nobody of that name is there."""

from __future__ import annotations

import csv
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from linter.systems.postgresql.names import quote
from tests import servers
from tests.audit.projects import decided, filled, record
from tests.audit.record.tables import plain_yaml
from tests.browser import opened
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, TICKETS, manifest
from tests.world import build

READ = "{resource: postgres.app.tickets, access: read-only, blast_radius: none}"
GRANTED = "GRANT SELECT ON app.tickets TO {agent}"


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    with servers.world(newest) as fresh:
        fresh.run(TICKETS, GRANTED, "CREATE ROLE {etl} LOGIN")
        yield fresh


def config(world: World, more: str = "") -> str:
    return f'{BINDING}[systems.postgres.principals]\nnames = ["{world.prefix}*"]\n{more}'


def project(folder: Path, world: World, more: str = "") -> Path:
    return build(folder, {"agent-permissions.yaml": manifest(world, READ)}, config(world, more))


def asked(folder: Path, dsn: str, *arguments: str, save: str = "") -> dict[str, Any]:
    """The JSON of a report that asks a database."""
    done = permlint(folder, "report", "--format", "json", *arguments, env={"PG_DSN": dsn})
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    if save:
        (folder / save).write_text(done.stdout)
    return {**body, "status": done.returncode, "told": done.stderr}


def table(folder: Path, dsn: str) -> list[dict[str, str]]:
    permlint(folder, "report", "--live", "--output", "t.csv", env={"PG_DSN": dsn})
    with (folder / "t.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def decide(folder: Path, dsn: str, name: str, day: str, decision: str = "revoke", reason: str = "") -> dict[str, str]:
    """A reviewer decides of a principal; the row."""
    given = table(folder, dsn)
    (row,) = (one for one in given if one["principal"] == name and one["origin"] == "unmanaged")
    row.update(decided(decision, on=day, reason=reason))
    done = record(folder, filled(given, {}), as_of=day)
    assert (done.returncode, done.stderr) == (0, "")
    return row


def principals(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Each principal without a manifest -> its state and the outcome of its decision."""
    return {one["name"]: (one["state"], (one["decision"] or {}).get("outcome", "")) for one in body["principals"]}


def gone(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Each principal that is gone -> the outcome of its decision, and when it was proved. A proof says what it is one of."""
    found = [one for one in body["revoked"] if one["what"].startswith("principal ")]
    there_no_more = ": it is there no more, by this name or another"
    assert all(one["what"].endswith(there_no_more) is bool(one["verified"]) for one in found)
    return {
        one["what"].removesuffix(there_no_more): ((one["decided"] or {}).get("outcome", ""), one["verified"][:10])
        for one in found
    }


def test_a_revoke_is_done_when_nobody_of_that_name_is_there(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    first = asked(tmp_path, world.dsn, "--live")
    day = first["as_of"]
    (one,) = first["principals"]
    assert (one["system"], one["environment"], one["name"]) == ("postgres", "", etl)
    assert one["place"]["database"] == world.database
    assert first["principals_open"] == 1
    row = decide(tmp_path, world.dsn, etl, day)
    assert row["id"] == one["id"]
    (stored,) = plain_yaml((tmp_path / "permlint-decisions.yaml").read_text())
    assert stored == {
        "id": one["id"], "decision": "revoke", "by": "sec@example.com", "on": day, "origin": "unmanaged",
        "system": "postgres", "what": "whatever it may do: nobody agreed to it", "principal": etl, "place": one["place"],
        "principal_id": one["principal_id"],
    }  # fmt: skip
    assert principals(asked(tmp_path, world.dsn, "--live")) == {etl: ("unmanaged", "pending")}
    late = asked(tmp_path, world.dsn, "--live", "--as-of", "2999-01-01")
    assert principals(late) == {etl: ("unmanaged", "overdue")}
    # Without an answer nothing is proved.
    unasked = asked(tmp_path, world.dsn)
    assert (principals(unasked), gone(unasked)) == ({etl: ("unverified", "unverified")}, {})
    down = asked(tmp_path, "host=/nowhere dbname=x", "--live")
    assert (principals(down), gone(down), down["status"]) == ({etl: ("unverified", "unverified")}, {}, 3)
    assert f"not checked: postgres: principal {etl}: it was there when it was last seen" in down["told"]
    world.run("DROP ROLE {etl}")
    body = asked(tmp_path, world.dsn, "--live", save="last.json")
    assert (principals(body), gone(body)) == ({}, {f"principal {etl}": ("done", day)})
    (proof,) = (each["verified"] for each in body["revoked"])
    # The first absence stays the proof, also where nobody asks.
    later = asked(tmp_path, world.dsn, "--previous", "last.json")
    assert [each["verified"] for each in later["revoked"]] == [proof]
    # Made anew, it stands again.
    world.run("CREATE ROLE {etl} LOGIN")
    again = asked(tmp_path, world.dsn, "--live", "--previous", "last.json")
    assert (principals(again), gone(again)) == ({etl: ("unmanaged", "pending")}, {})


def test_a_nightly_run_proves_it_too(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    day = asked(tmp_path, world.dsn, "--live")["as_of"]
    night = ("drift", "--format", "json", "--output", "night.json")
    permlint(tmp_path, *night, env={"PG_DSN": world.dsn})
    decide(tmp_path, world.dsn, etl, day)
    world.run("DROP ROLE {etl}")
    (tmp_path / "permlint-decisions.yaml").rename(tmp_path / "kept")
    permlint(tmp_path, *night, env={"PG_DSN": world.dsn})
    (tmp_path / "kept").rename(tmp_path / "permlint-decisions.yaml")
    # That run did not know whom to look for.
    body = asked(tmp_path, world.dsn, "--drift-json", "night.json")
    assert (principals(body), gone(body)) == ({etl: ("unverified", "unverified")}, {})
    permlint(tmp_path, *night, env={"PG_DSN": world.dsn})
    body = asked(tmp_path, world.dsn, "--drift-json", "night.json")
    assert gone(body) == {f"principal {etl}": ("done", day)}


@pytest.mark.parametrize("change", ["pattern", "login", "renamed"])
def test_what_is_only_not_found_any_more_is_not_gone(tmp_path: Path, world: World, change: str) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    first = asked(tmp_path, world.dsn, "--live", save="1.json")
    decide(tmp_path, world.dsn, etl, first["as_of"])
    if change == "pattern":
        build(tmp_path, {}, config(world).replace("*", "agent*"))
    elif change == "login":
        world.run("ALTER ROLE {etl} NOLOGIN")
    else:
        world.run("ALTER ROLE {etl} RENAME TO {loader}")
    body = asked(tmp_path, world.dsn, "--live", "--previous", "1.json")
    if change == "renamed":
        # Under the new name it is to be decided of anew; what was decided of the old one is not done.
        loader = world.role("loader")
        assert (principals(body), gone(body)) == ({etl: ("unmanaged", "pending"), loader: ("unmanaged", "")}, {})
        assert body["principals"][0]["reason"] == f"it was renamed to {loader}, and is still there"
        return
    assert (principals(body), gone(body)) == ({etl: ("unmanaged", "pending")}, {})
    assert body["principals"][0]["reason"] == "it is there, though it is not found as an agent's any more"


def test_one_that_nobody_decided_of_and_that_is_not_found_any_more(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    asked(tmp_path, world.dsn, "--live", save="1.json")
    kept = asked(tmp_path, world.dsn, "--previous", "1.json")
    assert principals(kept) == {etl: ("unverified", "")}
    world.run("DROP ROLE {etl}")
    body = asked(tmp_path, world.dsn, "--live", "--previous", "1.json", save="2.json")
    assert (principals(body), gone(body)) == ({}, {f"principal {etl}": ("", body["as_of"])})
    assert asked(tmp_path, world.dsn, "--live", "--previous", "2.json")["revoked"] == []


def test_a_manifest_is_no_revoke(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    day = asked(tmp_path, world.dsn, "--live")["as_of"]
    decide(tmp_path, world.dsn, etl, day)
    written = manifest(world, READ, agent="etl").replace(world.role("agent"), etl)
    build(tmp_path, {"b/agent-permissions.yaml": written})
    for live in (("--live",), ()):
        body = asked(tmp_path, world.dsn, *live)
        assert (principals(body), gone(body)) == ({etl: ("managed", "managed")}, {})
        assert body["principals"][0]["reason"] == "a manifest speaks for it now: b/agent-permissions.yaml"
        assert body["principals_open"] == 0


def test_another_database_proves_nothing(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    decide(tmp_path, world.dsn, etl, asked(tmp_path, world.dsn, "--live")["as_of"])
    world.run("DROP ROLE {etl}")
    with servers.twin(world) as other:
        other.run(TICKETS.partition("\n")[2], GRANTED)
        body = asked(tmp_path, other.dsn, "--live")
        clause = f"asked elsewhere than before: database {world.database} then, database {other.database} now"
        assert (principals(body), gone(body)) == ({etl: ("unverified", "unverified")}, {})
        assert body["principals"][0]["reason"] == f"it was there when it was last seen; {clause}"
        assert f"postgres: {clause}: that anything is gone since then is not proved" in body["evidence"]["unverified"]
        moved = asked(tmp_path, other.dsn, "--live", "--moved", "postgres")
        assert gone(moved)[f"principal {etl}"][0] == "done"


def test_one_name_in_two_sources_is_two_principals(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    more = config(world).replace("systems.postgres", "systems.warehouse").replace("PG_DSN", "OTHER_DSN")
    project(tmp_path, world, more)
    with servers.twin(world) as other:
        env = {"PG_DSN": world.dsn, "OTHER_DSN": other.dsn}
        permlint(tmp_path, "report", "--live", "--output", "t.csv", env=env)
        with (tmp_path / "t.csv").open(newline="") as file:
            given = list(csv.DictReader(file))
        rows = {one["system"]: one for one in given if one["principal"] == etl}
        assert len({one["id"] for one in rows.values()}) == 2
        rows["postgres"].update(decided("keep", on="2026-11-25", reason="the DBA's"))
        assert record(tmp_path, filled(given, {}), as_of="2026-11-25").returncode == 0
        done = permlint(tmp_path, "report", "--live", "--format", "json", "--as-of", "2999-01-01", env=env)
        found = {one["system"]: one["decision"] for one in json.loads(done.stdout)["principals"] if one["name"] == etl}
        assert found["postgres"]["decision"] == "keep"
        assert found["warehouse"] is None


def test_a_decision_on_the_page(chromium: Browser, tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    world.run("GRANT DELETE ON app.tickets TO {agent}", "CREATE ROLE {odd} LOGIN")
    done = permlint(tmp_path, "report", "--live", "--output", "r.html", env={"PG_DSN": world.dsn})
    assert "1 agent, 2 permissions and 2 principals without a manifest to decide on" in done.stderr
    with opened(chromium, tmp_path / "r.html") as found:
        page = found.page
        page.locator("#unmanaged").scroll_into_view_if_needed()
        page.get_by_label(f"Decision on {etl} of postgres", exact=True).select_option("revoke")
        page.get_by_label(f"Decision on {world.role('odd')} of postgres", exact=True).select_option("keep")
        page.locator("article h3").first.scroll_into_view_if_needed()
        page.locator("article tr.u select").select_option("revoke")
        page.get_by_label("Decided by").fill("sam@example.com")
        page.get_by_label("on", exact=True).fill("2026-11-25")
        page.get_by_role("button", name="Save decisions as CSV").click()
        expect(page.locator("#saved")).to_have_text("1 decision without a reason.")
        page.get_by_label(f"Reason for the decision on {world.role('odd')} of postgres", exact=True).fill("the DBA's")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save decisions as CSV").click()
        download.value.save_as(tmp_path / "d.csv")
        assert found.complaints == []
    done = permlint(tmp_path, "review", "record", "d.csv", "--as-of", "2026-11-25")
    assert (done.returncode, done.stderr) == (0, "")
    stored = plain_yaml((tmp_path / "permlint-decisions.yaml").read_text())
    assert {(one["origin"], one["principal"], one["decision"]) for one in stored} == {
        ("unmanaged", etl, "revoke"),
        ("unmanaged", world.role("odd"), "keep"),
        ("granted", world.role("agent"), "revoke"),
    }
    places: list[Any] = [one["place"] for one in stored]
    assert [one["database"] for one in places] == [world.database] * 3
    assert principals(asked(tmp_path, world.dsn, "--live", "--as-of", "2026-11-25"))[etl] == ("unmanaged", "pending")
    permlint(tmp_path, "report", "--live", "--output", "2.html", env={"PG_DSN": world.dsn})
    shown = (tmp_path / "2.html").read_text()
    assert shown.count("by sam@example.com on 2026-11-25") == 3
    assert shown.count("by sam@example.com on 2026-11-25:") == 1  # the one that has a reason
    told = permlint(tmp_path, "report", "--live", "--output", "r.md", env={"PG_DSN": world.dsn})
    text = html.unescape((tmp_path / "r.md").read_text()).replace("\\", "").replace("\u200b", "")
    assert told.returncode in (0, 1)
    assert f"| {etl} | postgres | unmanaged | revoke by sam@example.com on 2026-11-25, pending |" in text


def test_rows_that_were_edited(tmp_path: Path, world: World) -> None:
    project(tmp_path, world)
    world.run("CREATE ROLE {odd} LOGIN")
    given = table(tmp_path, world.dsn)
    first, second = (one for one in given if one["origin"] == "unmanaged")
    line = given.index(first) + 2
    slipped = "is not what the report had there: was part of the table sorted, or a cell retyped?"
    for name, cell in (
        ("id", second["id"]),
        ("principal", second["principal"]),
        ("system", "warehouse"),
        ("place", first["place"].replace(world.database, "other")),
        ("place", ""),
        ("origin", "granted"),
        ("verdict", "managed"),
    ):
        edited = {**first, **decided("revoke", on="2026-11-25"), name: cell}
        done = record(tmp_path, filled([edited if one is first else one for one in given], {}), as_of="2026-11-25")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"error: decide.csv:{line}:" in done.stderr
        assert f"check: a cell of this row {slipped}" in done.stderr
    # What was never agreed to is kept for a reason alone; and two decisions on one principal have to be one.
    bare = {**first, **decided("keep", on="2026-11-25")}
    done = record(tmp_path, filled([bare if one is first else one for one in given], {}), as_of="2026-11-25")
    assert "reason: is empty: what is granted and was never agreed to is kept without one" in done.stderr
    twice = [*given, {**first, **decided("investigate", on="2026-11-25", reason="whose is it?")}]
    twice[line - 2] = {**first, **decided("revoke", on="2026-11-25")}
    done = record(tmp_path, filled(twice, {}), as_of="2026-11-25")
    assert f"error: decide.csv:{len(twice) + 1}:" in done.stderr
    assert f"decision: line {line} decides otherwise" in done.stderr
    twice.pop()
    done = record(tmp_path, filled(twice, {}), as_of="2026-11-25")
    assert "1 decision (1 revoke); 1 permission and 1 principal of this file left undecided" in done.stdout


def test_a_name_that_somebody_wrote_into_the_decisions_is_not_looked_for(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    decide(tmp_path, world.dsn, etl, "2026-11-25")
    path = tmp_path / "permlint-decisions.yaml"
    path.write_text(path.read_text().replace(f'principal: "{etl}"', 'principal: "nobody"'))
    build(tmp_path, {}, config(world).replace("*", "agent*"))
    body = asked(tmp_path, world.dsn, "--live")
    assert (principals(body), gone(body)) == ({"nobody": ("unverified", "unverified")}, {})


def test_drift_tells_of_decisions_that_it_cannot_read(tmp_path: Path, world: World) -> None:
    project(tmp_path, world)
    (tmp_path / "permlint-decisions.yaml").write_text("decisions: [\n")
    done = permlint(tmp_path, "drift", env={"PG_DSN": world.dsn})
    assert done.returncode == 2
    assert "permlint-decisions.yaml:2:1: is not YAML" in done.stdout
    assert f"{world.role('etl')} of postgres has no manifest" in done.stdout


HOSTILE = (
    "=cmd|'/c calc'!A0",
    "two  spaces",
    "line\nbreak",
    "::error::x",
    "##[error]x",
    "+1",
    "<script>alert(1)</script>",
    " lead",
)


def test_hostile_names(tmp_path: Path, world: World) -> None:
    names = [world.prefix + HOSTILE[0], *HOSTILE]
    quoted = [quote(one) for one in names]
    build(
        tmp_path,
        {"agent-permissions.yaml": manifest(world, READ)},
        f'{BINDING}[systems.postgres.principals]\nnames = ["*"]\n',
    )
    try:
        with world.server.connect(world.database) as connection:
            for one in quoted:
                connection.execute(f"CREATE ROLE {one} LOGIN".encode())
        given = table(tmp_path, world.dsn)
        people = [one for one in given if one["origin"] == "unmanaged"]
        assert not [cell for one in given for cell in one.values() if cell[:1] in "=+-@" and cell]
        for row in people:
            row.update(decided("revoke", on="2026-11-25"))
        done = record(tmp_path, filled(given, {}), as_of="2026-11-25")
        assert (done.returncode, done.stderr) == (0, "")
        body = asked(tmp_path, world.dsn, "--live")
        assert {one["name"] for one in body["principals"]} > set(names)
        assert {one["decision"]["decision"] for one in body["principals"]} == {"revoke"}
    finally:
        with world.server.connect(world.database) as connection:
            for one in quoted:
                connection.execute(f"DROP ROLE IF EXISTS {one}".encode())
    body = asked(tmp_path, world.dsn, "--live", save="2.json")
    done_names = {what.removeprefix("principal ") for what, (outcome, _) in gone(body).items() if outcome == "done"}
    # A name that the table had to fold or write out cannot be looked for: it is never said to be gone.
    folded = {"two spaces", r"line break", " lead".strip()}
    assert done_names.isdisjoint(folded)
    assert {"=cmd|'/c calc'!A0", "+1", "<script>alert(1)</script>"} <= done_names
    assert folded <= {one["name"] for one in body["principals"] if one["state"] == "unverified"}
