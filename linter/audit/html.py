"""The report as one HTML page that asks nothing of any network: templates of page/, escaped by Jinja2, under a strict policy.

Only hashes of the page's own style and script are allowed to run, so that even a text that slipped through could do nothing.
"""

import base64
import hashlib
import json
import os
from collections import Counter
from typing import Any, NamedTuple

from linter.audit.attention import unproved, waiting
from linter.audit.csv import seal, seal_of, sealed_cells, shown_as, written
from linter.audit.folds import SHARED, Fold, folded, folded_exceptions, states, told
from linter.audit.json import digest
from linter.audit.model import (
    CHOICES,
    LEVELS,
    ONLY_DECLARED,
    Audit,
    Permission,
    Principal,
    changed,
    exceptions,
    gone,
    unverified,
)
from linter.audit.pictures import BAR, BLASTS, blast_by_environment, growth
from linter.audit.views import (
    ambiguous,
    counted,
    every_finding,
    grouped,
    powers,
    pressing,
    principals,
    rollbacks,
    steps,
    sums,
    tally,
    unsure,
    unused,
)
from linter.reported import SHORTEST
from linter.reports.visible import inert, visible

_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
_SECTIONS = (
    ("population", "Population"),
    ("summary", "Summary"),
    ("matrix", "Access"),
    ("blast", "Blast radius"),
    ("agents", "Agents"),
    ("unmanaged", "Unmanaged"),
    ("common", "Common findings"),
    ("rollbacks", "Common rollbacks"),
    ("others", "Other findings"),
    ("privileged", "Privileged powers"),
    ("exceptions", "Exceptions"),
    ("revoked", "Revoked"),
    ("evidence", "Evidence"),
    ("signature", "Signature"),
)
_MARKS = {"!": "lost", "+": "wider", "~": "reworded", "-": "narrower", "=": "reviewed"}
_REVIEWS = {
    "current": "current",
    "due": "due",
    "changed": "changed since it was signed",
    "unpinned": "signed without a digest",
    "never": "never reviewed",
}
_BEGINNINGS = {"first": "the first version", "last-review": "the last signed version", "range": "the range began"}
_SIGNS = {"excess": "over", "missing": "under", "conditional": "cond"}
_SEVERITIES = {"error": "error", "warning": "warning", "info": "info"}
_LETTERS = "NRCUDA"
"""Of `LEVELS`."""


class MissingExtra(Exception):
    """Jinja2 is not there: a sentence that says how to get it."""


