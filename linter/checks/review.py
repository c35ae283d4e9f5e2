"""Checks of responsibility: an owner, a review, and how long what was agreed holds."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.checks import BadParams, Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.period import after, in_future, is_period


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


class ReviewParams(NamedTuple):
    """Parameters of `overdue-review`."""

    lasts: str
    """How long a review lasts where neither the manifest nor the configured defaults say it, such as 180d."""


@template("overdue-review", ReviewParams)
def overdue_review(params: ReviewParams) -> Any:
    """A review that no longer counts, or that has not happened yet."""
    if not is_period(params.lasts):
        raise BadParams("`lasts`: expected a period such as 90d, 12w or 6m")

    def check(subject: Subject) -> Iterator[Hit]:
        reviewed = subject.manifest.reviewed
        if not reviewed or "date" not in reviewed:
            return
        day, today = reviewed["date"], subject.around.as_of
        place = Place(("reviewed", "date"))
        lasts = subject.manifest.review_every or subject.default("review_every") or params.lasts
        if in_future(day, today):
            yield Hit(place, {"date": day}, ("future",))
        elif after(day, lasts) < today:
            yield Hit(place, {"date": day, "lasts": lasts, "due": after(day, lasts).isoformat()})

    return check


@template("expired-manifest")
def expired_manifest(subject: Subject) -> Iterator[Hit]:
    """What was agreed has ended."""
    expires = subject.manifest.expires
    if expires is not None and expires < subject.around.as_of.isoformat():
        yield Hit(Place(("expires",)), {"expires": expires})


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
        return
    from linter.manifest.signing import digest_of

    if digest_of(subject.manifest) != digest:
        since = subject.since_signed(digest)
        if since is None:
            yield Hit(Place(("reviewed", "digest")), values)
        elif not since.origin:
            yield Hit(Place(("reviewed", "digest")), values, ("unknown",))
        elif since.what:
            values |= {"origin": since.origin, "what": since.what}
            yield Hit(Place(("reviewed", "digest")), values, ("difference",), details=since.details)
