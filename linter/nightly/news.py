"""The nouns of a night: what is known of a finding, of a source, and what changed since the night before."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from linter.findings import Severity, Source
from linter.systems.places import NOWHERE, Where

NEW, WORSENED, REAPPEARED, OPEN, ACCEPTED = "new", "worsened", "reappeared", "open", "accepted"
NEWS = frozenset({NEW, WORSENED, REAPPEARED})
"""What `--only-new` keeps."""
RESOLVED, WITHDRAWN, SUPERSEDED = "resolved", "withdrawn", "superseded"
"""How a finding ends: its absence was verified; nothing looks for it any more; another finding tells of it now."""


class Known(NamedTuple):
    """A finding as the state remembers it. Days are ISO dates."""

    fingerprint: str
    about: str
    """Its identity without its rule: a rule may be renamed."""
    rule: str
    severity: Severity
    message: str
    fix: str
    cause: str
    path: str
    line: int
    agent: str
    environment: str
    resource: str
    source: Source | None
    owner: str
    """Empty where nobody owns it."""
    extent: str
    """How far it reached when last seen, as JSON (`growth.py`)."""
    first_seen: str
    """The first day ever."""
    since: str
    """The day since which it was never verified absent: later than `first_seen` where it came back."""
    last_seen: str
    nights: int
    """On how many days it was seen since `since`."""
    accepted: str = ""
    """The last day of its acceptance; empty where it is not accepted."""
    ended: str = ""
    """The day of its first verified absence, or on which it ended otherwise; empty while it is open."""
    how: str = ""
    """`RESOLVED`, `WITHDRAWN` or `SUPERSEDED`; empty while it is open."""
    lasting: str = ""
    """What its principal and its object keep when they are renamed (linter.systems.lasting), as a JSON list of the two, each
    empty where there is nothing such; empty where an older permlint saw it last, or where it was resolved by its name alone."""


class Standing(NamedTuple):
    """What a run says of one of its findings."""

    status: str
    known: Known


class SourceState(NamedTuple):
    """A source as the state remembers it."""

    source: Source
    path: str
    owner: str
    last_success: str
    """ISO time, UTC; empty where there was none yet."""
    failures: int
    """On how many nights in a row it could not be checked; 0 where it was checked last."""
    failing_since: str
    """The day of the first of them, or empty."""
    problem: str
    """Why not, a clause."""
    rejected: bool
    last_asked: str
    place: Where = NOWHERE
    """Where it was asked when its findings were last verified; empty where that is not known."""
    elsewhere: str = ""
    """The day since which it answers from another place, or empty."""


class Kept(NamedTuple):
    """Findings that were not seen tonight and stay open, and why."""

    why: str
    """A clause."""
    source: Source | None
    findings: tuple[Known, ...]


class Nightly(NamedTuple):
    """What a run with a state knows beside its findings."""

    day: str
    adoption: bool
    """Whether this is the state's first run."""
    previous: str
    """The day of the run before, or empty."""
    standings: Mapping[str, Standing]
    """By fingerprint, of every finding of this run, accepted ones too; not of what failed tonight."""
    failing: tuple[SourceState, ...]
    """What could not be checked tonight and is not accepted."""
    sources: tuple[SourceState, ...]
    """Every source that was asked tonight."""
    recovered: tuple[SourceState, ...]
    """As they were before: what could be checked again tonight."""
    kept: tuple[Kept, ...]
    ended: tuple[Known, ...]
    """What ended tonight."""
    not_asked: int
    """Open findings that a run which asks for less does not look at."""
    notes: tuple[str, ...] = ()
    strays: Collection[Source] = ()
    """Those of `failing` that did answer, but from another place than before."""
    fresh: Collection[str] = ()
    """Fingerprints of findings that no earlier run saw accepted until that day."""
    begun: tuple[Known, ...] = ()
    """Findings of systems that answered for the first time, on another night than the first: known from now on, and not new."""
    unsaid: Collection[str] = ()
    """Fingerprints of findings of the run that the state knows to be mistaken."""
    only_new: bool = False
    """Whether the run was asked to tell of news alone."""

    def status(self, fingerprint: str) -> str:
        """A finding's status; "open" for what failed tonight."""
        standing = self.standings.get(fingerprint)
        return standing.status if standing is not None else OPEN
