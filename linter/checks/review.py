"""Checks of responsibility: an owner, a review."""

from __future__ import annotations

from collections.abc import Iterator

from linter.checks import Hit, Place, template
from linter.checks.subject import Subject


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
