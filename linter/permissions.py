"""The algebra of permissions (DESIGN.md, section 1): leaves, sets, differences, digest. It knows no system.

A leaf is (system, object, action, box); a set is a finite union of leaves. Every question is answered with two bounds,
because prose and unclassified native actions cannot always be compared: `possible` is what may be left of A after taking B
away, `sure` is what is left even when everything unknown is counted as taken away.

The frozen part: the tables and the normal form below are algebra `p1`. A digest signs them, so they never change; a new
table or form is a `p2` beside this one.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

CLASSES = ("read", "create", "update", "delete", "execute", "admin")

_SYNONYMS = {"select": "read", "insert": "create", "*": "admin"}
"""Words that are a class by another name."""

_AWS_CLASSES = {
    "read": "s3:get* s3:list* s3:getobject s3:listbucket s3:headobject dynamodb:getitem dynamodb:batchgetitem dynamodb:query "
    "dynamodb:scan dynamodb:describetable sqs:receivemessage sqs:getqueueattributes logs:getlogevents logs:filterlogevents "
    "logs:describeloggroups cloudwatch:getmetricdata cloudwatch:listmetrics ec2:describe* ec2:describeinstances "
    "secretsmanager:getsecretvalue ssm:getparameter ssm:getparameters kms:describekey athena:getqueryresults",
    "create": "sqs:sendmessage sns:publish logs:putlogevents logs:createlogstream events:putevents ses:sendemail",
    "update": "s3:putobject dynamodb:putitem dynamodb:updateitem dynamodb:batchwriteitem ssm:putparameter",
    "delete": "s3:deleteobject s3:deleteobjectversion dynamodb:deleteitem sqs:deletemessage sqs:purgequeue",
    "execute": "lambda:invokefunction states:startexecution athena:startqueryexecution",
    "admin": "iam:* iam:passrole s3:putbucketpolicy s3:deletebucket dynamodb:deletetable",
}
_CLASS_OF: dict[str, str] = {word: cls for cls, words in _AWS_CLASSES.items() for word in words.split()}
_CLASS_OF |= {"truncate": "delete"}
_CLASS_OF |= dict.fromkeys(
    ("drop", "alter", "grant", "revoke", "own", "owner", "ddl", "create_table", "create_role"), "admin"
)
"""Native word -> the one class above it. A native that is not here has none: it compares with little (see `action_within`)."""

ACCESS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "read-only": ("read",),
    "write": ("create", "update"),
    "read-write": ("read", "create", "update"),
    "execute": ("execute",),
    "admin": ("admin",),
}
"""What each level of `access` means. Never delete: that must be named in `actions`."""


class Names(NamedTuple):
    """A set of literals: finite, or, when `excluded`, everything but them."""

    names: frozenset[str]
    excluded: bool = False

    def minus(self, other: "Names") -> "Names":
        """Set difference; both kinds are closed under it."""
        return self.meet(Names(other.names, not other.excluded))

    def meet(self, other: "Names") -> "Names":
        """Set intersection."""
        if self.excluded and other.excluded:
            return Names(self.names | other.names, True)
        if self.excluded:
            return Names(other.names - self.names)
        return Names(self.names - other.names if other.excluded else self.names & other.names)

    def join(self, other: "Names") -> "Names":
        """Set union."""
        both = Names(self.names, not self.excluded).meet(Names(other.names, not other.excluded))
        return Names(both.names, not both.excluded)

    @property
    def empty(self) -> bool:
        """Whether nothing is in it. (A co-finite set never is: names are unbounded.)"""
        return not self.names and not self.excluded


EVERYTHING = Names(frozenset(), excluded=True)

Value = Names | str
"""A set dimension's value, or a text dimension's one atom (already folded by `fold`)."""
Box = tuple[tuple[str, Value], ...]
"""Constrained dimensions, sorted by name; a dimension that is absent is unconstrained."""


class Leaf(NamedTuple):
    """One permission. `object`: segments; empty is the whole system, a final "*" everything below."""

    system: str
    object: tuple[str, ...]
    action: str
    box: Box = ()


class Difference(NamedTuple):
    """What is left of A after taking B away, as normal forms; `sure` is within `possible`."""

    sure: tuple[Leaf, ...]
    possible: tuple[Leaf, ...]


def fold(text: str) -> str:
    """The atom of a text dimension: NFC, white space folded."""
    folded = " ".join(text.split())
    if folded.isascii():
        return folded
    import unicodedata

    return unicodedata.normalize("NFC", folded)


def action(word: str) -> str:
    """A word of `actions` as the algebra knows it: lower case (SQL and IAM ignore case), synonyms as their class."""
    lowered = word.lower()
    return _SYNONYMS.get(lowered, lowered)


def class_of(name: str) -> str | None:
    """The class of an action: itself, the one above a native word, or None for a native without one."""
    return name if name in CLASSES else _CLASS_OF.get(name)


def action_within(one: str, other: str) -> bool | None:
    """Whether every use of `one` is a use of `other`; None where that cannot be known."""
    if one == other or other == "admin":
        return True
    if one == "admin":
        return False
    if other.endswith("*") and one not in CLASSES and one.startswith(other[:-1]):
        return True
    if one.endswith("*") and other not in CLASSES and other.startswith(one[:-1]):
        return False
    above, beside = class_of(one), class_of(other)
    if above is None or beside is None:
        return None
    return above == other


def object_within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether an object is another or lies below it; only a final "*" is a wildcard."""
    if one == other or not other:
        return True
    return other[-1] == "*" and len(one) >= len(other) and one[: len(other) - 1] == other[:-1]


