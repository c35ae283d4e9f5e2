"""Hostile sets cost seconds of processor time, never minutes (the reader takes at most a megabyte), and are never clean."""

from __future__ import annotations

import time

import pytest

from linter.boxes import Names
from linter.permissions import Leaf, normal, subtract, within


def _names(*names: str, excluded: bool = False) -> Names:
    return Names(frozenset(names), excluded)


HOSTILE = {
    "many objects": [Leaf("s", (f"t{n}",), "read") for n in range(30_000)],
    "one object, many columns": [Leaf("s", ("t",), "read", (("columns", _names(f"c{n}")),)) for n in range(20_000)],
    "one object, many texts": [Leaf("s", ("t",), "read", (("prose", f"p{n}"),)) for n in range(20_000)],
    "many natives": [Leaf("s", ("t",), f"x:{n}") for n in range(20_000)],
    "many patterns": [Leaf("s", ("t",), f"x:{n}q*", (("columns", _names(f"c{n}")),)) for n in range(10_000)],
    "many reads and readers": [Leaf("s", ("t",), f"s3:get{n}q*", (("rows", f"p{n}"),)) for n in range(10_000)],
    "a diagonal": [
        Leaf("s", ("t",), "read", (("channels", _names(f"x{n}")), ("columns", _names(f"c{n}")))) for n in range(10_000)
    ],
    "boxes in seven dimensions": [
        Leaf(
            "s",
            ("t",),
            "read",
            tuple((f"d{d}", _names(*(f"n{k}" for k in range(12) if hash((n * 7 + d, k)) % 2))) for d in range(7)),
        )
        for n in range(2_000)
    ],
    "many small knots": [
        Leaf("s", (f"t{n // 50}",), "read", tuple((f"d{d}", _names(f"{n * d % 7}", f"{n % 5}")) for d in range(1, 6)))
        for n in range(10_000)
    ],
    "one long path": [Leaf("s", tuple("a" * 200_000), "read"), Leaf("s", ("a", "*"), "update")],
    "many wildcards": [Leaf("s", (*("a" * n), "*"), "read", (("prose", f"{n}"),)) for n in range(900)]
    + [Leaf("s", tuple("a" * 100_000), "read")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sets_do_not_hang(name: str) -> None:
    hostile = HOSTILE[name]
    plain = [Leaf("s", ("new",), "delete")]
    start = time.process_time()
    form = normal(hostile)
    left = subtract([*hostile, *plain], [*hostile, Leaf("s", ("t",), "read", (("columns", _names("c1")),))])
    assert time.process_time() - start < 20
    assert form == normal(form[::-1])
    assert plain[0] in left.sure  # a plain widening is not lost among them


def test_exhaustion_is_unknown_and_never_clean() -> None:
    knots = HOSTILE["boxes in seven dimensions"]
    everything = [Leaf("s", ("t",), "read")]
    left = subtract(everything, knots)
    assert left.possible == tuple(everything)
    assert left.sure == ()
    assert within(everything, knots) is None
