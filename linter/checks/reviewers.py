"""Checks of who reviewed: whether the reviewer is somebody else, and whether the review is theirs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.checks import Hit, Place, template
from linter.checks.past import Past, details, environments, origin, several
from linter.creep.attribution import Event
from linter.creep.reviews import bringers, is_by
from linter.history.model import Version


@template("self-review")
def self_review(past: Past) -> Iterator[Hit]:
    """The one who widened it is the only one who signed it."""
    reviews = past.story.reviews
    if past.manifest.reviewed is None:
        return
    found: list[tuple[Event, list[str]]] = []
    signers: set[str] = set()
    for event in past.story.events:
        version = event.version
        what = past.grown(event, promoted=True)
        if event.kind == "first" and not past.staged:
            what = ["the first agreement"]
        reviewers = reviews.covered.get(version) or reviews.unpinned.get(version)
        authors = past.authors(version)
        if what and reviewers and authors and all(is_by(one, authors) for one in reviewers):
            found.append((event, what))
            signers |= reviewers
    if found:
        all_of = [words for _, what in found for words in what]
        version = found[-1][0].version
        yield Hit(
            Place(("reviewed", "by")),
            {"by": " and ".join(sorted(signers)), "what": several(all_of), "origin": origin(past, version)},
            ("staged",) if past.staged else (),
            key=" | ".join(all_of),
            environments=tuple(dict.fromkeys([one for event, _ in found for one in environments(past, event)])),
            details=details(version, "self-reviewed", [], all_of),
        )


class UnattributedParams(NamedTuple):
    """Parameters of `unattributed-review`."""

    signed: bool = False
    """Whether a review is its reviewer's only in a commit that bears their good signature."""


_SIGNATURES = {
    "N": "is not signed",
    "B": "bears a bad signature",
    "E": "bears a signature that cannot be checked here",
    "U": "bears a signature of {}, whose key is not trusted here",
    "X": "bears a signature of {} that has expired",
    "Y": "bears a signature of {}, whose key has expired",
    "R": "bears a signature of {}, whose key was revoked",
}


@template("unattributed-review", UnattributedParams)
def unattributed_review(params: UnattributedParams) -> Any:
    """The commit that brought `reviewed` is not the reviewer's."""

    def check(past: Past) -> Iterator[Hit]:
        reviewed, now = past.manifest.reviewed, past.story.now
        if reviewed is None or now is None or now.manifest is None or now.manifest.reviewed != reviewed:
            return
        if past.staged and not any(event.widens for event in past.story.events):
            return  # the hook asks for a review of a widening, and for nothing else
        by, brought = reviewed["by"], bringers(now)
        flaws = [_flaw(past, one, by, signed=params.signed) for one in brought]
        if None in flaws:
            return
        yield Hit(
            Place(("reviewed", "by")),
            {"by": by, "origin": origin(past, brought[0]), "signature": flaws[0][1] if flaws[0] else ""},
            (flaws[0][0],) if flaws[0] and flaws[0][0] else (),
            key=by,
            details=details(brought[0], "unattributed", [], [by]),
        )

    return check


def _flaw(past: Past, version: Version, by: str, *, signed: bool) -> tuple[str, str] | None:
    """Why the review that a version brought is not known to be its reviewer's, as a case and in words; None where it is."""
    people = past.writers(version)
    if version.commit is None or not people:
        if not people or is_by(by, people):
            return None
        return ("named" if not signed and is_by(by, past.witness.squashed()) else "", "")
    if signed:
        verdict, signer = past.witness.signature(version.commit.id)
        whose = f"{signer.name} <{signer.email}>" if signer.name else signer.email or "an unknown person"
        if verdict == "G":
            return None if is_by(by, [signer]) else ("signature", f"is signed by {whose}")
        return "signature", _SIGNATURES.get(verdict, _SIGNATURES["E"]).format(whose)
    if is_by(by, people):
        return None
    return ("named" if is_by(by, past.witness.named(version.commit.id)) else "", "")
