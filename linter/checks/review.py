"""Checks of responsibility: an owner, a review."""

from __future__ import annotations

from collections.abc import Iterator

from linter.checks import Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.signing import digest_of


@template("no-owner")
def no_owner(subject: Subject) -> Iterator[Hit]:
    """Nobody answers for the agent: not in the manifest, the configured defaults or CODEOWNERS."""
    manifest = subject.manifest
    if "owner" in manifest.written or subject.default("owner") or not manifest.agent:
        return
    if not subject.around.codeowners(subject.path):
        yield Hit(Place((), "absence"))


@template("never-reviewed")
def never_reviewed(subject: Subject) -> Iterator[Hit]:
    """No review is recorded."""
    if "reviewed" not in subject.manifest.written and subject.manifest.agent:
        yield Hit(Place((), "absence"))


@template("changed-since-review")
def changed_since_review(subject: Subject) -> Iterator[Hit]:
    """What is agreed is not what was signed. History can say what the difference is, and that a narrower set needs no review."""
    reviewed = subject.manifest.reviewed
    if reviewed is None or subject.violations:
        return
    values = {"by": reviewed["by"], "date": reviewed["date"], "path": subject.path, "origin": "", "what": ""}
    digest = reviewed.get("digest")
    if digest is None:
        yield Hit(Place(("reviewed",), "key"), values, ("unpinned",))
    elif digest_of(subject.manifest) != digest:
        since = subject.since_signed(digest)
        if since is None:
            yield Hit(Place(("reviewed", "digest")), values)
        elif not since.origin:
            yield Hit(Place(("reviewed", "digest")), values, ("unknown",))
        elif since.what:
            values |= {"origin": since.origin, "what": since.what}
            yield Hit(Place(("reviewed", "digest")), values, ("difference",), details=since.details)
