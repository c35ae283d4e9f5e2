"""A server of the Model Context Protocol: the tools that it offers, over streamable HTTP. No tool is ever called.

A tool's annotations are the server's own word (specification, "Tools", security considerations): what admits writing is
believed, what denies it is not. Where they are absent the specification's defaults count: not read-only, destructive.
"""

import json
from collections.abc import Mapping
from typing import Any

from linter.actions import CLASSES
from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.http import Call, Response, Session, usable
from linter.systems.keys.adapter import Keys
from linter.systems.keys.provider import About, Answers, Held, Holding, Provider
from linter.systems.keys.settings import path
from linter.systems.keys.vocabulary import EVERY, Atom, Vocabulary
from linter.systems.live import Binding, Unverified
from linter.systems.secret import Secret

_DEFAULT = "/mcp"
_VERSION = "2025-06-18"
_MOST_PAGES = 20
_HINTS = ("readOnlyHint", "destructiveHint")


class Mcp(Provider):
    """https://modelcontextprotocol.io/specification/2025-06-18/server/tools"""

    kind = "mcp"
    title = "the MCP server"
    form = "tools"
    parts = "tool"
    about = About(
        right="the token that the agent uses there, if it uses one",
        knows="the names of the tools that the server offers, and its own hints on what they do",
        cannot="what a tool really does, and which arguments it takes for which objects",
    )
    calls = (Call("POST", _DEFAULT),)
    keyless = True

    def vocabulary(self, binding: Binding) -> Vocabulary:
        """None: each server has its own tools."""
        return Vocabulary({}, frozenset({EVERY}), "", ())

    def allowed(self, binding: Binding) -> tuple[Call, ...]:
        """One path, to which all messages go."""
        return (Call("POST", path(binding, "path", _DEFAULT)),)

    def ask(self, session: Session, secret: Secret | None, binding: Binding) -> dict[str, Any]:
        """initialize, the notification that the protocol wants after it, and tools/list, page by page."""
        (call,) = self.allowed(binding)
        headers = {
            **self.headers(secret, binding),
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }
        client = {"name": "permlint", "version": "1"}
        start = {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": client}
        first = session.ask(call, headers, _message("initialize", start, 1))
        result = _result(first)
        headers["MCP-Protocol-Version"] = str(result.get("protocolVersion") or _VERSION)[:40]
        name = first.headers.get("mcp-session-id", "")
        if name.isascii() and name.isprintable() and 0 < len(name) < 400:
            headers["Mcp-Session-Id"] = name
        session.ask(call, headers, _message("notifications/initialized", None, None))
        tools: list[dict[str, Any]] = []
        parameters: dict[str, Any] = {}
        for number in range(_MOST_PAGES):
            page = _result(session.ask(call, headers, _message("tools/list", parameters, number + 2)))
            if not isinstance(page.get("tools"), list):
                raise Unverified("the MCP server's answer lists no tools")
            tools += [_kept(one) for one in page["tools"]]
            if not page.get("nextCursor"):
                return {"tools": tools}
            parameters = {"cursor": page["nextCursor"]}
        raise Unverified(f"the MCP server's list of tools has more than {_MOST_PAGES} pages")

    def recorded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The tools, listed as such or in the answers to tools/list, all pages of them."""
        if "responses" not in data:
            return super().recorded(data)
        given = Answers(data)
        pages: list[Mapping[str, Any]] = []
        while (response := given.take("POST *")) is not None:
            if response.status == 202:
                continue  # the protocol's answer to a notification
            result = _result(response)
            if isinstance(result.get("tools"), list):
                pages.append(result)
        if not pages or sum(not page.get("nextCursor") for page in pages) != 1:
            raise Unverified("what was recorded of the MCP server is not the whole list of its tools, each page once")
        return {"tools": [_kept(one) for page in pages for one in page["tools"]]}

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """Each tool as a scope."""
        if not isinstance(data["tools"], list):
            raise ValueError("tools are a list")
        return Holding(tuple(_held(one) for one in data["tools"]))

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """`SERVER.tool`, or a scope of tools."""
        box = {name: value for name, value in resource.scope.box.items() if name != "tools"}
        if resource.object and resource.object != ("*",):
            return frozenset({".".join(resource.object)}), box
        tools = resource.scope.box.get("tools")
        if not isinstance(tools, Names):
            return None, box
        return (known - tools.names - {EVERY} if tools.excluded else tools.names), box

    def classes(self, declared: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Who may execute a tool may do what it does; to call it is the least that any access needs."""
        if declared & {"execute", "admin"}:
            return frozenset({"read"}), frozenset(CLASSES)
        return declared & {"read"}, declared | {"read"} if declared else declared

    def instead(self, held: Held, needed: frozenset[Atom], surplus: set[Atom]) -> str:
        """A tool can always be left out."""
        return "a server, or a key, without this tool"

    def doubt(self, covered: frozenset[str]) -> str:
        """Unless everything that a tool can do is declared, its hints would have to be believed."""
        return (
            "" if covered >= frozenset(CLASSES) else "what a tool does is the server's own word, which proves nothing"
        )


def _message(method: str, parameters: object, number: int | None) -> bytes:
    message = {"jsonrpc": "2.0", "method": method}
    return json.dumps(
        message | ({"id": number} if number else {}) | ({"params": parameters} if parameters is not None else {})
    ).encode()


def _result(response: Response) -> Mapping[str, Any]:
    body = usable(response, "the MCP server")
    result = body.get("result") if isinstance(body, dict) else None
    if not isinstance(result, dict):
        raise Unverified("the MCP server answers with an error instead of a result")
    return result


def _kept(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
        raise Unverified("the MCP server lists a tool without a name")
    given = tool.get("annotations")
    hints = given if isinstance(given, dict) else {}
    return {
        "name": tool["name"],
        "annotations": {key: hints[key] for key in _HINTS if type(hints.get(key)) is bool},
    }


def _held(tool: Mapping[str, Any]) -> Held:
    kept = _kept(tool)
    name, hints = kept["name"], kept["annotations"]
    sure: set[Atom] = {(name, "read")}
    possible = set(sure)
    if hints.get("readOnlyHint") is not True:
        possible |= {(name, kind) for kind in ("create", "update")}
        if hints.get("destructiveHint") is not False:
            possible.add((name, "delete"))
        if hints.get("readOnlyHint") is False:
            sure |= {(name, kind) for kind in ("create", "update")}
            if hints.get("destructiveHint") is True:
                sure.add((name, "delete"))
    why = (
        "the server does not say that the tool only reads"
        if "readOnlyHint" not in hints
        else "it does not say otherwise"
    )
    return Held(name, frozenset(sure), frozenset(possible), why)


ADAPTER = Keys(Mcp())
