"""A system that answers from another place: nothing is verified of the old one until somebody says that it moved."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from linter.nightly.digest import troubles
from linter.systems.places import elsewhere
from tests.nightly.nights import FILES, READ, Nights, ended, github, kept, manifest, scopes, slack, statuses

PLACES = st.dictionaries(st.sampled_from(["database", "server", "workspace"]), st.sampled_from(["a", "b"]), max_size=3)
STRAY = "asked elsewhere than before: workspace T1 then, workspace T2 now (if it moved there for good: --moved chat)"


@given(PLACES, PLACES)
def test_places_are_one_where_all_that_both_say_agrees(one: dict[str, str], other: dict[str, str]) -> None:
    common = set(one.items()) & set(other.items())
    unlike = {name for name in one.keys() & other.keys() if (name, one[name]) not in common}
    unknown = not one or not other
    assert bool(elsewhere(one, other)) == (not unknown and (bool(unlike) or not common))


def test_another_workspace_resolves_nothing(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES, READ)})
    for day in (2, 3):
        night = nights.run(day, {"chat": slack(READ, team="T2")})
        assert (kept(night), ended(night)) == ({FILES: STRAY}, {})
        assert [(one.problem, one.nights, one.waiting) for one in troubles(night)] == [(STRAY, day - 1, 1)]
    assert [one.last_success[:10] for one in night.sources] == ["2026-11-01"]
    assert ended(nights.run(4, {"chat": slack(READ)})) == {FILES: "resolved"}


def test_what_was_found_elsewhere_alone_is_not_proved_to_be_gone(nights: Nights) -> None:
    nights.run(1, {"chat": slack(READ)})
    assert statuses(nights.run(2, {"chat": slack(FILES, READ, team="T2")})) == {FILES: "new", READ: "open"}
    nights.run(3, {"chat": slack(error="fatal_error")})
    night = nights.run(4, {"chat": slack(READ)})
    assert ended(night) == {FILES: "withdrawn"}
    assert [one.source.system for one in night.recovered] == ["chat"]


def test_a_system_that_moved(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES, READ)})
    nights.run(2, {"chat": slack(READ, team="T2")})
    nights.run(3, {"chat": slack(READ, "usergroups:write", team="T2")})
    night = nights.run(4, {"chat": slack(team="T2")}, moved=["chat"])
    # What was seen in the new place is verified there; what was seen in the old one is not.
    assert ended(night) == {FILES: "withdrawn", READ: "withdrawn", "usergroups:write": "resolved"}
    assert troubles(night) == []
    assert statuses(nights.run(5, {"chat": slack(FILES, team="T2")})) == {FILES: "reappeared"}
    assert ended(nights.run(6, {"chat": slack(team="T2")})) == {FILES: "resolved"}


def test_on_the_day_of_the_move_either_place_may_have_shown_it(nights: Nights) -> None:
    nights.run(1, {"chat": slack(READ)})
    nights.run(2, {"chat": slack(FILES, READ)})
    assert nights.run(2, {"chat": slack(team="T2")}).strays
    assert ended(nights.run(3, {"chat": slack(team="T2")}, moved=["chat"])) == {FILES: "withdrawn", READ: "withdrawn"}


def test_what_is_no_production_may_be_built_anew_each_night(tmp_path: Path) -> None:
    nights = Nights(tmp_path, {"support/agent-permissions.yaml": manifest("notifier", environment="staging")})
    nights.run(1, {"chat": slack(FILES, READ)})
    night = nights.run(2, {"chat": slack(READ, team="T2")})
    assert (troubles(night), ended(night), statuses(night)) == ([], {FILES: "withdrawn"}, {READ: "open"})


def test_an_answer_from_elsewhere_makes_no_acceptance_stale(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    (finding,) = nights.outcome(1, {"chat": slack(FILES)}).findings
    entry = f"{{fingerprint: '{finding.fingerprint}', content: '{finding.content}', rule: {finding.rule}, "
    entry += "reason: agreed, by: kim, until: 2026-12-20, agent: notifier}"
    (nights.folder / "permlint-accepted.yaml").write_text(f"accepted: [{entry}]\n")
    assert [one.by for one in nights.outcome(2, {"chat": slack(FILES)}).silenced] == ["acceptance"]
    assert [one.rule for one in nights.outcome(3, {"chat": slack(team="T2")}).findings] == []
    assert [one.rule for one in nights.outcome(4, {"chat": slack()}).findings] == ["suppression/stale-acceptance"]


def test_who_has_nothing_open_may_move(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    night = nights.run(2, {"chat": slack(FILES, team="T2")})
    assert (statuses(night), troubles(night)) == ({FILES: "new"}, [])
    assert ended(nights.run(3, {"chat": slack(team="T2")})) == {FILES: "resolved"}


def test_all_agents_of_a_system_move_together(tmp_path: Path) -> None:
    nights = Nights(tmp_path, {f"{one}/agent-permissions.yaml": manifest(one) for one in ("support", "web")})
    nights.run(1, {"chat": slack(FILES)})
    (tmp_path / "web/agent-permissions.yaml").write_text(manifest("web", "{resource: chat, actions: ['files:write']}"))
    nights.run(2, {"chat": slack(FILES)})
    (trouble,) = troubles(nights.run(3, {"chat": slack(FILES, team="T2")}))
    assert (trouble.agents, trouble.waiting) == (("support", "web"), 0)


def test_an_answer_that_names_no_place_is_believed(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    assert ended(nights.run(2, {"chat": slack(team="")})) == {FILES: "resolved"}
    nights.run(3, {"chat": slack(FILES)})
    assert kept(nights.run(4, {"chat": slack(team="T2")})) == {FILES: STRAY}


def test_a_state_that_knows_no_places_takes_the_first_answers(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    with closing(sqlite3.connect(nights.state)) as connection:
        connection.executescript(
            "ALTER TABLE source DROP COLUMN place; ALTER TABLE source DROP COLUMN elsewhere; "
            "ALTER TABLE finding DROP COLUMN lasting; PRAGMA user_version = 1"
        )
    assert troubles(nights.run(2, {"chat": slack(FILES, team="T2")})) == []
    (trouble,) = troubles(nights.run(3, {"chat": slack(team="T3")}))
    assert trouble.problem.startswith("asked elsewhere than before: workspace T2 then, workspace T3 now")


def test_the_first_answer_of_a_system_is_where_it_begins(tmp_path: Path) -> None:
    both = manifest("support", "{resource: chat, access: none}", "{resource: hub, access: none}")
    nights = Nights(tmp_path, {"support/agent-permissions.yaml": both})
    loud = {"chat": slack(FILES), "hub": github("gist")}
    assert nights.run(1, loud, only=["chat"]).adoption
    night = nights.run(2, loud)
    assert (night.adoption, statuses(night)) == (False, {FILES: "open", "gist": "open"})
    # A new agent on a system that is known is news; a system that did not answer yet still begins.
    nights.write(web=manifest("web"))
    night = nights.run(3, loud)
    news = [one.known for one in night.standings.values() if one.status == "new"]
    assert {one.agent for one in news if scopes(one)} == {"web"}  # beside it, that two share a key
    nights.write(free=manifest("free", environment="staging"))
    nights.run(4, {"hub": github("gist")})
    night = nights.run(5, loud)
    assert {one.status for one in night.standings.values() if one.known.environment == "staging"} == {"open"}


def test_a_place_of_hostile_text(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    evil = "T\ud800\x1b[2J'); DROP TABLE source; --"
    for day in (2, 3):
        (trouble,) = troubles(nights.run(day, {"chat": slack(team=evil)}))
        assert "\\ud800" in trouble.problem
    assert ended(nights.run(4, {"chat": slack(team=evil)}, moved=["chat"])) == {FILES: "withdrawn"}
    assert troubles(nights.run(5, {"chat": slack(FILES, team=evil)})) == []
