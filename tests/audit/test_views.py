"""What the page folds loses nothing, and its pictures are of the numbers they are made from."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from linter.audit.folds import Piece, folded, folded_exceptions, told
from linter.audit.model import Agent, Note, Permission, Source, privileged, undecided
from linter.audit.pictures import BAR, blast_by_environment, growth
from linter.audit.views import grouped, powers, pressing, sums, unsure
from linter.creep.timeline import Entry, Step, Timeline
from tests.audit import factory

WORDS = st.text(alphabet="ab.R\0<", max_size=6)


def note(resource: str, message: str, fix: str = "", *, agent: str = "a", status: str = "open") -> Note:
    """A finding that differs in these alone."""
    return Note("scope/x", "error", message, "a.yaml:1:1", agent, "ci", resource, fix, "sha256:0", status)


def restored(pieces: tuple[Piece, ...], one: Note) -> str:
    """What the pieces say of a finding."""
    filled = {"RESOURCE": one.resource, "AGENT": one.agent}
    return "".join(filled[piece.text] if piece.hole else piece.text for piece in pieces)


@given(st.lists(st.builds(note, WORDS, WORDS, WORDS, agent=st.sampled_from("ab")), max_size=12))
def test_folding_drops_nothing_and_each_finding_can_be_told_again(notes: list[Note]) -> None:
    for folds in (folded(notes), folded_exceptions(notes)):
        assert Counter(one for fold in folds for one in fold.notes) == Counter(notes)
        for fold in folds:
            for one in fold.notes:
                assert restored(fold.kind.message, one) == one.message
                assert restored(fold.kind.fix, one) == one.fix


def test_findings_that_name_their_resource_are_folded_from_four() -> None:
    named = [note(f"db.t{number}", f"`db.t{number}` is wide") for number in range(4)]
    assert [len(fold.notes) for fold in folded(named)] == [4]
    assert [len(fold.notes) for fold in folded(named[:3])] == [1, 1, 1]
    assert folded(named)[0].kind.message == (Piece("`"), Piece("RESOURCE", True), Piece("` is wide"))
    same = [note(f"db.t{number}", "this scope is prose") for number in range(2)]
    assert [len(fold.notes) for fold in folded(same)] == [2]
    assert [len(fold.notes) for fold in folded([same[0], same[1]._replace(message="this scope is poetry")])] == [1, 1]


def test_what_four_agents_share_is_told_to_each_and_what_five_share_once() -> None:
    assert told(factory.audit(4, 8, 40).agents).shared == {}
    found = told(factory.audit(5, 8, 50).agents)
    numbers = {kind.rule: counts for kind, counts in found.shared.items()}
    assert numbers["scope/uncheckable-scope"] == (2, 5, 10)
    (undeclared,) = (kind for kind in found.shared if kind.rule == "drift/undeclared-privilege")
    assert [piece.text for piece in undeclared.message if piece.hole] == ["AGENT", "RESOURCE"]
    assert sum(len(fold.notes) for folds in found.folds.values() for fold in folds) == 50


def unverified(resource: str, reason: str) -> Permission:
    """A declared permission of which nothing is known."""
    one = factory.permission("a", 0, "ci")
    return one._replace(resource=resource, verdict="unverified", granted=None, reason=reason, id=resource)


def agent_of(permissions: list[Permission], findings: list[Note], number: int = 0) -> Agent:
    """An agent with these."""
    return factory.agent(number, 1, 0)._replace(permissions=tuple(permissions), findings=tuple(findings))


def unread(resource: str, reason: str, status: str = "open") -> Note:
    """The finding of such a permission."""
    return note(resource, reason, "Bind it.", status=status)._replace(
        rule="drift/unverified-resource", fingerprint=resource
    )


def test_what_two_rows_say_is_told_by_pointing_at_them() -> None:
    rows = [unverified(f"db.t{number}", "no system `db`") for number in range(3)]
    notes = [unread(row.resource, row.reason) for row in rows]
    (fold,) = told([agent_of(rows, notes)]).folds["ticket-triage-0"]
    assert (fold.rows, fold.notes, fold.fixes) == ("unverified", tuple(notes), ["Bind it."])
    # One alone, one that is accepted, and one whose row gives another reason are told in full.
    for own in (
        notes[:1],
        [notes[0], unread("db.t1", "no system `db`", "accepted")],
        [unread("db.t0", "it timed out")],
    ):
        folds = told([agent_of(rows, own)]).folds["ticket-triage-0"]
        assert [fold.rows for fold in folds] == [""] * len(folds)
        assert Counter(one for fold in folds for one in fold.notes) == Counter(own)


def test_what_is_granted_and_ok_has_no_mark_to_point_at() -> None:
    """Scopes that a provider cannot withhold: their rows bear no badge, so the findings say it themselves."""
    rows = [
        unverified("db.t", "no way to have less")._replace(origin="granted", verdict="ok", finding=f, id=f)
        for f in "ab"
    ]
    notes = [note("db.t", "no way to have less")._replace(fingerprint=f) for f in "ab"]
    (fold,) = told([agent_of(rows, notes)]).folds["ticket-triage-0"]
    assert (fold.rows, fold.notes) == ("", tuple(notes))


def test_a_reason_that_many_agents_share_is_linked_from_their_rows() -> None:
    agents = [agent_of([unverified("db.t", "no `db`")], [unread("db.t", "no `db`")], number) for number in range(5)]
    found = told(agents)
    assert set(found.reasons.values()) == {1}
    assert {anchor for anchor, _ in found.reasons} == {one.anchor for one in agents}
    assert told(agents[:4]).reasons == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from(["no db", "late"]), st.sampled_from(["open", "accepted"])),
        unique=True,
    )
)
def test_no_finding_of_an_agent_is_lost_or_told_twice(drawn: list[tuple[str, str, str]]) -> None:
    rows = [unverified(resource, "no db") for resource in "xyz"]
    notes = [unread(*one) for one in drawn]
    folds = told([agent_of(rows, notes)]).folds["ticket-triage-0"]
    assert Counter(one for fold in folds for one in fold.notes) == Counter(notes)
    assert all(one.message == "no db" and one.status == "open" for fold in folds if fold.rows for one in fold.notes)


def beyond(agent: int, what: str, *, principal: str = "bot") -> Permission:
    """A power that is granted and not declared, an agent's own but for what it allows."""
    one = factory.permission(f"a{agent}", 1, "ci")
    return one._replace(
        id=f"{agent} {what} {principal}", origin="granted", verdict="excess", what=what, resource="db", new=False,
        principal=f"{principal}-{agent}", privileged=("DDL",), reason=f"held by {principal}-{agent}",
    )  # fmt: skip


