"""From nodes to what is told: versions with their contents, lines in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from linter.files import skipped
from linter.globs import matcher
from linter.history.contents import Content, Contents
from linter.history.earlier import Earlier, Looking
from linter.history.git import Repository
from linter.history.graph import Node, Walk, Watch
from linter.history.log import FILES, Entry
from linter.history.model import Commit, History, Line, Version
from linter.history.pairing import Pairing
from linter.history.span import Span
from linter.manifest.model import Manifest
from linter.manifest.text import Unreadable


class Assembly:
    """One reading of history: walk once, then take the lines."""

    def __init__(
        self,
        repository: Repository,
        globs: Iterable[str],
        exclude: Iterable[str],
        contents: Contents | None,
        *,
        judged: bool,
    ) -> None:
        """`judged`: whether it is of one change that is judged, a commit or a branch."""
        self.globs = tuple(globs)
        self._repository = repository
        self._contents = contents or Contents(repository.objects)
        self._matches, self._excluded = matcher(self.globs, any_case=True), matcher(exclude, folders=True)
        self._judged = judged
        self._tips: list[Node] = []
        self._gone: dict[str, Node] = {}
        self._past: list[Node] = []
        self.followed: set[str] = set()
        """Paths, relative to the top, at which something was looked for."""

    def candidate(self, path: str) -> bool:
        """Whether a path, relative to the top, is a manifest's: one that was asked for, or by the configured globs."""
        if path in self.followed:
            return True
        return self._configured(path)

    def _configured(self, path: str) -> bool:
        shown = self._repository.outward(path)
        return self._matches(shown) and not self._excluded(shown) and not skipped(shown)

    def walk(self, entries: list[Entry], there: Mapping[str, str | None]) -> set[str]:
        """Find the versions of these paths (relative to the top, with the blob that is there at the end).

        Returns:
            All paths at which something was found or looked for.
        """
        walk = Walk(Pairing(self._contents, self._configured, judged=self._judged), self._configured)
        self._tips = [Node(-1, None, path, None, "") for path in there]
        walk.run(entries, [(node, Watch(there[node.path], FILES[0], [node])) for node in self._tips])
        self._gone = {path: node for path, node in walk.deleted.items() if node.before}
        self.followed |= walk.followed
        return walk.followed

    def begun(self) -> list[str]:
        """The commits in which what was walked to begins."""
        roots = [node for node in _older_first(self._tips) if not node.before and node.entry is not None]
        return sorted({node.entry.id for node in roots if node.entry is not None and node.entry.id})

    def rejoin(self) -> None:
        """Let a manifest that begins after its agent's only other one was deleted come from that one."""
        if not self._gone:
            return
        chains = {tip: _older_first([tip]) for tip in self._tips}
        ended = {path: node.before[0] for path, node in self._gone.items()}
        self._contents.load(
            {
                one.blob
                for some in (*chains.values(), _older_first([*ended.values()]))
                for one in some
                if one.blob is not None and one.mode in FILES
            }
        )
        for tip, chain in chains.items():
            root = next((one for one in chain if not one.before), None)
            agent = self._agent(root) if root is not None and root.entry is not None else None
            if root is None or agent is None:
                continue
            last = {
                path: one
                for path, one in ended.items()
                if one.place > root.place and agent in map(self._agent, one.before)
            }
            if not last:
                continue
            others = [one for other, some in chains.items() if other is not tip for one in some]
            if any(one.place > root.place and self._agent(one) == agent for one in others):
                continue  # it was not gone
            if len(last) == 1:
                (path,) = last
                root.before = [last[path]]
                self._gone.pop(path, None)

    def _agent(self, node: Node) -> str | None:
        content = self._content(node)
        return content.agent if isinstance(content, Manifest) else None

    def look_back(self, revisions: list[str], pathspecs: list[str]) -> list[str]:
        """Find what there was, at these revisions, of what is new in the range or could not be read at its beginning.

        Returns:
            Paths, relative to the root, of which nothing was found: nothing was agreed before, as far as history goes.
        """
        roots = [node for node in _older_first(self._tips) if not node.before and node.blob is not None]
        self._contents.load([node.blob for node in roots if node.blob is not None and node.mode in FILES])
        looking = Looking(self._repository, self._contents, revisions, pathspecs, self.candidate)
        begun: dict[str, str] = {}
        for root in roots:
            content = self._content(root)
            if root.entry is None and isinstance(content, Manifest):
                continue
            found = looking.at(root.path)
            if found is not None:
                version = _before(found)
                root.before = [version if root.entry is None else _deletion(version)]
            elif isinstance(content, Manifest):
                begun[root.path] = content.agent
        gone, others = looking.of(begun.values()) if begun else ({}, {})
        self._past = [_deletion(_before(found)) for some in gone.values() for found in some]
        # A new agent may be one of these under another name, and they are told by their commits.
        self._past += [_deletion(_before(found), entry, place) for place, (found, entry) in enumerate(others.values())]
        return [self._repository.outward(path) for path, agent in begun.items() if agent not in gone]

    def history(self, paths: Sequence[str], span: Span, cut: tuple[str, ...]) -> History:
        """The lines of these paths, and of what was deleted."""
        versions = self._versions()
        known = {node.path: node for node in self._tips}
        lines = [self._line(path, known[self._repository.inside(path)], versions, span) for path in paths]
        deleted = [
            self._line(self._repository.outward(path), node, versions, span) for path, node in self._gone.items()
        ]
        deleted = [line for line in deleted if line.versions]
        deleted.sort(key=lambda line: line.path)
        past = [Line(version.path, version, (), version) for version in map(versions.__getitem__, self._past)]
        return History(tuple(lines), tuple(deleted), cut, span.start, span.end, tuple(past))

    def _versions(self) -> dict[Node, Version]:
        """All versions, older ones first, so that what each comes from is there before it."""
        ordered = [*_older_first(self._past), *self._past, *_older_first([*self._tips, *self._gone.values()])]
        self._contents.load([node.blob for node in ordered if node.blob is not None and node.mode in FILES])
        commits: dict[int, Commit | None] = {}
        versions: dict[Node, Version] = {}
        for node in ordered:
            if node.place not in commits:
                commits[node.place] = node.entry.commit if node.entry is not None else None
            versions[node] = Version(
                commit=commits[node.place],
                path=self._repository.outward(node.path),
                blob=node.blob,
                content=self._content(node),
                before=tuple([versions[one] for one in dict.fromkeys(node.before)]),
                place=node.place,
            )
        return versions

    def _content(self, node: Node) -> Content | None:
        if node.blob is None:
            return None
        if node.mode in FILES:
            return self._contents[node.blob]
        return Unreadable(1, 1, "is a submodule" if node.mode == "160000" else "is a symbolic link")

    def _line(self, path: str, root: Node, versions: Mapping[Node, Version], span: Span) -> Line:
        nodes = [node for node in _older_first([root]) if not span.late(versions[node].commit)]
        begin = len(nodes)
        for place, node in enumerate(nodes):
            if node.entry is not None and not span.early(versions[node].commit):
                begin = place
                break
        inside = [versions[node] for node in nodes[begin:] if not span.early(versions[node].commit)]
        return Line(
            path=path,
            tip=versions[nodes[-1]] if nodes else None,
            versions=tuple(inside),
            base=self._base(nodes[:begin], versions, span),
        )

    def _base(self, early: list[Node], versions: Mapping[Node, Version], span: Span) -> Version | None:
        if not early or (span.start is None and span.since is None):
            return None
        if span.start is not None and len(early) > 1:
            # Where branches left the range's beginning earlier, the state there is one of several.
            there = self._repository.objects.blobs([f"{span.start}:{node.path}" for node in early])
            early = [node for node, blob in zip(early, there, strict=True) if node.blob == blob] or early
        return versions[early[-1]]


def _before(found: Earlier) -> Node:
    return Node(_BEFORE, None, found.path, found.blob, found.mode)


def _deletion(version: Node, entry: Entry | None = None, place: int = 0) -> Node:
    deletion = Node(_BEFORE - 1 - (place + 1 if entry is not None else 0), entry, version.path, None, "")
    deletion.before = [version]
    return deletion


_BEFORE = 1 << 62
"""The place of what is older than all of a log."""


def _older_first(roots: list[Node]) -> list[Node]:
    """All that these nodes come from, without them."""
    found: set[Node] = set()
    pending = [node for root in roots for node in root.before]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += node.before
    return sorted(found, key=lambda node: (-node.place, node.path))
