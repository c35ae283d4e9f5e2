"""The CSV report: a row a permission or principal, with empty cells to decide in. `permlint review record` reads it back (filled.py).

It opens in a spreadsheet without running anything: a cell that could begin a formula gets an apostrophe before it (OWASP,
"CSV Injection"), and so does one that would be saved as another number or date; every cell is quoted, and control characters
are written out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from io import StringIO

from linter.audit.decisions import UNMANAGED
from linter.audit.model import LEVELS, Agent, Audit, Permission, Principal
from linter.reports.visible import inert as dull
from linter.reports.visible import inert_json, visible
from linter.systems.places import Where

COLUMNS = (
    "id", "agent", "environment", "system", "resource", "origin", "what", "scope", "level", "granted", "verdict", "also",
    "verdict_reason", "principal", "blast_radius_declared", "blast_radius_computed", "privileged", "justification", "owner",
    "path", "new", "last_decision", "last_decided_by", "last_decided_on", "last_reason", "last_outcome", "finding", "place",
    "principal_id", "object_id", "check", "decision", "decided_by", "decided_on", "reason",
)  # fmt: skip
SEALED = (
    "id",
    "agent",
    "environment",
    "system",
    "resource",
    "origin",
    "what",
    "level",
    "principal",
    "finding",
    "place",
    "principal_id",
    "object_id",
)
"""What is stored of a row: the first half of `check` is made from it, a row whose cells slipped is noticed."""
READ = (
    "scope", "granted", "verdict", "also", "verdict_reason", "blast_radius_declared", "blast_radius_computed", "privileged",
    "justification", "owner", "path", "new", "last_decision", "last_decided_by", "last_reason", "last_outcome",
)  # fmt: skip
"""What a reviewer decides by: the second half of `check` is made from it and from `SEALED`. Not `last_decided_on`, which
spreadsheets write their own way."""
UNREAD = "unreadable manifest"
"""The origin of a row that has nothing to decide on."""
_TRIGGERS = frozenset("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
"""What begins a formula in a spreadsheet, half and full width; and the apostrophe, so that ours can be told from a stranger's."""
_REWRITTEN = re.compile(
    r"true|false|(?=.*\d)(?:[\d\s.,:/%$\u20ac\xa3()+-]|[ap]m?|(?<=[\d.])[ed](?=[\d+-])|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|"
    r"june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)+",
    re.IGNORECASE,
)
"""What a spreadsheet takes for a number, a date, a time or a truth value and saves in its own way: 017, 1E5, 3-4, 1 Mar, TRUE."""


def render(audit: Audit) -> str:
    """The table, lines ended as RFC 4180 has them. A byte order mark only where a spreadsheet would else misread the letters."""
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(audit):
        writer.writerow([_cell(name, row.get(name, "")) for name in COLUMNS])
    text = out.getvalue()
    return text if text.isascii() else "\ufeff" + text


def _cell(name: str, text: str) -> str:
    return visible(text) if name == "last_decided_on" else inert(text)


def _rows(audit: Audit) -> Iterator[dict[str, str]]:
    for agent in audit.agents:
        yield from (_row(agent, one, live=audit.live) for one in agent.permissions)
    yield from map(_of_principal, audit.principals)
    yield from _unread(audit)


def sealed_cells(one: Permission | Principal) -> dict[str, str]:
    """The cells of `SEALED`, in its order."""
    if isinstance(one, Principal):
        return {
            **dict.fromkeys(SEALED, ""),
            "id": one.id,
            "environment": one.environment,
            "system": one.system,
            "origin": UNMANAGED,
            "what": "whatever it may do: nobody agreed to it",
            "principal": one.name,
            "place": written(one.place),
            "principal_id": one.principal_id,
        }
    return {
        "id": one.id,
        "agent": one.agent,
        "environment": one.environment,
        "system": one.system,
        "resource": one.resource,
        "origin": one.origin,
        "what": one.what,
        "level": LEVELS[one.level],
        "principal": one.principal,
        "finding": one.finding,
        "place": written(one.place),
        "principal_id": one.principal_id,
        "object_id": one.object_id,
    }