def render(audit: Audit) -> str:
    """The page. The same audit gives the same text, which is always valid UTF-8.

    Raises:
        MissingExtra: it needs an extra that is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup, escape
    except ImportError:
        raise MissingExtra("an HTML report needs Jinja2: python -m pip install 'permlint[report]'") from None

    def shown(text: str, keep: str = "") -> Markup:
        # A page may be printed into a CI's log: no line of a stranger's text is a command there.
        return Markup(inert(str(escape(visible(text, keep=keep))), lambda one: f"&#{ord(one)};"))  # noqa: S704

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: shown(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        ambiguous=ambiguous,
        grouped=grouped,
        folded=folded,
        growth=lambda agent: growth(agent.growth, agent.timeline, audit.as_of),
        marked=_marked,
        lines=lambda text: shown(text, keep="\n"),
        identity=_identity,
        cell=shown_as,
        principals=principals,
        quoted=lambda words: Markup(f'"{words}"') if " " in words else words,  # noqa: S704  # letters of our own
        states=states,
        steps=steps,
        tally=tally,
        unused=unused,
        within=_within,
    )
    environment.tests["counted"] = counted
    style, script = _source("style.css"), _source("page.js")
    places = _places(audit)
    return environment.get_template("base.html").render(
        audit=audit,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704  # both are files of permlint's own
        script=Markup(script),  # noqa: S704
        sections=_SECTIONS,
        choices=CHOICES,
        only_declared=ONLY_DECLARED,
        levels=LEVELS,
        letters=_LETTERS,
        blasts=BLASTS,
        graveness={word: number for number, word in enumerate(BLASTS)},
        marks=_MARKS,
        signs=_SIGNS,
        reviews=_REVIEWS,
        beginnings=_BEGINNINGS,
        row_class=_row_class,
        person_class=_person_class,
        sealed_whole=_sealed_whole,
        places=json.dumps(places, sort_keys=True, separators=(",", ":")),
        sealed=lambda one: _sealed(one, places),
        severities=_SEVERITIES,
        bar_width=BAR,
        **_computed(audit),
    )


def _computed(audit: Audit) -> dict[str, Any]:
    """What the templates would else compute."""
    every = [one for agent in audit.agents for one in agent.permissions]
    return {
        "anchors": {agent.name: agent.anchor for agent in reversed(audit.agents)},
        "bars": blast_by_environment(audit),
        "digest": digest(audit),
        "exceptions": folded_exceptions(exceptions(audit)),
        "permissions": len(every),
        "powers": powers(audit),
        "pressing": pressing(audit),
        "gone": unproved(audit),
        "waiting": waiting(audit),
        "lost": gone(audit),
        "changed": changed(audit),
        "rollbacks": rollbacks(audit.agents),
        "shared": SHARED,
        "told": told(audit.agents),
        "tally": tally(every_finding(audit)),
        "total": sums(audit.sources),
        "unsure": unsure(audit),
        "unverified": sum(map(unverified, every)),
    }


def _source(name: str) -> str:
    with open(os.path.join(_PAGE, name), encoding="utf-8") as file:
        return file.read()


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy of a page that has this style and this script and nothing else (CSP 3, section 2.3.1)."""

    def allowed(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; style-src {allowed(style)}; script-src {allowed(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _identity(one: Permission) -> str:
    """What the page does not show of a permission and `review record` proves: base64url, which needs no quotes.

    Its row's seal, the finding where it is of what is granted and not declared, and its id, cut where the manifest has the
    whole of it.
    """
    seal = bytes.fromhex(seal_of(one).removeprefix("row-"))
    identity = bytes.fromhex(one.id.removeprefix("sha256:"))
    finding = bytes.fromhex(one.finding.removeprefix("sha256:"))
    whole = seal + (finding + identity if one.origin == "granted" else identity[: SHORTEST // 2])
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


class _Places(NamedTuple):
    """Where the permissions were seen."""

    every: list[str]
    """Each place once, as a cell."""
    usual: dict[str, int]
    """"system (environment)" -> the number of the place where most permissions there were seen."""
    principals: dict[str, dict[str, str]]
    """"system (environment)" -> principal -> what most permissions have as its id, without the next."""
    scopes: dict[str, list[str]]
    """"system (environment)" -> in what most principals' ids, and most objects', are unlike (linter.systems.lasting), with "/"."""


def _places(audit: Audit) -> _Places:
    seen: dict[str, Counter[str]] = {}
    principals: dict[str, dict[str, Counter[str]]] = {}
    scopes: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for agent in audit.agents:
        for one in agent.permissions:
            where = _where(one)
            seen.setdefault(where, Counter())[_place(one)] += 1
            ids = shown_as(one.principal_id), shown_as(one.object_id)
            if ids[0]:
                whose = principals.setdefault(where, {})
                whose.setdefault(shown_as(one.principal), Counter())[ids[0]] += 1
            for counts, identity in zip(scopes.setdefault(where, (Counter(), Counter())), ids, strict=True):
                counts[_scope(identity)] += bool(identity)
    every = list(dict.fromkeys(place for counts in seen.values() for place in counts))
    usual = {where: [counts.most_common(1)[0][0] for counts in both] for where, both in scopes.items()}
    return _Places(
        every,
        {where: every.index(counts.most_common(1)[0][0]) for where, counts in seen.items()},
        {
            where: {name: _short(counts.most_common(1)[0][0], usual[where][0]) for name, counts in whose.items()}
            for where, whose in principals.items()
        },
        usual,
    )


def _scope(identity: str) -> str:
    return "".join(identity.rpartition("/")[:2])


def _short(identity: str, scope: str) -> str:
    """An identity without its scope, where that is this one: the page's script puts it back where no "/" is left."""
    return identity.removeprefix(scope) if _scope(identity) == scope else identity


def _where(one: Permission) -> str:
    return f"{shown_as(one.system)} ({shown_as(one.environment)})"


def _place(one: Permission) -> str:
    return shown_as(written(one.place))


def _sealed(one: Permission, places: _Places) -> dict[str, str | int | None]:
    """The system, where what the row shows does not begin with it; where it was seen, where that is not where most were; and
    what principal and object keep when they are renamed, as far as most others' do not tell.
    """
    system, resource = shown_as(one.system), shown_as(one.resource)
    number = places.every.index(_place(one))
    where = _where(one)
    of_principals, of_objects = places.scopes[where]
    holder = _short(shown_as(one.principal_id), of_principals)
    usual = places.principals.get(where, {}).get(shown_as(one.principal), "")
    return {
        "data-system": None if not resource or resource.split(".")[0].strip() == system else system,
        "data-place": None if number == places.usual[_where(one)] else number,
        "data-principal": None if holder == usual else holder,
        "data-object": _short(shown_as(one.object_id), of_objects) or None,
    }


def _sealed_whole(one: Principal) -> str:
    """The cells of a principal's row that `review record` proves, as JSON: the page does not show all of them."""
    cells = [shown_as(cell) for cell in sealed_cells(one).values()]
    return json.dumps([*cells, seal(cells)])


def _person_class(one: Principal) -> str:
    """The letters of a principal's row: those of a permission that nobody declared."""
    letters = (
        ("k", one.decision is not None),
        ("n", one.new),
        ("q", one.state == "unverified"),
        ("x", one.state == "unmanaged"),
    )
    return " ".join(["u", *(letter for letter, holds in letters if holds)])


def _within(place: str, path: str) -> str:
    """A place without the path of the manifest that the reader is at."""
    own = f"{path}:"
    return place.removeprefix(own) if path and place.startswith(own) else place


def _row_class(one: Permission, live: bool, said: bool = False) -> str:
    """The letters that the page's filter reads (parts.html); and, one word, what its style colours: declared, granted, blast radius.

    Args:
        said: whether its group says already that it is not verified.
    """
    undeclared = one.origin == "granted"
    granted = one.level if undeclared else one.granted if live else None
    blast = BLASTS.index(one.blast_computed) if one.blast_computed in BLASTS else None
    levels = (("d", None if undeclared else one.level), ("g", granted), ("b", blast))
    letters = (
        ("k", one.decision is not None),
        ("x", one.verdict in ("excess", "conditional")),
        ("p", bool(one.privileged)),
        ("n", one.new),
        ("q", not said and unverified(one)),
        ("u", undeclared),
    )
    coloured = "".join([f"{letter}{level}" for letter, level in levels if level is not None])
    return " ".join([*(letter for letter, holds in letters if holds), coloured])


def _marked(fold: Fold) -> str:
    """The same letters of findings."""
    new, excepted = any(one.new for one in fold.notes), any(one.status != "open" for one in fold.notes)
    return " ".join(letter for letter, holds in (("n", new), ("e", excepted)) if holds)