def grants(
    system: str, path: tuple[str, ...], access: str | None, actions: Iterable[str] | None, box: Mapping[str, Value]
) -> list[Leaf]:
    """The leaves of one resource entry.

    `box` has the scope's dimensions as written: `columns` binds reading and writing, `read_columns` and `write_columns`
    one side. Columns that narrow writing drop create and channels that narrow it drop update, unless `actions` names them.
    """
    words = list(ACCESS[access or "none"]) if actions is None else list(dict.fromkeys(action(word) for word in actions))
    if not box:
        return [Leaf(system, path, word) for word in words]
    write = _side(box, "write_columns")
    read = _side(box, "read_columns") if "read_columns" in box or "write_columns" in box else write
    if actions is None:
        dropped = {"create" if "columns" in write else "", "update" if "channels" in write else ""}
        words = [word for word in words if word not in dropped]
    written = _box(write)
    seen = written if read is write else _box(read)
    leaves = []
    for word in words:
        bounds = seen if class_of(word) == "read" else written
        if bounds is not None:
            leaves.append(Leaf(system, path, word, bounds))
    return leaves


def _box(bounds: Mapping[str, Value]) -> Box | None:
    """The dimensions as a box; None where one of them leaves nothing."""
    for value in bounds.values():
        if type(value) is Names and value.empty:
            return None
    return tuple(sorted(bounds.items()))


def _side(box: Mapping[str, Value], own: str) -> dict[str, Value]:
    """The dimensions that bind one side: reading, or everything else."""
    bounds = {name: value for name, value in box.items() if name not in ("columns", "read_columns", "write_columns")}
    for name in ("columns", own):
        value = box.get(name)
        if isinstance(value, Names):
            known = bounds.get("columns")
            bounds["columns"] = value.meet(known) if isinstance(known, Names) else value
    return {name: value for name, value in bounds.items() if value != EVERYTHING}


def subtract(one: Iterable[Leaf], other: Iterable[Leaf]) -> Difference:
    """A minus B, both bounds."""
    index: dict[tuple[str, tuple[str, ...]], list[Leaf]] = {}
    for leaf in normal(other):
        index.setdefault((leaf.system, leaf.object), []).append(leaf)
    sure: list[Leaf] = []
    possible: list[Leaf] = []
    for leaf in normal(one):
        matches = [
            (candidate, verdict)
            for above in _above(leaf.object)
            for candidate in index.get((leaf.system, above), ())
            if (verdict := action_within(leaf.action, candidate.action)) is not False
        ]
        possible += _remains(leaf, [candidate.box for candidate, verdict in matches if verdict], unknown_matches=False)
        sure += _remains(leaf, [candidate.box for candidate, _ in matches], unknown_matches=True)
    return Difference(normal(sure), normal(possible))


def within(one: Iterable[Leaf], other: Iterable[Leaf]) -> bool | None:
    """Whether A is in B: True, False, or None where it cannot be known."""
    left = subtract(one, other)
    if not left.possible:
        return True
    return False if left.sure else None


