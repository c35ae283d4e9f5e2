"""The outcome of a run: what every command ends in and every report shows. A report does no I/O and looks nothing up."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from linter.findings import Finding, Silenced, Source

if TYPE_CHECKING:
    from datetime import date, datetime

    from linter.catalogue import Rule
    from linter.creep.timeline import Timeline
    from linter.nightly.news import Nightly


class Attempt(NamedTuple):
    """A source that a run was to ask, and what came of it."""

    source: Source
    path: str = ""
    """The manifest's; empty where no manifest asked."""
    owner: str = ""
    problem: str = ""
    """Why it was not, or not wholly, compared, a clause; empty where it was."""
    rejected: bool = False
    """Whether the system refused the credential itself."""
    place: Mapping[str, str] = {}
    """Where it was asked, as far as it says."""


class InputError(NamedTuple):
    """Something that could not be read at all: the run's exit status is 2."""

    path: str
    line: int
    column: int
    message: str

    @property
    def placed(self) -> bool:
        """Whether it is at a place in a file; the repository as a whole is ".", at line 1, where a format wants a place."""
        return self.path != "."


class ResourceVerdict(NamedTuple):
    """What a comparison with a live system says of one resource."""

    path: str
    agent: str
    environment: str
    resource: str
    """As written in the manifest."""
    system: str
    principal: str
    """Empty where it is not known."""
    verdict: str
    """The gravest of "excess", "missing", "conditional", "unverified" and "ok"."""
    also: tuple[str, ...]
    """The others that hold, the gravest first."""
    reason: str
    object_id: str = ""
    """What the one object that it names keeps when it is renamed (linter.systems.lasting); empty where there is nothing such."""


class Asked(NamedTuple):
    """One place that a comparison asked, or would have asked."""

    system: str
    """As configuration calls it; as the manifest does, where configuration binds none."""
    environment: str
    """Empty where the system is bound for all of them at once."""
    kind: str
    principals: tuple[str, ...]
    compared: tuple[str, ...]
    """The principals that were compared with what manifests declare, as the system calls them."""
    account: str
    """Which account or database answered and to whom, as far as it says so."""
    at: str
    """When it answered, ISO time in UTC: by its own clock where it has one, else the recording's or ours."""
    problem: str
    """Why it did not answer, a sentence; empty where it did."""
    place: Mapping[str, str] = {}
    """The same as `account` as far as it tells one place from another; empty where it does not say."""
    identities: Mapping[str, str] = {}
    """Of those that were compared: name -> what it keeps when it is renamed (linter.systems.lasting), where it has such."""


class Population(NamedTuple):
    """The principals of one system in one environment that are agents', and the sums of them."""

    system: str
    environment: str
    kind: str
    query: str
    """What was looked for, in words."""
    declared: tuple[str, ...]
    """Principals that manifests name and that are there."""
    unmanaged: tuple[str, ...]
    """Those that the query found and no manifest speaks for."""
    orphaned: tuple[str, ...]
    """Principals that manifests name and that are not there."""
    problem: str
    """Why it is not known whether these are all, a sentence; empty where they are."""
    present: tuple[str, ...] = ()
    """Of the names that were looked for beside the query: those that are there."""
    absent: tuple[str, ...] = ()
    """And those that are not: there is nobody of that name."""
    identities: Mapping[str, str] = {}
    """Of those that are unmanaged or present: name -> what it keeps when it is renamed, where it has such."""
    borne: Mapping[str, str] = {}
    """Such an identity that was looked for -> the name of who has it now, empty for nobody; those that nobody can tell of are
    left out."""


class Sought(NamedTuple):
    """A principal to look for, though no manifest and no pattern may find it."""

    system: str
    environment: str
    name: str
    """Empty to look for its identity alone."""
    identity: str
    """Empty where it is not known."""


class Timing(NamedTuple):
    """A run on the clock."""

    ended: "datetime"
    """UTC."""
    seconds: float


class Outcome(NamedTuple):
    """Everything a report may show; a report does no I/O and looks nothing up."""

    command: str
    as_of: "date"
    findings: tuple[Finding, ...]
    """Sorted by path, line, column, rule; neither suppressed nor accepted."""
    silenced: tuple[Silenced, ...]
    errors: tuple[InputError, ...]
    manifests: int
    """How many manifests were read and reported on."""
    rules: "Mapping[str, Rule]"
    """Every rule that was on in this run, by `category/name`."""
    unchecked: tuple[str, ...] = ()
    """What was asked for and could not be checked, a sentence each: exit status 3."""
    timelines: "Callable[[], tuple[Timeline, ...]]" = tuple
    """What `creep` tells of each manifest; worked out only to be shown."""
    verdicts: tuple[ResourceVerdict, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know and no rule judges, a sentence each."""
    effective: tuple[tuple[str, Callable[[], tuple[tuple[str, ...], ...]]], ...] = ()
    """Everything that is granted: (which principal, rows with the headings first) a plane; worked out only to be shown."""
    asked: tuple[Asked, ...] = ()
    """The places that a comparison asked."""
    population: tuple[Population, ...] = ()
    """The principals there, counted."""
    digests: Mapping[str, str] = {}
    """Path -> the digest of the agreement that was compared (linter.manifest.signing)."""
    within: str = ""
    """The root's folder below the git top, with a final "/"; empty where it is the top, or there is none."""
    unverified: tuple[str, ...] = ()
    """Those of `unchecked` that tell of resources and principals that could not be verified."""
    attempts: tuple[Attempt, ...] = ()
    """Every comparison that `drift` was to make."""
    timing: "Timing | None" = None
    """When the run ended and how long it took, for who measures it."""
    nightly: "Nightly | None" = None
    """What `drift --state` knows of earlier nights."""

    def in_repository(self, path: str) -> str:
        """A path as a forge reads it: relative to the git top, where the root may lie below it."""
        return path if path.startswith(("/", "<")) else self.within + path


def unverified_line(path: str, environment: str, reason: str, resources: Iterable[str]) -> str:
    """How what a manifest's unverified resources have in common is told."""
    return f"{path}: {', '.join(filter(None, resources)) or 'the audit log'} ({environment}): {reason}"
