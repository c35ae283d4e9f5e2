"""A finding, its place, its repair, and what silenced it.

Tuples, not dataclasses: the hook creates these classes at every start, and a frozen dataclass with slots costs
0.46 ms to create where a named tuple costs 0.06 (measured; the whole start-up budget is 13 ms).
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from linter.manifest.reader import Route

UNVERIFIED_RULE = "drift/unverified-resource"


class Severity(IntEnum):
    """How grave a finding is; the order is the gravity."""

    OFF = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word used in rule files, configuration and every output: "error", "warning", "info", "off"."""
        return self.name.lower()


class Location(NamedTuple):
    """A place in a file. Lines and columns count from 1, columns in code points; the end column is exclusive."""

    path: str
    """Relative to the root, with "/"; "<stdin>" for standard input."""
    line: int
    column: int
    end_line: int
    end_column: int
    snippet: str = ""
    """The whole source line `line`, secrets already masked (same width), otherwise raw: escape it for the medium."""
    caption: str = ""


class Source(NamedTuple):
    """One comparison of `drift`: where its findings come from, and what is asked again another night."""

    agent: str
    """Empty where a system's principals were looked through for agents without a manifest."""
    environment: str
    system: str
    """By the name that the manifest, or else configuration, has for it."""


class Splice(NamedTuple):
    """A stretch of a manifest's text, offsets in code points, end exclusive, and what takes its place."""

    start: int
    end: int
    text: str


class Repair(NamedTuple):
    """What ends a finding without a person."""

    splices: "Callable[[], tuple[Splice, ...]]"
    """Worked out only when somebody asks for the repair: emitting YAML costs an import."""
    routes: "tuple[Route, ...]" = ()
    """Where the manifest's data may change; nowhere, where only its spelling does."""
    safe: bool = True
    """Whether it certainly keeps what was meant; what is not safe is asked for by `--unsafe-fixes`."""


class Finding(NamedTuple):
    """One fault, at one place. All text may hold a stranger's words: a report escapes it for its medium."""

    rule: str
    """`category/name`."""
    severity: Severity
    message: str
    location: Location
    agent: str = ""
    environment: str = ""
    resource: str = ""
    """As written in the manifest; empty when the finding concerns the whole manifest."""
    key: str = ""
    """The rule's own key: what tells two findings of one rule on one resource apart, never a line number."""
    fix: str = ""
    """What ends the finding, as a sentence or a snippet; may have several lines."""
    related: tuple[Location, ...] = ()
    details: Mapping[str, Any] = {}
    cause: str = ""
    """The decision behind it, in words (a grant, a membership): a report may group by it."""
    repair: Repair | None = None
    source: Source | None = None
    """The comparison that it comes from; None for what is found without one."""
    principal: str = ""
    """Of a comparison: whose rights it is about."""
    object_id: str = ""
    """And what the one object keeps when it is renamed (linter.systems.lasting), where it is on one."""

    @property
    def system(self) -> str:
        """Of a comparison: which system, as the manifest or the configuration calls it."""
        return "" if self.source is None else self.source.system

    @property
    def fingerprint(self) -> str:
        """`sha256:` + hex: identity by meaning, stable when lines move (DESIGN.md, section 5)."""
        import hashlib

        place = self.agent or self.location.path
        parts = (self.rule, place, self.environment, self.resource, self.key)
        return "sha256:" + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def content(self) -> str:
        """`sha256:` + hex of what it says: an acceptance binds this, so a finding that grew is open again."""
        import hashlib
        import json

        said = json.dumps([self.severity.label, self.message, dict(self.details)], sort_keys=True)
        return "sha256:" + hashlib.sha256(said.encode()).hexdigest()


class Silenced(NamedTuple):
    """A finding that was kept out of the exit status, and by what."""

    finding: Finding
    by: str
    """"suppression" (a comment in the manifest) or "acceptance" (permlint-accepted.yaml)."""
    reason: str
    until: str
    """ISO date, or empty."""


def count(findings: tuple[Finding, ...], severity: Severity) -> int:
    """How many findings have exactly this severity."""
    return sum(1 for finding in findings if finding.severity is severity)
