"""Scopes as their reader takes them, beside the other version of the entry: the algebra's frozen grammar reads less.

Only for what grew; no digest depends on it. A bound that means everything, or says nothing, is none; and "status columns only",
which might describe columns, names one where the other version does.
"""

from collections.abc import Sequence
from functools import lru_cache

from linter.boxes import Names, Value
from linter.manifest.model import Manifest, Resource
from linter.manifest.scope import WIDE, parse_prose
from linter.manifest.vacuous import says_everything, says_nothing
from linter.permissions import grants


def understood(manifest: Manifest, others: Sequence[Manifest]) -> Manifest:
    """The manifest, its leaves by what its scopes surely say. Entries that another version shares stay as they are."""
    shared = {id(one) for other in others for one in other.resources}
    own = [one for one in manifest.resources if id(one) not in shared and one.scope.box and one.leaves]
    if not own:
        return manifest
    hinted = any(one.scope.kind == "prose" and _perhaps_column(one.scope.words) for one in own)
    named = _named(others) if hinted else frozenset()
    read = {id(one): changed for one in own if (changed := _understood(one, named)) is not one}
    if not read:
        return manifest
    return manifest._replace(resources=tuple([read.get(id(one), one) for one in manifest.resources]))


_Columns = frozenset[tuple[str, tuple[str, ...], str]]
"""Systems, objects and names of columns."""


def _named(manifests: Sequence[Manifest]) -> _Columns:
    """The columns that scopes name."""
    return frozenset(
        (one.system, one.object, name)
        for manifest in manifests
        for one in manifest.resources
        if isinstance(columns := one.scope.box.get("columns"), Names) and not columns.excluded
        for name in columns.names
    )


def _understood(resource: Resource, named: _Columns) -> Resource:
    box = resource.scope.box
    bounds = {name: value for name, value in box.items() if _limits(value)}
    if named and "prose" in bounds:
        column = _perhaps_column(resource.scope.words)
        if (resource.system, resource.object, column) in named:
            bounds = {"columns": Names(frozenset({column}))}
    if bounds == box:
        return resource
    leaves = grants(resource.system, resource.object, resource.access, resource.actions, bounds)
    return resource._replace(leaves=tuple(leaves))


def _limits(value: Value) -> bool:
    """Whether a dimension's value limits anything."""
    if isinstance(value, str):
        return _says_something(value)
    return value.excluded or value.names.isdisjoint(WIDE)


@lru_cache(maxsize=1024)
def _says_something(text: str) -> bool:
    return not (says_everything(text) or says_nothing(text))


@lru_cache(maxsize=1024)
def _perhaps_column(words: str) -> str:
    """The one name of a sentence such as "sensitive columns only"; empty where it has none."""
    singular = ["column" if word.lower() == "columns" else word for word in words.split(" ")]
    columns = parse_prose(" ".join(singular)).box.get("columns")
    if isinstance(columns, Names) and not columns.excluded and len(columns.names) == 1:
        return next(iter(columns.names))
    return ""
