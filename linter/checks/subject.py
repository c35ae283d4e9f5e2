"""What a check sees: one manifest with its document and surroundings (`Subject`), or all of them (`Fleet`)."""

import os
import stat
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from linter import schema
from linter.globs import matcher
from linter.manifest.model import Resource, build, prune
from linter.manifest.text import Text, Unreadable
from linter.secrets import Secret, find, mask
from linter.systems import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from linter.config import Config
    from linter.manifest.model import Built
    from linter.manifest.reader import Document
    from linter.rollback_script import Script
    from linter.schema import Violation

MAX_SCRIPT = 1 << 20
"""A rollback script is read up to a megabyte, and never run."""


class Surroundings:
    """What every manifest of a run shares."""

    def __init__(self, config: "Config", as_of: "date", *, by_name: bool) -> None:
        self.config = config
        self.as_of = as_of
        self.by_name = by_name
        """Whether files were named one by one, as a hook does: the calendar then stops no commit."""
        self.defaults = [(matcher(entry["paths"], folders=True), entry) for entry in config.defaults]
        self._real_root = os.path.realpath(config.root)
        self._scripts: dict[str, tuple[str, str]] = {}
        self._read: dict[str, Script | None] = {}
        self._live: dict[tuple[str, ...], bool] = {}

    @cached_property
    def codeowners(self) -> Any:
        """Path -> owners, by the repository's CODEOWNERS."""
        from linter.codeowners import load

        return load(self.config.root)

    def production(self, environments: tuple[str, ...]) -> bool:
        """Whether a production environment is among these."""
        live = self._live.get(environments)
        if live is None:
            live = self._live[environments] = any(self.config.production(one) for one in environments)
        return live

    def script(self, relative: str) -> tuple[str, str]:
        """The file that a manifest names as a script, or why it cannot be taken.

        Returns:
            (absolute path, ""), or ("", the reason as a clause).
        """
        known = self._scripts.get(relative)
        if known is None:
            known = self._scripts[relative] = self._look_up(relative)
        return known

    def python(self, path: str) -> "Script | None":
        """What the Python script at this absolute path says; None where this Python cannot read it."""
        if path not in self._read:
            from linter.rollback_script import read_script

            try:
                with open(path, "rb") as file:
                    self._read[path] = read_script(file.read(MAX_SCRIPT))
            except (OSError, SyntaxError, ValueError):
                self._read[path] = None
        return self._read[path]

    def _look_up(self, relative: str) -> tuple[str, str]:
        if os.path.isabs(relative) or relative.startswith("~"):
            return "", "is not a path inside the repository"
        path = os.path.normpath(os.path.join(self.config.root, relative))
        if not _inside(path, self.config.root):
            return "", "leaves the repository"
        try:
            # The real path is looked at, so a link that leaves the root is refused whatever stands on the way.
            real = os.path.realpath(path, strict=True)
            if not _inside(real, self._real_root):
                return "", "is a link that leaves the repository"
            status = os.stat(real)
        except (OSError, ValueError):
            return "", "does not exist"
        if not stat.S_ISREG(status.st_mode):
            return "", "is not a file"
        if status.st_size > MAX_SCRIPT:
            return "", "is larger than 1 MiB"
        return path, ""


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


class Since(NamedTuple):
    """What history knows of a version that was signed."""

    origin: str
    """Where it comes from, in words; empty where no version has its digest."""
    what: str
    """What was widened since, or may have been; empty where it only became narrower."""
    details: "Mapping[str, str]"


