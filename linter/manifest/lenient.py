"""A manifest of whatever data a YAML document holds: what the schema refuses is left out, field by field.

`check` names each fault and so must explain them; history reads thousands of versions, and only needs what is left. Both
leave out the same: a whole field, at the top or of one resource (a property test holds them against each other). Without a
bound the agreement is wider, and nobody is misled; without a permission it looks narrower than it is, so that is said.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from linter import schema
from linter.manifest.model import Built, Manifest, build
from linter.manifest.reader import Document, Duplicate, Route


class Fault(NamedTuple):
    """Why nobody knows what a manifest grants: where that stands, and a clause that says what is wrong."""

    route: Route
    problem: str


class Lenient(NamedTuple):
    """What could be taken of some data."""

    manifest: Manifest
    """Without an agent, or resources, where the schema accepts none."""
    fault: Fault | None
    """The first value that the schema refuses and without which something that may have been granted is not."""


_GRANTING = ("agent_name", "environment", "resources")
_GRANTING_ENTRY = ("resource", "access", "actions")
_SIGNED = ("agent_name", "environment", "expires", "identities", "resources")
"""The keys of a manifest that the digest depends on."""


def lenient(data: Any, built: Built | None = None) -> Lenient:
    """The model of what the schema accepts in this data. `built` is `build`'s."""
    if schema.predicate("manifest")(data):
        return Lenient(build(data, data, built), None)
    return _pruned(data)


def lenient_version(data: dict[str, Any], built: Built) -> Lenient:
    """The same of a mapping whose `resources` is a list of entries that others share and that live as long as `built`: each is
    held against the schema once."""
    fresh = [one for one in data["resources"] if id(one) not in built.accepted]
    if schema.predicate("manifest")({**data, "resources": fresh}):
        built.accepted |= {id(one): repr(one) for one in fresh}
        return Lenient(build(data, data, built), None)
    return _pruned(data)


def _pruned(data: Any) -> Lenient:
    known = data if isinstance(data, dict) else {}
    kept = _kept(known, {**schema.fields("manifest"), "resources": _is_list})
    if "resources" in kept:
        fields = schema.fields("manifest", "resource")
        kept["resources"] = [_kept(one, fields) if isinstance(one, dict) else None for one in kept["resources"]]
    return Lenient(build(kept, known), _fault(known, kept))


def twice(document: Document) -> Duplicate | None:
    """A key that stands twice where a review signs: readers of YAML disagree on which of the two counts."""
    if not document.duplicates or not isinstance(document.data, dict):
        return None
    places = document.spans[id(document.data)]
    assert isinstance(places, dict)
    within = [places[key][2:] for key in ("identities", "resources") if key in places]
    for one in document.duplicates:
        top = one.key in _SIGNED and places[one.key][:2] == one.second
        if top or any(start <= one.second[0] < end for start, end in within):
            return one
    return None


def _kept(given: Mapping[str, Any], fields: Mapping[str, schema.Predicate]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in fields or fields[key](value)}


def _is_list(value: Any) -> bool:
    """What `resources` must be for its entries to be looked at one by one."""
    return isinstance(value, list)


def _fault(given: Mapping[str, Any], kept: Mapping[str, Any]) -> Fault | None:
    for key in _GRANTING:
        if key not in kept:
            return _refused((key,)) if key in given else Fault((), f"it has no `{key}`")
    entries = enumerate(zip(given["resources"], kept["resources"], strict=True))
    return next((fault for index, (one, left) in entries if (fault := _fault_of_entry(index, one, left))), None)


def _fault_of_entry(index: int, given: Any, kept: Any) -> Fault | None:
    if kept is None:
        return Fault(("resources", index), "a resource is a mapping")
    for key in _GRANTING_ENTRY:
        if key in given and key not in kept:
            return _refused(("resources", index, key))
    if "resource" not in given:
        return Fault(("resources", index), "an entry has no `resource`")
    if "access" not in given and "actions" not in given:
        return Fault(("resources", index), "an entry has neither `access` nor `actions`")
    return None


def _refused(route: Route) -> Fault:
    return Fault(route, f"`{route[-1]}` has a value that it cannot have (`permlint check` explains it)")
