"""Kinds of systems, as far as a manifest can be judged offline: what can be narrowed, what a structured scope could check."""

from functools import cache
from typing import NamedTuple

from linter.patterns import Pattern


class Kind(NamedTuple):
    """What is known of a system without asking it."""

    name: str
    narrowable: bool = True
    """Whether a resource of it can be narrowed at all. A webhook posts where it posts."""
    dimensions: tuple[str, ...] = ()
    """Scope dimensions that can be compared with what the system really grants."""
    below_object: bool = False
    """Whether they narrow a named object further; where not, they name the object, and one that is named needs none."""


_UNKNOWN = Kind("unknown")
_WEBHOOK = Kind("webhook", narrowable=False)
_KINDS = {
    "postgresql": Kind("postgresql", dimensions=("columns", "rows"), below_object=True),
    "github": Kind("github", dimensions=("repositories",)),
    "gitlab": Kind("gitlab", dimensions=("projects",)),
    "mcp": Kind("mcp", dimensions=("tools",)),
}
_BY_NAME = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pg": "postgresql",
    "github": "github",
    "gitlab": "gitlab",
}
_WORDS = Pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


@cache
def kind_of(system: str, configured: str | None) -> Kind:
    """The kind of a system: as configuration binds it, else by its own plain name, else unknown."""
    if not words(system).isdisjoint(("webhook", "webhooks")):
        return _WEBHOOK
    return _KINDS.get(configured or _BY_NAME.get(system.lower(), ""), _UNKNOWN)


@cache
def words(system: str) -> frozenset[str]:
    """The words of a system's name, in lower case: "slack_webhook", "SlackWebhook" and "slack-webhook" have the same."""
    return frozenset(word.lower() for word in _WORDS.findall(system))
