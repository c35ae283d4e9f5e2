"""The template for a team's own conditions: a JSON Schema over the manifest, or over each resource."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from linter.checks import BadParams, Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.reader import Route


class AssertionParams(NamedTuple):
    """Parameters of `json-schema`."""

    schema: Mapping[str, Any]
    """The JSON Schema (Draft 2020-12) that must hold."""
    each: str = "manifest"
    """What it is asserted over: "manifest" or "resource"."""


@template("json-schema", AssertionParams)
def assertion(params: AssertionParams) -> Any:
    """What a team's JSON Schema refuses, at the value that it refuses."""
    import jsonschema

    if params.each not in ("manifest", "resource"):
        raise BadParams("`each`: expected manifest or resource")
    try:
        jsonschema.Draft202012Validator.check_schema(params.schema)
    except jsonschema.SchemaError as error:
        raise BadParams(f"`schema` is no JSON Schema: {error.message[:200]}") from None
    validator = jsonschema.Draft202012Validator(params.schema)

    def check(subject: Subject) -> Iterator[Hit]:
        for route, value, resource in _targets(subject, params.each):
            for error in validator.iter_errors(value):
                place: Route = (*route, *error.absolute_path)
                part = "value" if len(place) > len(route) else "absence"
                yield Hit(
                    Place(place, part),
                    {"problem": error.message[:200]},
                    resource=resource,
                    key=".".join(map(str, place)),
                )

    return check


def _targets(subject: Subject, each: str) -> Iterator[tuple[Route, Any, Any]]:
    data = subject.document.data
    if each == "manifest":
        yield (), data, None
        return
    for resource in subject.manifest.resources:
        yield ("resources", resource.position), data["resources"][resource.position], resource
