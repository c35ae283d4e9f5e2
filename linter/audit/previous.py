"""What the last report had, or what an earlier commit declared: the ground on which something is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from linter.audit.identity import declared_id
from linter.audit.model import Decision, Permission, Principal
from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.read import read_history
from linter.manifest.model import Manifest
from linter.secrets import mask
from linter.systems.places import Where

if TYPE_CHECKING:
    from linter.config import Config


class BadReport(Exception):
    """A file that is no JSON report of `permlint report`: a clause."""


class Previous(NamedTuple):
    """What is compared with."""

    since: str
    """In words."""
    agents: frozenset[str]
    permissions: Mapping[str, Permission]
    """By id."""
    findings: frozenset[str] | None
    """Fingerprints; None where an earlier version says nothing of them."""
    paths: Mapping[str, str]
    """Id -> the manifest that had it."""
    verified: Mapping[str, str]
    """Id of what was gone already -> the first verified absence."""
    places: Mapping[str, Where]
    """Id -> where it was compared last."""
    principals: Mapping[str, Principal] | None
    """Those without a manifest, by id; None where nothing says who there was."""


def from_json(text: str) -> Previous:
    """An earlier run's `report --format json`.

    Raises:
        BadReport: it is none.
    """
    from jsonschema import Draft202012Validator

    from linter.schema import load

    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadReport("is not JSON") from None
    fault = next(Draft202012Validator(load("report")).iter_errors(body), None)
    if fault is not None:
        where = "/".join(map(str, fault.absolute_path))
        raise BadReport(f"is no JSON report of `permlint report`{f': see {where}' if where else ''}")
    agents = body["agents"]
    rows = [_permission(one) for agent in agents for one in agent["permissions"]]
    findings = [*body["findings"], *(one for agent in agents for one in agent["findings"])]
    return Previous(
        since=f"the report of {body['as_of']}",
        agents=frozenset(agent["name"] for agent in agents),
        permissions={one.id: one for one in rows},
        findings=frozenset(one["fingerprint"] for one in findings),
        paths={one["id"]: agent["path"] for agent in agents for one in agent["permissions"]},
        verified={
            **{
                one.id: one.decision.since
                for one in rows
                if one.decision is not None and one.decision.outcome == "done"
            },
            **{
                one["id"]: one["verified"]
                for one in body["revoked"]
                # Of principals, an older permlint took another name for an absence.
                if one["verified"] and (one["agent"] or "principal_id" in one)
            },
        },
        places={
            **{one["id"]: one.get("place", {}) for one in body["revoked"]},
            **{one.id: one.place for one in rows},
        },
        principals={
            one["id"]: Principal(**{name: one[name] for name in Principal._fields if name in one})._replace(
                decision=None
            )
            for one in body["principals"]
            if one["state"] != "managed"
        }
        if "principals" in body
        else None,
    )


def _permission(one: Mapping[str, object]) -> Permission:
    given = {name: one[name] for name in Permission._fields if name in one}
    decision = given["decision"]
    given |= {name: tuple(given.get(name, ())) for name in ("also", "privileged")}  # type: ignore[arg-type]
    given["decision"] = Decision(**decision) if isinstance(decision, Mapping) else None
    return Permission(**given)  # type: ignore[arg-type]


def from_history(repository: Repository, config: Config, paths: Sequence[str], since: str) -> Previous:
    """What the manifests declared at a revision or on a day.

    Raises:
        HistoryError: there is no such revision, or history does not reach so far.
    """
    contents = Contents(repository.objects)
    history = read_history(
        repository, paths, globs=config.manifests, exclude=config.exclude, since=since, contents=contents
    )
    found: dict[str, tuple[Permission, str]] = {}
    agents: set[str] = set()
    for line in (*history.lines, *history.deleted):
        manifest = line.base.manifest if line.base is not None else None
        if manifest is not None:
            agents.add(mask(manifest.agent))
            found |= {one.id: (one, line.path) for one in _of(manifest)}
    return Previous(
        since=since if history.start is None else f"{since} ({history.start[:10]})",
        agents=frozenset(agents),
        permissions={id: one for id, (one, _) in found.items()},
        findings=None,
        paths={id: path for id, (_, path) in found.items()},
        verified={},
        places={},
        principals=None,
    )


def _of(manifest: Manifest) -> Iterable[Permission]:
    """What an earlier version declared, as far as a report tells of it."""
    for environment in manifest.environments:
        for resource in manifest.resources:
            if environment in resource.environments:
                yield Permission(
                    id=declared_id(manifest.agent, environment, resource),
                    agent=mask(manifest.agent), environment=mask(environment), system=resource.system, resource=mask(resource.name),
                    origin="declared", what=", ".join(dict.fromkeys(leaf.action for leaf in resource.leaves)), scope="",
                    level=0, granted=None, verdict="", also=(), reason="", principal="", blast_declared="", blast_computed="",
                    privileged=(), justification="", new=False, decision=None,
                )  # fmt: skip