@given(st.lists(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["bot", "cron"])), unique=True), max_size=4))
def test_agents_of_the_same_rights_are_told_together_and_none_is_lost(drawn: list[list[tuple[str, str]]]) -> None:
    agents = [
        agent_of([beyond(number, what, principal=whose) for what, whose in own], [], number)
        for number, own in enumerate(drawn)
    ]
    audit = factory.audit()._replace(agents=tuple(agents))
    told_powers = Counter((one.permission.what, each.anchor) for one in powers(audit) for each in one.agents)
    assert told_powers == Counter((one.what, each.anchor) for each, one in privileged(audit))
    told_first = Counter(
        (right, each.anchor, one.why) for one in pressing(audit) for each in one.agents for right, _ in one.rights
    )
    assert told_first == Counter((one.what, each.anchor, why) for each, one, why in undecided(audit))
    groups = [(one.rights, one.why) for one in pressing(audit)]
    assert len(groups) == len(set(groups))


def test_a_power_that_differs_in_anything_shown_stands_alone() -> None:
    base = beyond(1, "x")
    differing = [base._replace(new=True), base._replace(environment="live"), base._replace(granted=1)]
    differing.append(base._replace(decision=factory.audit(2, 1, 0).agents[0].permissions[0].decision))
    agents = [agent_of([beyond(0, "x")], [], 0), *[agent_of([one], [], n) for n, one in enumerate(differing, 1)]]
    audit = factory.audit()._replace(agents=tuple(agents))
    assert [len(one.agents) for one in powers(audit)] == [1] * 5


def test_unverified_permissions_stand_by_their_reason() -> None:
    rows = [
        unverified("db.a", "no db"),
        factory.permission("a", 1, "ci"),
        unverified("db.b", "no db"),
        unverified("c", "late"),
    ]
    found = grouped(rows)
    assert [(group.reason, [one.resource for one in group.permissions]) for group in found] == [
        ("no db", ["db.a", "db.b"]),
        ("", [rows[1].resource, "c"]),
    ]


def test_what_is_unverified_is_told_by_its_reason_and_nothing_else_is_touched() -> None:
    agents = [
        agent_of([], [unread("db.t", "no db"), unread("db.u", "no db"), unread("x", "off", "accepted")], n)
        for n in (0, 1)
    ]
    lines = [f"{one.path}: db.t, db.u (ci): no db" for one in agents]
    audit = factory.audit()._replace(agents=tuple(agents))
    audit = audit._replace(evidence=audit.evidence._replace(unverified=(*lines, "slack: no token", "x (ci): off")))
    reasons, rest = unsure(audit)
    assert [(one.reason, [agent.name for agent in one.agents], one.findings) for one in reasons] == [
        ("no db", [one.name for one in agents], 4)
    ]
    assert rest == ["slack: no token", "x (ci): off"]


