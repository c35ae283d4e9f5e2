"""Revokes and the place that is asked: another database proves nothing of the one in which a permission was seen."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.audit.projects import CONFIG, DAY, PATH, decided, filled, permission, project, record, report, rows, slack
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, SCHEMA, TICKETS, manifest
from tests.world import build

UPDATE = "{resource: postgres.app.tickets, access: read-write, scope: 'status, assigned_to columns only', blast_radius: high}"
AGREED = "GRANT SELECT (id, status, assigned_to), UPDATE (status, assigned_to) ON app.tickets TO {agent}"


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    with servers.world(newest) as fresh:
        yield fresh


def asked(folder: Path, dsn: str, *arguments: str, save: str = "") -> dict[str, Any]:
    """The JSON of a report that asks a database."""
    done = permlint(folder, "report", "--live", "--format", "json", *arguments, env={"PG_DSN": dsn})
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    if save:
        (folder / save).write_text(done.stdout)
    return {**body, "status": done.returncode, "told": done.stderr}


def revoke(folder: Path, dsn: str, day: str, **cells: str) -> None:
    """A reviewer decides that the one permission with these cells goes."""
    permlint(folder, "report", "--live", "--output", "t.csv", env={"PG_DSN": dsn})
    with (folder / "t.csv").open(newline="") as file:
        given = list(csv.DictReader(file))
    (row,) = (one for one in given if all(one[name] == value for name, value in cells.items()))
    row.update(decided("revoke", on=day))
    assert record(folder, filled(given, {}), as_of=day).returncode == 0


def gone(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What is revoked -> its outcome and proof."""
    return {one["what"]: (one["decided"]["outcome"], one["verified"]) for one in body["revoked"]}


def test_another_database_proves_no_revoke(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, BINDING)
    world.run(TICKETS, AGREED, "GRANT DELETE ON app.tickets TO {agent}")
    first = asked(tmp_path, world.dsn, save="1.json")
    assert permission(first, "DELETE")["place"]["database"] == world.database
    revoke(tmp_path, world.dsn, first["as_of"], what="DELETE on app.tickets")
    with servers.twin(world) as other:
        other.run(SCHEMA, AGREED)
        second = asked(tmp_path, other.dsn, "--previous", "1.json", save="2.json")
        third = asked(tmp_path, other.dsn, "--previous", "2.json", save="3.json")
        clause = f"asked elsewhere than before: database {world.database} then, database {other.database} now"
        for body in (second, third):  # time makes no proof
            row = permission(body, "DELETE")
            assert (row["verdict"], row["decision"]["outcome"], body["revoked"]) == ("unverified", "unverified", [])
            assert row["reason"] == f"it was granted when it was last seen; {clause}"
            assert f"not checked: triage (staging): DELETE on app.tickets: {row['reason']}" in body["told"]
            sentence = f"postgres (staging): {clause}: that anything is gone since then is not proved"
            assert sentence in body["evidence"]["unverified"]
        ((outcome, proof),) = gone(asked(tmp_path, other.dsn, "--previous", "3.json", "--moved", "postgres")).values()
        assert (outcome, proof[:10]) == ("done", first["as_of"])
    # Asked where it was granted, it is pending, and then proved.
    assert permission(asked(tmp_path, world.dsn, "--previous", "3.json"), "DELETE")["decision"]["outcome"] == "pending"
    world.run("REVOKE DELETE ON app.tickets FROM {agent}")
    assert gone(asked(tmp_path, world.dsn, "--previous", "3.json"))["DELETE on app.tickets"][0] == "done"


