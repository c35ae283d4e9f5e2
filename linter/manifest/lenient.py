"""A manifest of whatever data a YAML document holds: what the schema refuses is left out, field by field.

`check` names each fault and so must explain them; history reads thousands of versions, and only needs what is left. Both
leave out the same: a whole field, at the top or of one resource (a property test holds them against each other).
"""

from collections.abc import Mapping
from typing import Any

from linter import schema
from linter.manifest.model import Built, Manifest, build


def lenient(data: Any, built: Built | None = None) -> Manifest:
    """The model of what the schema accepts in this data; without an agent, or resources, where it accepts none.

    `built` is `build`'s.
    """
    if schema.predicate("manifest")(data):
        return build(data, data, built)
    known = data if isinstance(data, dict) else {}
    kept = _kept(known, {**schema.fields("manifest"), "resources": _is_list})
    if "resources" in kept:
        fields = schema.fields("manifest", "resource")
        kept["resources"] = [_kept(one, fields) if isinstance(one, dict) else None for one in kept["resources"]]
    return build(kept, known)


def _kept(given: Mapping[str, Any], fields: Mapping[str, schema.Predicate]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in fields or fields[key](value)}


def _is_list(value: Any) -> bool:
    """What `resources` must be for its entries to be looked at one by one."""
    return isinstance(value, list)