class Subject:
    """One manifest: its path, document, model and surroundings."""

    def __init__(self, path: str, document: "Document", around: Surroundings, built: "Built | None" = None) -> None:
        """`built`: see `build`.

        Raises:
            Unreadable: it has more faults than a manifest can have: a clear end, and not minutes of work.
        """
        self.path = path
        self.document = document
        self.around = around
        self.secrets: list[Secret] = find(document.text.content)
        if max(len(self.secrets), document.text.content.count("permlint:")) > schema.MOST_VIOLATIONS:
            raise Unreadable(
                1,
                1,
                f"holds more than {schema.MOST_VIOLATIONS:,} secrets or suppressions: is it a permission manifest?",
            )
        self.shown = Text(mask(document.text.content)) if self.secrets else document.text
        """The text with secrets masked, offsets unchanged: the only one that is ever quoted."""
        self.violations: list[Violation] = []
        data = document.data
        if schema.predicate("manifest")(data):
            self.manifest = build(data, data, built)
            return
        self.violations = schema.explain("manifest", data)
        if len(self.violations) >= schema.MOST_VIOLATIONS:
            raise Unreadable(1, 1, f"has more than {schema.MOST_VIOLATIONS:,} faults: is it a permission manifest?")
        known = data if isinstance(data, dict) else {}
        self.manifest = build(prune(known, _unusable(self.violations)), known)

    def redact(self, text: str) -> str:
        """A text for output, without this manifest's secrets."""
        for secret in self.secrets:
            literal = self.document.text.content[secret.start : secret.end]
            if literal in text:
                text = text.replace(literal, self.shown.content[secret.start : secret.end])
        return mask(text)

    def production(self, environments: tuple[str, ...] | None = None) -> bool:
        """Whether a production environment is among these, by default the manifest's."""
        return self.around.production(self.manifest.environments if environments is None else environments)

    def default(self, key: str) -> str | None:
        """What the configured defaults say for this path; the last entry that matches and says it wins."""
        found = None
        for matches, entry in self.around.defaults:
            if key in entry and matches(self.path):
                found = entry[key]
        return found

    def since_signed(self, digest: str) -> "Since | None":
        """What became of the version with this digest; None where no history is at hand."""
        return None

    @property
    def owner(self) -> str:
        """Who answers for the agent, as the manifest, the configured defaults or CODEOWNERS say; empty where none does."""
        return self.redact(self.manifest.owner or self.default("owner") or self.around.codeowners(self.path) or "")

    def kind(self, resource: Resource) -> Kind:
        """What kind of system a resource belongs to: as configured, else by its plain name."""
        binding = self.around.config.systems.get(resource.system)
        return kind_of(resource.system, binding["kind"] if binding else None)


def _unusable(violations: "list[Violation]") -> list[tuple[str | int, ...]]:
    """What must be pruned so that the model can be built: the whole field that holds a fault."""
    routes: list[tuple[str | int, ...]] = []
    for violation in violations:
        route = violation.route
        in_resource = len(route) > 1 and route[0] == "resources"
        depth = 3 if in_resource else 1
        if violation.kind == "unknown" and len(route) == depth:
            continue
        if violation.kind == "missing" and len(route) == depth - 1:
            continue
        routes.append(route[:depth])
    return routes


class Unit(NamedTuple):
    """What is remembered of a manifest when its document is let go: enough to compare manifests and to point at this one."""

    path: str
    agent: str
    environments: tuple[str, ...]
    text: Text
    span: tuple[int, int]
    """Where its `agent_name` stands."""
    named: bool
    """Whether it is reported on, or only context for those that are."""


class Fleet:
    """Every manifest of a run, for the checks that compare manifests. Documents are not kept: 10,000 would not fit."""

    def __init__(self) -> None:
        self.units: list[Unit] = []

    def add(self, subject: Subject, *, named: bool) -> None:
        """Remember a manifest."""
        manifest = subject.manifest
        if manifest.agent and manifest.environments:
            entry = subject.document.entry(("agent_name",))
            span = (entry[0], entry[3])
            text = subject.shown
            agent, environments = manifest.agent, manifest.environments
            if subject.secrets:
                agent, environments = subject.redact(agent), tuple(map(subject.redact, environments))
            self.units.append(Unit(subject.path, agent, environments, text, span, named))