def test_a_decision_on_what_is_declared_is_not_done_elsewhere(tmp_path: Path, world: World) -> None:
    text = manifest(world, UPDATE, "{resource: postgres.app.notes, access: read-only, blast_radius: none}")
    build(tmp_path, {"agent-permissions.yaml": text}, BINDING)
    world.run(TICKETS, AGREED, "CREATE TABLE app.notes (id int); GRANT SELECT ON app.notes TO {agent}")
    first = asked(tmp_path, world.dsn, save="1.json")
    day = first["as_of"]
    revoke(tmp_path, world.dsn, day, resource="postgres.app.notes")
    with servers.twin(world) as other:
        other.run(SCHEMA, AGREED, "CREATE TABLE app.notes (id int)")
        for last, name in (("1.json", "2.json"), ("2.json", "3.json")):
            body = asked(tmp_path, other.dsn, "--previous", last, save=name)
            (row,) = (one for one in body["agents"][0]["permissions"] if one["resource"] == "postgres.app.notes")
            assert (row["verdict"], row["decision"]["outcome"]) == ("missing", "unverified")
        # Taken out of the manifest, it is gone from there, and that is all that is known.
        build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, BINDING)
        for last, name in (("3.json", "4.json"), ("4.json", "5.json")):
            body = asked(tmp_path, other.dsn, "--previous", last, save=name)
            (one,) = body["revoked"]
            assert (one["gone_from"], one["decided"]["outcome"], one["verified"]) == ("manifest", "unverified", "")
            assert one["why"].startswith("asked elsewhere than before: database ")
            assert "triage (staging): read: revoke not proved: asked elsewhere than before: database" in body["told"]
    world.run("REVOKE SELECT ON app.notes FROM {agent}")
    assert gone(asked(tmp_path, world.dsn, "--previous", "5.json"))["read"][0] == "done"