def _above(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every object that contains this one: itself, the whole system, each prefix's "*"."""
    wildcards = [(*path[:length], "*") for length in range(len(path))]
    return list(dict.fromkeys([path, (), *wildcards]))


def _remains(leaf: Leaf, boxes: list[Box], *, unknown_matches: bool) -> list[Leaf]:
    """The leaf's box after taking each box away in turn."""
    pieces = [leaf.box]
    for box in boxes:
        pieces = [rest for piece in pieces for rest in _minus(piece, box, unknown_matches=unknown_matches)]
    return [Leaf(leaf.system, leaf.object, leaf.action, piece) for piece in pieces]


def _minus(one: Box, other: Box, *, unknown_matches: bool) -> list[Box]:
    """A box minus a box: disjoint boxes, one a dimension of `other` that does not cover `one`."""
    bounds = dict(one)
    pieces: list[dict[str, Value]] = []
    for name, limit in other:
        mine = bounds.get(name)
        if isinstance(limit, str):
            if mine is None:
                return [one]  # "all but this text" has no name: the whole stays
            if mine != limit and not unknown_matches:
                return [one]
            continue
        own = mine if isinstance(mine, Names) else EVERYTHING
        inside, outside = own.meet(limit), own.minus(limit)
        if inside.empty:
            return [one]
        if not outside.empty:
            pieces.append({**bounds, name: outside})
        bounds[name] = inside
    return [tuple(sorted(piece.items())) for piece in pieces]


_MOST_BOXES = 64
"""Maximal boxes of one object and action; above it, hostile input, boxes are left unmerged (still deterministic)."""


def normal(leaves: Iterable[Leaf]) -> tuple[Leaf, ...]:
    """The normal form: contained leaves dropped, boxes merged into the maximal ones, sorted. Equal sets, equal forms."""
    groups: dict[tuple[str, tuple[str, ...], str], set[Box]] = {}
    for leaf in leaves:
        groups.setdefault(leaf[:3], set()).add(_tidy(leaf.box))
    by_object: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for system, path, word in groups:
        by_object.setdefault((system, path), []).append(word)
    result = []
    for (system, path, word), boxes in groups.items():
        larger = [
            groups[system, above, broader]
            for above in _above(path)
            for broader in by_object.get((system, above), ())
            if (above, broader) != (path, word) and action_within(word, broader)
        ]
        if not larger:
            kept = _maximal(boxes)
        else:
            outer = set().union(*larger)
            cover = _maximal(outer)
            kept = {box for box in _maximal(boxes | outer) if not any(_box_within(box, one) for one in cover)}
        result += [Leaf(system, path, word, box) for box in kept]
    return tuple(sorted(result, key=_order))


def _tidy(box: Box) -> Box:
    """A box without dimensions that constrain nothing, sorted."""
    return tuple(sorted((name, value) for name, value in box if value != EVERYTHING)) if box else box


def _maximal(boxes: set[Box]) -> set[Box]:
    """The maximal boxes within a union of boxes (prime implicants, by iterated consensus): the same for every spelling."""
    if len(boxes) < 2:
        return set(boxes)
    known = _drop_contained(boxes)
    changed = True
    while changed and len(known) <= _MOST_BOXES:
        changed = False
        for one in sorted(known, key=_box_order):
            for other in sorted(known, key=_box_order):
                fresh = [new for new in _consensus(one, other) if not any(_box_within(new, old) for old in known)]
                if fresh:
                    known = _drop_contained(known | set(fresh))
                    changed = True
            if changed:
                break
    return known if len(known) <= _MOST_BOXES else _drop_contained(boxes)


def _consensus(one: Box, other: Box) -> list[Box]:
    """The boxes that two boxes cover only together: united in one set dimension, intersected in all others."""
    mine, theirs = dict(one), dict(other)
    shared: dict[str, Value] = {}
    for name in mine.keys() | theirs.keys():
        a, b = mine.get(name, EVERYTHING), theirs.get(name, EVERYTHING)
        if isinstance(a, Names) and isinstance(b, Names):
            shared[name] = a.meet(b)
        elif isinstance(a, str) and isinstance(b, str):
            if a != b:
                return []  # two texts: nothing is known to be in both
            shared[name] = a
        else:
            shared[name] = a if isinstance(a, str) else b
    empty = [name for name, value in shared.items() if isinstance(value, Names) and value.empty]
    if len(empty) > 1:
        return []
    results = []
    for name in empty or sorted(mine.keys() & theirs.keys()):
        a, b = mine[name], theirs[name]
        if isinstance(a, Names) and isinstance(b, Names):
            results.append(_tidy(tuple({**shared, name: a.join(b)}.items())))
    return results


def _drop_contained(boxes: set[Box]) -> set[Box]:
    return {one for one in boxes if not any(one != other and _box_within(one, other) for other in boxes)}


def _box_within(one: Box, other: Box) -> bool:
    """Whether a box is surely in another."""
    mine = dict(one)
    for name, limit in other:
        own = mine.get(name)
        if isinstance(limit, str):
            if own != limit:
                return False
        elif not (own if isinstance(own, Names) else EVERYTHING).minus(limit).empty:
            return False
    return True


def _box_order(box: Box) -> list[tuple[str, bool, list[str]]]:
    return [
        (name, value.excluded, sorted(value.names)) if isinstance(value, Names) else (name, False, [value])
        for name, value in box
    ]


def _order(leaf: Leaf) -> tuple[str, tuple[str, ...], str, list[tuple[str, bool, list[str]]]]:
    return (leaf.system, leaf.object, leaf.action, _box_order(leaf.box))


def digest(
    agent: str,
    sets: Mapping[str, Iterable[Leaf]],
    identities: Mapping[str, str | Mapping[str, str]],
    expires: str | None,
) -> str:
    """`p1:` + SHA-256 of canonical JSON of what a reviewer signs: the agent, its set in each environment, identities, end.

    Args:
        sets: environment -> leaves that apply there.
        identities: system -> principal, or system -> environment -> principal, as the manifest has them.
    """
    import hashlib
    import json

    signed = {
        "agent": agent,
        "environments": {name: [_plain(leaf) for leaf in normal(leaves)] for name, leaves in sets.items()},
        "identities": {
            system: {name: (given if isinstance(given, str) else given.get(name)) for name in sets}
            for system, given in identities.items()
        },
        "expires": expires,
    }
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "p1:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(leaf: Leaf) -> list[object]:
    box = {
        name: {"except" if value.excluded else "only": sorted(value.names)} if isinstance(value, Names) else value
        for name, value in leaf.box
    }
    return [leaf.system, list(leaf.object), leaf.action, box]
