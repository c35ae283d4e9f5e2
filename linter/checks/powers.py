"""Checks of powers that no scope bounds well: administration, deletion, and combinations that let data out."""

from __future__ import annotations

from collections.abc import Iterator

from linter.actions import action, class_of
from linter.checks import Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.model import Resource


def _granting(resource: Resource, kind: str) -> tuple[Place, str, tuple[str, ...]] | None:
    """Where an entry grants actions of a class, the words that do, and the case; None where it does not.

    The case is "covers" where no word is surely of the class: a pattern, or a native name that says so in plain English.
    """
    from linter.natives import kinds_of, running_destroys  # few manifests need it

    route = ("resources", resource.position)
    words = [action(word) for word in resource.actions or ()]
    for case, found in (
        ((), [class_of(word) == kind for word in words]),
        (("covers",), [kind in kinds_of(word) for word in words]),
    ):
        if resource.actions and True in found:
            number = found.index(True)
            return Place((*route, "actions", number)), resource.actions[number], case
    if resource.actions is None and any([leaf.action == kind for leaf in resource.leaves]):
        return Place((*route, "access")), f"access: {resource.access}", ()
    if (
        kind == "delete"
        and running_destroys(resource.object)
        and any([one.action == "execute" for one in resource.leaves])
    ):
        return Place((*route, "resource")), "execute", ("covers",)
    return None


def _such(said: str, kind: str) -> str:
    """What makes a pattern so grave, for a sentence: who wrote `create_*` thought of tickets and not of roles."""
    from linter.natives import example

    found = example(action(said), kind)
    return f" (`{found}`, for one)" if found else ""


@template("admin-access")
def admin_access(subject: Subject) -> Iterator[Hit]:
    """Administration, DDL, grants or ownership for an agent."""
    for resource in subject.manifest.writing:
        found = _granting(resource, "admin") if "admin" in resource.kinds and resource.known else None
        if found is not None:
            place, said, case = found
            yield Hit(place, {"said": said, "such": _such(said, "admin") if case else ""}, case, resource)


@template("delete-in-production")
def delete_in_production(subject: Subject) -> Iterator[Hit]:
    """Deleting without a reason and an undo of its own."""
    for resource in subject.manifest.writing:
        found = _granting(resource, "delete") if "delete" in resource.kinds and resource.known else None
        if found is None:
            continue
        lacking = _lacking(resource)
        if lacking:
            place, said, case = found
            such = _such(said, "delete") if case else ""
            yield Hit(place, {"said": said, "such": such, "lacking": " and ".join(lacking)}, case, resource)


def _lacking(resource: Resource) -> list[str]:
    """Which of a reason and an undo an entry has not: a filler is no reason, and what does nothing undoes nothing."""
    from linter.manifest.idle import does_nothing  # few manifests delete
    from linter.manifest.reason import says_why

    why, undo = resource.justification, resource.rollback
    lacking = {
        "justification": "justification" not in resource.written or (why is not None and not says_why(why)),
        "rollback": "rollback" not in resource.written or (undo is not None and does_nothing(undo)),
    }
    return [key for key, is_lacking in lacking.items() if is_lacking]


_TOXIC = ("sensitive", "untrusted-input", "egress")


@template("toxic-combination")
def toxic_combination(subject: Subject) -> Iterator[Hit]:
    """One agent that sees what is sensitive, reads what strangers write, and can send it out. Never guessed from names."""
    if not any([resource.handles for resource in subject.manifest.resources]):
        return
    for environment in subject.manifest.environments:
        first: dict[str, Resource] = {}
        for resource in subject.manifest.resources:
            if environment in resource.environments and resource.access != "none":
                for handled in resource.handles:
                    first.setdefault(handled, resource)
        if not all(kind in first for kind in _TOXIC):
            continue
        resources = sorted(
            {first[kind].position: first[kind] for kind in _TOXIC}.values(), key=lambda one: one.position
        )
        *earlier, last = resources
        places = [Place(("resources", one.position, "handles"), caption=", ".join(one.handles)) for one in earlier]
        yield Hit(
            Place(("resources", last.position, "handles")),
            {"names": ", ".join(f"`{one.name}`" for one in resources)},
            related=tuple(places),
            environments=(environment,),
            key=environment,
        )