def test_a_revoke_of_an_agent_whose_manifest_is_gone_is_shown_and_counted(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    live = ("--live-from", "slack.json")
    (tmp_path / "last.json").write_text(json.dumps(report(tmp_path, *live)))
    found = rows(tmp_path, *live)
    assert record(tmp_path, filled(found, {"users:read": decided("revoke")}), as_of=DAY).returncode == 0
    (tmp_path / PATH).unlink()
    other = "agent_name: other\nenvironment: staging\nresources:\n  - {resource: chat, access: none}\n"
    live_too = json.loads(slack())
    live_too["systems"]["chat"] = live_too["systems"].pop("slack")
    build(
        tmp_path,
        {"agents/other.agent-permissions.yaml": other, "slack.json": json.dumps(live_too)},
        CONFIG.replace("slack]", "chat]"),
    )
    for previous in ((), ("--previous", "last.json")):
        body = report(tmp_path, *live, *previous, status=(3,))
        (one,) = (each for each in body["revoked"] if each["decided"])
        assert (one["what"], one["gone_from"], one["verified"]) == ("users:read on slack (read)", "manifest", "")
        assert (one["decided"]["outcome"], one["why"]) == ("unverified", "its manifest is gone, so nothing asks for it")
    told = permlint(tmp_path, "report", "--as-of", DAY, *live, "--format", "markdown", "--output", "-")
    assert told.returncode == 3
    assert (
        "not checked: triage (staging): users:read on slack (read): revoke not proved: its manifest is gone"
        in told.stderr
    )
    summary = told.stdout.partition("## Summary")[2].partition("\n## ")[0]
    assert "- Revokes that nothing proves: 1\n" in summary
    why = "revoke not proved: its manifest is gone, so nothing asks for it"
    assert f"| triage | staging | slack.#ops: users:read on slack (read) | {why} |" in summary.replace("\\", "")
    page = permlint(tmp_path, "report", "--as-of", DAY, *live, "--format", "html", "--output", "-").stdout
    assert "<h3>Revoked, and not proved to be gone</h3>" in page
    assert "revoke not proved: its manifest is gone, so nothing asks for it" in page
    # Without live data nothing is asked for, and the status does not speak of it.
    assert report(tmp_path, status=(0, 1))["revoked"][0]["decided"]["outcome"] == "unverified"


def test_an_undecided_right_is_not_proved_to_be_gone_by_the_second_report_either(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, BINDING)
    world.run(TICKETS, AGREED, "GRANT DELETE ON app.tickets TO {agent}")
    asked(tmp_path, world.dsn, save="1.json")
    with servers.twin(world) as other:
        other.run(SCHEMA, AGREED)
        asked(tmp_path, other.dsn, "--previous", "1.json", save="2.json")
        body = asked(tmp_path, other.dsn, "--previous", "2.json", save="3.json")
        assert (permission(body, "DELETE")["verdict"], body["revoked"]) == ("unverified", [])
        assert permission(body, "DELETE")["place"]["database"] == world.database
    world.run("REVOKE DELETE ON app.tickets FROM {agent}")
    body = asked(tmp_path, world.dsn, "--previous", "3.json")
    assert [one["what"] for one in body["revoked"] if one["verified"]] == ["DELETE on app.tickets"]


def test_a_decision_keeps_its_place(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, BINDING)
    world.run(TICKETS, AGREED, "GRANT DELETE ON app.tickets TO {agent}")
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    decisions = tmp_path / "permlint-decisions.yaml"
    with servers.twin(world) as other:
        other.run(SCHEMA, AGREED)
        body = asked(tmp_path, other.dsn)  # with no earlier report
        clause = f"asked elsewhere than before: database {world.database} then, database {other.database} now"
        row = permission(body, "DELETE")
        assert (row["verdict"], row["decision"]["outcome"], body["revoked"]) == ("unverified", "unverified", [])
        assert row["reason"] == f"it was granted when it was last seen; {clause}"
        assert row["place"]["database"] == world.database
        moved = asked(tmp_path, other.dsn, "--moved", "postgres", "--moved", "postgras")
        assert gone(moved) == {"DELETE on app.tickets": ("done", moved["revoked"][0]["verified"])}
        word = "postgres moved: what is not seen where it answers now counts as gone on the operator's word (--moved)"
        typo = "--moved postgras: no system of that name answered"
        assert {word, f"{typo}, so it says nothing"} <= set(moved["evidence"]["unverified"])
        assert f"note: {typo}\n" in moved["told"]
        assert "note: --moved postgres:" not in moved["told"]
        # Another's decision, recorded before decisions had a place, goes on as it did; and the report says so.
        text = decisions.read_text()
        decisions.write_text("".join(one for one in text.splitlines(True) if not one.startswith("    place: ")))
        assert decisions.read_text() != text
        old = asked(tmp_path, other.dsn)
        assert gone(old)["DELETE on app.tickets"][0] == "done"
        said = (
            "1 decision on postgres in permlint-decisions.yaml names no place: an absence counts wherever it was asked"
        )
        assert said in old["evidence"]["unverified"]
        decisions.write_text(text)
    world.run("REVOKE DELETE ON app.tickets FROM {agent}")
    body = asked(tmp_path, world.dsn)
    assert gone(body)["DELETE on app.tickets"][0] == "done"
    assert not [one for one in body["evidence"]["unverified"] if "place" in one]


def test_what_stands_in_another_form_is_not_among_what_is_gone(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, BINDING)
    world.run(TICKETS, AGREED, "GRANT UPDATE (email, body) ON app.tickets TO {agent}")
    first = asked(tmp_path, world.dsn, save="1.json")
    (before,) = (one["what"] for one in first["agents"][0]["permissions"] if one["origin"] == "granted")
    revoke(tmp_path, world.dsn, first["as_of"], what=before)
    world.run("REVOKE UPDATE (email) ON app.tickets FROM {agent}")
    body = asked(tmp_path, world.dsn, "--previous", "1.json")
    (one,) = body["revoked"]
    assert (one["what"], one["gone_from"], one["verified"]) == (before, "", "")
    assert one["why"] == "it stands, or may stand, in another form: UPDATE on app.tickets (columns body)"
    assert one["decided"]["outcome"] == "pending"
    for kind, head in (("html", "<h3>{}</h3>"), ("markdown", "### {}\n")):
        told = permlint(
            tmp_path, "report", "--live", "--format", kind, "--output", "-", env={"PG_DSN": world.dsn}
        ).stdout
        title = head.format("Not gone: what was granted stands in another form")
        above, found, below = told.partition(title)
        assert found
        assert before.partition(" (")[0] in below.split("Evidence")[0].replace("\\", "")
        section = above.rpartition("Revoked since the last report")[2]
        assert before.partition(" (")[0] not in section.replace("\\", "")