def test_the_sums_are_of_live_sources_that_say_anything() -> None:
    def source(name: str, principals: int, declared: int, unmanaged: tuple[str, ...], *, known: bool = True) -> Source:
        return Source(name, "", name, "", principals, declared, unmanaged, (), known, "")

    found = sums(
        [
            source("manifests", 7, 7, ()),
            source("postgresql", 5, 3, ("x", "y")),
            source("aws", 4, 4, ()),
            source("slack", 1, 1, (), known=False),  # a key tells of itself alone
            source("github", 0, 0, (), known=False),
        ]
    )
    assert found == (10, 8, 2, 4, 3, 2)


def story(*days: tuple[str, str]) -> Timeline:
    """Commits on these days, each with these marks."""
    entries = [
        Entry("c" * 40, "K", "k@e", f"{day}T00:00:00Z", "s", tuple(Step(m, "x") for m in marks)) for day, marks in days
    ]
    return Timeline("a.yaml", "a", ("ci",), tuple(entries), None)


def test_growth_is_steps_to_scale() -> None:
    picture = growth((("2026-01-01", 2), ("2026-02-10", 4)), story(("2026-02-10", "+-+")), "2026-04-11")
    assert picture is not None
    # 100 days on 384 pixels from 28; the second step is 40 days on, at its full height.
    assert picture.line == "M28 56H182V20H412"
    assert [(mark.x, mark.signs) for mark in picture.marks] == [(182, "+-")]
    assert [tick.label for tick in picture.days] == ["2026-01-01", "2026-04-11"]
    assert (picture.first, picture.last, picture.most) == (("2026-01-01", 2), ("2026-02-10", 4), 4)


def test_what_never_grew_has_no_picture() -> None:
    assert growth((("2026-01-01", 2),), story(("2026-01-01", " ")), "2026-04-11") is None
    assert growth((("2026-01-01", 2),), story(("2026-03-01", "=")), "2026-04-11") is not None
    assert growth((), None, "2026-04-11") is None
    assert growth((("no day", 2), ("2026-01-01", 3)), None, "never") is None


@given(st.lists(st.tuples(st.dates(), st.sampled_from(["+", "-!", "~=", "+!~-="])), min_size=1, max_size=40))
def test_marks_stay_inside_and_apart_and_none_is_lost(days: list[tuple[object, str]]) -> None:
    told_of = sorted((str(day), marks) for day, marks in days)
    picture = growth(((told_of[0][0], 1), (told_of[-1][0], 9)), story(*told_of), told_of[-1][0])
    assert picture is not None
    boxes = [(mark.y, mark.x, mark.x + 9 * len(mark.signs)) for mark in picture.marks]
    assert all(left >= 0 and 0 < foot < picture.foot for foot, left, _ in boxes)
    assert {sign for mark in picture.marks for sign in mark.signs} == {sign for _, marks in told_of for sign in marks}
    assert len({foot for foot, _, _ in boxes}) <= 4
    assert all(right <= picture.width for _, _, right in boxes)
    if len(told_of) <= 4:  # else marks may have to share a place
        ordered = sorted(boxes)
        assert all(one[2] <= next_one[1] for one, next_one in pairwise(ordered) if one[0] == next_one[0])


def test_bars_are_as_long_as_their_counts() -> None:
    audit = factory.audit(3, 8, 0, environments=2)
    own = [one for agent in audit.agents for one in agent.permissions]
    bars = blast_by_environment(audit)
    assert [bar.environment for bar in bars] == ["production", "staging"]
    longest = max(sum(bar.counts) for bar in bars)
    for bar in bars:
        expected = Counter(one.blast_computed for one in own if one.environment == bar.environment)
        words = ("none", "low", "medium", "high", "critical", "")
        assert bar.counts == tuple(expected[word] for word in words)
        last = bar.parts[-1]
        assert last[1] + last[2] == round(sum(bar.counts) / longest * BAR)
        assert [index for index, _, _ in bar.parts] == [index for index, count in enumerate(bar.counts) if count]


def test_what_is_granted_beyond_has_no_blast_radius_to_count() -> None:
    audit = factory.audit(agents=1, permissions=4, findings=0)
    (one,) = audit.agents
    beyond = one.permissions[0]._replace(origin="granted", blast_computed="")
    more = audit._replace(agents=(one._replace(permissions=(*one.permissions, beyond)),))
    assert blast_by_environment(more) == blast_by_environment(audit)
