"""What the page folds loses nothing, and its pictures are of the numbers they are made from."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from linter.audit.attention import undecided
from linter.audit.folds import Piece, folded, folded_exceptions, told
from linter.audit.model import Agent, Note, Permission, Source, privileged
from linter.audit.pictures import BAR, blast_by_environment, growth
from linter.audit.views import grouped, powers, pressing, rollbacks, steps, sums, unsure, unused
from linter.creep.timeline import Entry, Step, Timeline
from tests.audit import factory

WORDS = st.text(alphabet="ab.R\0<", max_size=6)


def note(resource: str, message: str, fix: str = "", *, agent: str = "a", status: str = "open") -> Note:
    """A finding that differs in these alone."""
    return Note("scope/x", "error", message, "a.yaml:1:1", agent, "ci", resource, fix, "sha256:0", status)


def restored(pieces: tuple[Piece, ...], one: Note) -> str:
    """What the pieces say of a finding."""
    filled = {"RESOURCE": one.resource, "AGENT": one.agent, "SYSTEM": one.resource.partition(".")[0]}
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


def test_rows_that_one_shared_finding_is_of_point_at_it() -> None:
    agents = [
        agent_of([unverified(f"db.{n}", "no `db`") for n in "tu"], [unread(f"db.{n}", "no `db`") for n in "tu"], number)
        for number in range(5)
    ]
    found = told(agents)
    (kind,) = found.shared
    for (fold,) in found.folds.values():
        assert (fold.rows, fold.kinds, fold.fixes) == ("unverified", ((kind, 2),), [])
    (few,) = told(agents[:4]).folds[agents[0].anchor]
    assert (few.rows, few.kinds, few.fixes) == ("unverified", (), ["Bind it."])


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
        ((Piece("no db"),), ["db.a", "db.b"]),
        ((), [rows[1].resource, "c"]),
    ]


def unbound(system: str, number: int) -> Permission:
    """A permission on a system that configuration does not know."""
    reason = f"configuration binds no system `{system}`: add [systems.{system}] with its kind"
    return unverified(f"{system}.t{number}", reason)._replace(system=system)


def test_one_reason_for_several_systems_is_one_group() -> None:
    rows = [unbound("db", 0), unbound("mail", 1), unbound("db", 2), unbound("mailbox", 3)]
    (group,) = grouped(rows)
    assert group.permissions == tuple(rows)
    hole = Piece("SYSTEM", True)
    assert group.reason == (
        Piece("configuration binds no system `"), hole, Piece("`: add [systems."), hole, Piece("] with its kind"),
    )  # fmt: skip
    # Of one system it stands as it was given.
    assert grouped(rows[::2]) == [("ci", (Piece(rows[0].reason),), tuple(rows[::2]))]


def test_one_reason_for_several_systems_is_shared_by_agents() -> None:
    agents = []
    for number in range(5):
        rows = [unbound(("db", "mail")[number % 2], number), unbound("s3", number)]
        agents.append(agent_of(rows, [unread(row.resource, row.reason) for row in rows], number))
    found = told(agents)
    ((kind, counts),) = found.shared.items()
    assert counts == (1, 5, 10)
    for agent in agents:
        for one in agent.findings:
            assert restored(kind.message, one) == one.message


def undeclared(resource: str, blast: str, line: int, status: str = "open") -> Note:
    """The finding on a permission whose blast radius nobody declared."""
    message = f"no blast radius is declared for `{resource}`; `{blast}` follows from what is granted: it is so"
    one = note(resource, message, f"Add `blast_radius: {blast} (why)`.", status=status)
    return one._replace(rule="blast-radius/missing-blast-radius", place=f"a.yaml:{line}:5", fingerprint=resource)


def test_blast_radii_that_nobody_declared_are_told_by_their_rows() -> None:
    rows = [
        factory.permission("a", 0, "ci")._replace(
            resource=f"db.t{n}", id=str(n), blast_declared="", blast_computed=blast
        )
        for n, blast in enumerate(("high", "high", "none"))
    ]
    notes = [undeclared(row.resource, row.blast_computed, 10 - n) for n, row in enumerate(rows)]
    (fold,) = told([agent_of(rows, notes)]).folds["ticket-triage-0"]
    assert (fold.rows, fold.notes, fold.lines, fold.fixes) == (
        "blast radius not declared",
        tuple(notes),
        [8, 9, 10],
        [],
    )
    assert [many for _, many in fold.kinds] == [2, 1]
    for one, (kind, _) in zip(notes, [fold.kinds[0], *fold.kinds], strict=True):
        assert (restored(kind.message, one), restored(kind.fix, one)) == (one.message, one.fix)
    # One alone, those that are suppressed, and those whose row declares one are told in full.
    declared = [one._replace(blast_declared="low") for one in rows]
    hidden = [one._replace(status="suppressed") for one in notes]
    for own_rows, own in ((rows, notes[:1]), (rows, hidden), (declared, notes)):
        folds = told([agent_of(own_rows, own)]).folds["ticket-triage-0"]
        assert [one.rows for one in folds] == [""] * len(folds)
        assert Counter(one for each in folds for one in each.notes) == Counter(own)


def test_what_a_commit_began_with_is_told_or_counted() -> None:
    def told_of(*phrases: str) -> list[str]:
        marked = (Step("+", "db.x: admin"),)
        entry = Entry(
            "c", "K", "k@e", "2026-01-01", "s", tuple(Step(" ", one) for one in ("first agreed:", *phrases)) + marked
        )
        found = steps(entry)
        assert found[1:] == list(marked)
        return [one.text for one in found[:-1]]

    five = [f"db.t{number}: read" for number in range(5)]
    assert told_of(*five) == [f"first agreed: {'; '.join(five)}"]
    six = [*five, 'db.t4: update on rows where "a: b"', "mail: create"]
    assert told_of(*six) == ["first agreed: 6 resources of db, mail"]
    many = [f"s{number}.t: read" for number in range(9)]
    assert told_of(*many) == ["first agreed: 9 resources of s0, s1, s2, s3, s4 and 4 more systems"]


def test_identities_that_principals_tell_are_not_told_again() -> None:
    one = factory.agent(1, 2, 0)
    here, there = one.permissions[0], one.permissions[1]._replace(environment="ci", system="postgres", principal="bot")
    agent = one._replace(
        environments=("production", "ci"),
        permissions=(here._replace(system="postgres", principal="bot"), there),
        identities=("postgres: bot (production, ci)", "postgres: cron (ci)", "aws: bot (production)"),
    )
    assert unused(agent) == list(agent.identities[1:])
    assert unused(agent._replace(permissions=agent.permissions[:1])) == list(agent.identities)


def test_a_rollback_that_five_agents_have_is_told_once() -> None:
    agents = [factory.agent(number, 1, 0)._replace(rollback=text) for number, text in enumerate("aaaabbbbba")]
    assert rollbacks(agents) == {"a": (1, 5), "b": (2, 5)}
    assert rollbacks(agents[:8]) == {}
    assert rollbacks([one._replace(rollback="") for one in agents]) == {}


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
    one_day = (("2026-01-01", 2), ("2026-01-01", 4)), story(("2026-01-01", "+"))
    assert growth(*one_day, "2026-01-01") is None
    assert growth(*one_day, "2026-01-02") is not None
    assert growth((("no day", 2), ("2026-01-01", 3)), None, "never") is None


@given(st.lists(st.tuples(st.dates(), st.sampled_from(["+", "-!", "~=", "+!~-="])), min_size=1, max_size=40))
def test_marks_stay_inside_and_apart_and_none_is_lost(days: list[tuple[object, str]]) -> None:
    told_of = sorted((str(day), marks) for day, marks in days)
    assume(told_of[0][0] != told_of[-1][0])
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
