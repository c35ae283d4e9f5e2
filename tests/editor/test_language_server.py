"""The manifest's schema in a real editor's server: what is marked, completed and explained."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SERVER = shutil.which("yaml-language-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not on PATH (npm install --global)")

HEAD = """\
# yaml-language-server: $schema=manifest.schema.json
agent_name: a
environment: staging
resources:
  - resource: db.t
"""
LEVELS = ["none", "read-only", "write", "read-write", "execute", "admin"]


class Editor:
    """A client of the server, over its standard input and output, in one folder."""

    def __init__(self, folder: Path) -> None:
        assert SERVER is not None
        self.folder, self.calls = folder, 0
        self.process = subprocess.Popen([SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"publishDiagnostics": {}}}
        self.call("initialize", processId=None, rootUri=folder.as_uri(), capabilities=capabilities)
        self._send(method="initialized", params={})

    def open(self, name: str, text: str) -> list[tuple[int, int, int, str]]:
        """Open a document: what is marked, as (line, first character, end, message), counted from 0."""
        self.uri = (self.folder / name).as_uri()
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        told = self._until(
            lambda one: one.get("method") == "textDocument/publishDiagnostics" and one["params"]["uri"] == self.uri
        )
        return [
            (at["start"]["line"], at["start"]["character"], at["end"]["character"], one["message"])
            for one in told["params"]["diagnostics"]
            for at in [one["range"]]
        ]

    def at(self, request: str, line: int, character: int) -> Any:
        """Ask about a place in the document."""
        position = {"line": line, "character": character}
        return self.call(f"textDocument/{request}", textDocument={"uri": self.uri}, position=position)

    def call(self, method: str, **params: Any) -> Any:
        """A request's result."""
        self.calls += 1
        self._send(id=self.calls, method=method, params=params)
        return self._until(lambda one: one.get("id") == self.calls and "method" not in one)["result"]

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._receive()
            if message.get("method") == "workspace/configuration":
                # No catalogue of schemas from the network.
                settings = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
                asked = [settings if one.get("section") == "yaml" else {} for one in message["params"]["items"]]
                self._send(id=message["id"], result=asked)
            elif "method" in message and "id" in message:
                self._send(id=message["id"], result=None)
            if wanted(message):
                return message

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b": ")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    shutil.copy(Path(__file__).parent.parent.parent / "schemas" / "manifest.schema.json", tmp_path)
    one = Editor(tmp_path)
    yield one
    one.process.kill()
    one.process.communicate()


def test_what_is_valid_is_not_marked(editor: Editor) -> None:
    text = "    access: write\n    scope: {columns: {except: [a]}}\n  - {resource: x, actions: [read], scope: prose}\n"
    tail = (
        "rollback_strategy: {dry_run: true, command: x}\nidentities: {db: {staging: a}}\nexpires: 2027-01-01\nx-a: 1\n"
    )
    assert editor.open("a.yaml", HEAD + text + tail) == []


def test_a_misspelt_level_is_marked(editor: Editor) -> None:
    (found,) = editor.open("a.yaml", HEAD + "    access: read-wirte\n")
    assert found[:3] == (5, 12, 22)
    assert all(f'"{level}"' in found[3] for level in LEVELS)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("    access: write\n    scope: {column: [a]}\n", (6, 12, 18)),  # within a union
        ("    access: write\n    scope: 4\n", (6, 11, 12)),
        ("    access: write\nexpires: 2027-13-41\n", (6, 9, 19)),
        ("    access: write\nrollback_strategy: {dry_run: false}\n", (6, 29, 34)),
    ],
)
def test_a_fault_is_marked_where_it_stands(editor: Editor, line: str, place: tuple[int, int, int]) -> None:
    assert [one[:3] for one in editor.open("a.yaml", HEAD + line)] == [place]


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("    access: ", LEVELS),
        ("    actions:\n      - ", ["read", "create", "update", "delete", "execute", "admin"]),
        ("    access: write\n    scope:\n      ", ["columns", "rows", "channels", "paths"]),
        ("    access: write\n    reversibility: ", ["reversible", "compensable", "irreversible"]),
    ],
)
def test_completion(editor: Editor, line: str, labels: list[str]) -> None:
    text = HEAD + line
    editor.open("a.yaml", text + "\n")
    found = editor.at("completion", text.count("\n"), len(text) - text.rfind("\n") - 1)
    offered = [one["label"] for one in found["items"]]
    assert set(labels) <= set(offered)


def test_hovering_explains(editor: Editor) -> None:
    editor.open("a.yaml", HEAD + "    access: write\n")
    assert "no level includes delete" in json.dumps(editor.at("hover", 5, 6))
