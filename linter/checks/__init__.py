"""Check templates: the code that rules (data) instantiate.

A check takes a `Subject` (one manifest) or a `Fleet` (all of them) and yields hits: a place in the document, what fills the
rule's message, and the cases that decide its severity. It knows neither severities nor wording. A template with parameters
is a factory: it takes its `Params` once and returns the check.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from linter.checks.subject import Unit
    from linter.findings import Location, Repair
    from linter.manifest.model import Resource
    from linter.manifest.reader import Route

    Check = Callable[[Any], Iterable["Hit"]]


class Place(NamedTuple):
    """Where a hit is: symbolic, made a line and column only when a finding is."""

    route: "Route" = ()
    part: str = "value"
    """"value", "key", "entry" (key to value), or "absence" (something is missing in the mapping at the route)."""
    span: tuple[int, int] | None = None
    """Exact offsets, where no route says it."""
    caption: str = ""


class Hit(NamedTuple):
    """One fault, before a rule gives it severity and words."""

    place: Place
    values: Mapping[str, str] = {}
    """What fills the rule's {placeholders}."""
    cases: tuple[str, ...] = ()
    resource: "Resource | None" = None
    key: str = ""
    """What tells two hits of one rule on one resource apart; never a line number."""
    related: tuple[Place, ...] = ()
    environments: tuple[str, ...] | None = None
    """The environments concerned; by default the resource's, else the manifest's."""
    unit: "Unit | None" = None
    """The manifest, where a fleet check says it."""
    others: "tuple[tuple[Unit, str], ...]" = ()
    """Related manifests, each with a caption."""
    fix: str = ""
    """The exact statements that end it, where the check knows them; else the rule's words."""
    details: Mapping[str, Any] = {}
    """What a program wants to know of it."""
    cause: str = ""
    elsewhere: "tuple[Location, ...]" = ()
    """Related places in other files, such as a script."""
    repair: "Repair | None" = None
    object_id: str = ""
    """As of a `Discrepancy`."""


class Template(NamedTuple):
    """A registered check."""

    make: Callable[..., Any]
    params: Any
    """The NamedTuple class of its parameters, or None."""
    fleet: bool
    """Whether it takes the `Fleet` of all manifests."""


TEMPLATES: dict[str, Template] = {}


def template(name: str, params: Any = None, *, fleet: bool = False) -> Callable[[Any], Any]:
    """Register a check, or with `params` a factory of checks, under the name that rule files use."""

    def register(make: Any) -> Any:
        TEMPLATES[name] = Template(make, params, fleet)
        return make

    return register


class BadParams(ValueError):
    """Parameters that a template does not take."""


def instantiate(name: str, given: Mapping[str, Any]) -> "tuple[Check, bool]":
    """The check of a template with these parameters, and whether it takes the fleet.

    Raises:
        BadParams: no such template, or parameters of the wrong name or type.
    """
    found = TEMPLATES.get(name)
    if found is None:
        raise BadParams(f"`{name}` is no check; there are {', '.join(sorted(TEMPLATES))}")
    if found.params is None:
        if given:
            raise BadParams(f"the check `{name}` takes no parameters")
        return found.make, found.fleet
    return found.make(_params(name, found.params, given)), found.fleet


# A NamedTuple's annotation, as text -> what it accepts, and how that is called.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "<class 'str'>": (lambda value: type(value) is str, "text"),
    "<class 'bool'>": (lambda value: type(value) is bool, "true or false"),
    "<class 'int'>": (lambda value: type(value) is int and value >= 0, "a number that is not negative"),
    "tuple[str, ...]": (
        lambda value: type(value) is list and all(type(one) is str for one in value),
        "a list of texts",
    ),
    "collections.abc.Mapping[str, typing.Any]": (lambda value: type(value) is dict, "a mapping"),
}


def _params(name: str, cls: Any, given: Mapping[str, Any]) -> Any:
    fields = cls.__annotations__
    for key, value in given.items():
        if key not in fields:
            raise BadParams(f"`{key}` is no parameter of the check `{name}`; it takes {', '.join(fields)}")
        accepts, expected = _KINDS[str(fields[key])]
        if not accepts(value):
            raise BadParams(f"`{key}`: expected {expected}")
    missing = [key for key in fields if key not in given and key not in cls._field_defaults]
    if missing:
        raise BadParams(f"the check `{name}` needs {', '.join(missing)}")
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})
