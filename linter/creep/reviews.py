"""Which versions somebody signed, and who: a version is reviewed if and only if `reviewed.digest` is the digest after it.

A signature covers the signed version and all that led to it. Dates order nothing: the graph of versions does.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linter.history.model import Person, Version
from linter.manifest.signing import digest_of


class Reviews(NamedTuple):
    """Version -> who signed it or a later one: what they wrote in `reviewed.by`."""

    signed: dict[Version, frozenset[str]]
    """The versions that were signed themselves, their digest in a `reviewed`."""
    covered: dict[Version, frozenset[str]]
    """By a signature of that version or of one that came from it."""
    renewed: dict[Version, frozenset[str]]
    """The same, by reviews that were written in that version or after it: what a digest cannot witness, such as a
    rollback taken away, only a new review can have seen."""
    unpinned: dict[Version, frozenset[str]]
    """The same, by new reviews without a digest, of which nobody knows what they saw."""


def find_reviews(versions: Sequence[Version]) -> Reviews:
    """Who reviewed what.

    Args:
        versions: oldest first, topologically.
    """
    readable = [(one, one.manifest) for one in versions if one.manifest is not None]
    by_digest: dict[str, set[str]] = {}
    for _, manifest in readable:
        review = manifest.reviewed
        if review and "digest" in review:
            by_digest.setdefault(review["digest"], set()).add(review["by"])
    signed: dict[Version, frozenset[str]] = {}
    renewed: dict[Version, frozenset[str]] = {}
    unpinned: dict[Version, frozenset[str]] = {}
    if not any(manifest.reviewed for _, manifest in readable):
        return Reviews(signed, {}, renewed, unpinned)
    for version, manifest in readable:
        digest = digest_of(manifest) if by_digest else ""
        if digest in by_digest:
            signed[version] = frozenset(by_digest[digest])
        review = manifest.reviewed
        if review and brings_review(version):
            if "digest" not in review:
                unpinned[version] = frozenset({review["by"]})
            elif review["digest"] == digest:
                renewed[version] = frozenset({review["by"]})
    return Reviews(signed, _covered(versions, signed), _covered(versions, renewed), _covered(versions, unpinned))


def brings_review(version: Version) -> bool:
    """Whether a version's `reviewed` is none that came down to it."""
    assert version.manifest is not None
    return all(one.manifest.reviewed != version.manifest.reviewed for one in version.readable_before() if one.manifest)


def bringers(tip: Version) -> list[Version]:
    """The versions that brought the `reviewed` that stands at the tip."""
    wanted = tip.manifest.reviewed if tip.manifest else None
    found, seen, pending = [], {tip}, [tip]
    while pending:
        one = pending.pop()
        older = [b for b in one.readable_before() if b.manifest and b.manifest.reviewed == wanted]
        if not older:
            found.append(one)
        pending += [b for b in older if b not in seen]
        seen.update(older)
    return found


def _covered(versions: Sequence[Version], marked: dict[Version, frozenset[str]]) -> dict[Version, frozenset[str]]:
    """Each mark handed down to all that its version came from."""
    found: dict[Version, frozenset[str]] = {}
    for version in reversed(versions):
        marks = found.get(version, frozenset()) | marked.get(version, frozenset())
        if marks:
            found[version] = marks
            for older in version.before:
                found[older] = found.get(older, frozenset()) | marks
    return found


def is_by(written: str, people: Iterable[Person | None]) -> bool:
    """Whether a `reviewed.by` names one of these people: by address, by name, or as git writes both."""
    given = written.strip().casefold()
    return any(
        person is not None
        and given in (person.email.casefold(), person.name.casefold(), f"{person.name} <{person.email}>".casefold())
        for person in people
    )