def written(place: Where) -> str:
    """A place as a cell, whose folding and escaping leave it as it is: JSON without two spaces in a row; empty for none."""
    return inert_json(json.dumps(dict(place), sort_keys=True).replace("  ", " \\u0020")) if place else ""


def placed(cell: str) -> Where:
    """What `written` was given.

    Raises:
        ValueError: it was given nothing that makes this cell.
    """
    found = json.loads(cell) if cell else {}
    if not isinstance(found, dict) or written(found) != cell or not all(isinstance(one, str) for one in found.values()):
        raise ValueError(cell)
    return found


def _row(agent: Agent, one: Permission, *, live: bool) -> dict[str, str]:
    cells = {
        "scope": one.scope,
        "granted": LEVELS[one.granted] if one.granted is not None else "not known" if live else "not asked",
        "verdict": one.verdict or "not asked",
        "also": ", ".join(one.also),
        "verdict_reason": one.reason,
        "blast_radius_declared": one.blast_declared,
        "blast_radius_computed": one.blast_computed,
        "privileged": ", ".join(one.privileged),
        "justification": one.justification,
        "owner": agent.owner,
        "path": agent.path,
    }
    return _whole(one, cells)


def _of_principal(one: Principal) -> dict[str, str]:
    return _whole(one, {"verdict": one.state, "verdict_reason": one.reason, "granted": "not known"})


def _whole(one: Permission | Principal, cells: Mapping[str, str]) -> dict[str, str]:
    """The row, with what was decided last and its seal."""
    last = one.decision
    every = {
        **dict.fromkeys(READ, ""),
        **sealed_cells(one),
        **cells,
        "new": "new" if one.new else "",
        "last_decision": last.decision if last else "",
        "last_decided_by": last.by if last else "",
        "last_decided_on": last.on if last else "",
        "last_reason": last.reason if last else "",
        "last_outcome": f"{last.outcome} {last.since}".strip() if last else "",
    }
    shown = {key: shown_as(value) for key, value in every.items()}
    return {**shown, "check": seal_whole(shown)}


def _unread(audit: Audit) -> Iterable[dict[str, str]]:
    """Manifests that have nothing to decide on, and belong to the population all the same."""
    for source in audit.sources:
        for path in source.unmanaged if source.kind == "manifests" else ():
            yield {
                "origin": UNREAD,
                "what": "what it declares is not known",
                "verdict": "unverified",
                "path": path,
            }


def shown_as(text: str) -> str:
    """A text as it stands in a cell, its line breaks folded, before what could begin a formula is made harmless."""
    return dull(visible(" ".join(text.split())))


def seal(cells: Iterable[str]) -> str:
    """What tells whether these cells still belong together; not digits alone, which a spreadsheet takes for a number."""
    return "row-" + sha256("\0".join(cells).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def seal_whole(cells: Mapping[str, str]) -> str:
    """The seal of a row of the CSV: of what is stored, then of that with what the reviewer reads beside it."""
    whole = seal(cells[name] for name in (*SEALED, *READ))
    return f"{seal(cells[name] for name in SEALED)}-{whole.removeprefix('row-')}"


def seal_of(one: Permission) -> str:
    """The seal of what is stored of a permission; the HTML report's rows have no other."""
    cells = sealed_cells(one)
    return seal(shown_as(cells[name]) for name in SEALED)


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, or saves as something else."""
    shown = visible(text)
    return f"'{shown}" if _taken(shown) else shown


def plain(cell: str) -> str:
    """What `inert` was given."""
    return cell[1:] if cell[:1] == "'" and _taken(cell[1:]) else cell


def _taken(text: str) -> bool:
    """Whether a spreadsheet would take a text for something else."""
    return text != "" and (text[0] in _TRIGGERS or _REWRITTEN.fullmatch(text) is not None)
