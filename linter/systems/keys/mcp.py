"""A server of the Model Context Protocol: the tools that it offers, over streamable HTTP. No tool is ever called.

What else it offers, resources to read and prompts to get, is listed too, and none of it is read.

A tool's annotations are the server's own word (specification, "Tools", security considerations): what admits writing is
believed, what denies it is not. Where they are absent the specification's defaults count: not read-only, destructive.
"""

import json
from collections.abc import Callable, Mapping
from itertools import count
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
_LISTS = {
    "resources": (("resources/list", "resources"), ("resources/templates/list", "resourceTemplates")),
    "prompts": (("prompts/list", "prompts"),),
}
"""Capability -> the requests that list what it is, and the key of each answer's list. Whole frameworks announce all of them."""
_METHODS = {"resources": "resources/read", "prompts": "prompts/get"}
"""Capability -> the request that gives what was listed: what a manifest calls it."""
_NO_METHOD = -32601
"""JSON-RPC 2.0, section 5.1."""


class Mcp(Provider):
    """https://modelcontextprotocol.io/specification/2025-06-18/server/tools"""

    kind = "mcp"
    title = "the MCP server"
    form = "tools"
    parts = "tool"
    about = About(
        right="the token that the agent uses there, if it uses one",
        knows="the names of the tools that the server offers, and its own hints on what they do; whether it has resources "
        "(SERVER.resources/read) or prompts (SERVER.prompts/get)",
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
        """initialize, the notification that the protocol wants after it, tools/list page by page, and what else is announced."""
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
        numbers = count(2)  # none twice in a session
        for _ in range(_MOST_PAGES):
            page = _result(session.ask(call, headers, _message("tools/list", parameters, next(numbers))))
            if not isinstance(page.get("tools"), list):
                raise Unverified("the MCP server's answer lists no tools")
            tools += [_kept(one) for one in page["tools"]]
            if not page.get("nextCursor"):
                break
            parameters = {"cursor": page["nextCursor"]}
        else:
            raise Unverified(f"the MCP server's list of tools has more than {_MOST_PAGES} pages")

        def listed(method: str, key: str) -> bool | None:
            try:
                return _any(session.ask(call, headers, _message(method, {}, next(numbers))), key)
            except Unverified:
                return None

        return {"tools": tools, "offers": _offers(result, listed)}

    def recorded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The tools, listed as such or in the answers to tools/list, all pages of them."""
        if "responses" not in data:
            return super().recorded(data) | {"offers": data.get("offers", {})}
        given = Answers(data)
        pages: list[Mapping[str, Any]] = []
        start: Mapping[str, Any] = {}
        lists: dict[str, bool | None] = {}
        while (response := given.take("POST *")) is not None:
            if response.status == 202:
                continue  # the protocol's answer to a notification
            if _error(response) == _NO_METHOD and pages:
                continue
            result = _result(response)
            if isinstance(result.get("tools"), list):
                pages.append(result)
            start = result if "capabilities" in result else start
            lists |= {key: _any(response, key) for one in _LISTS.values() for _, key in one if key in result}
        if not pages or sum(not page.get("nextCursor") for page in pages) != 1:
            raise Unverified("what was recorded of the MCP server is not the whole list of its tools, each page once")
        tools = [_kept(one) for page in pages for one in page["tools"]]
        return {"tools": tools, "offers": _offers(start, lambda _, key: lists.get(key))}

    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """Each tool as a scope, and what else the server gives."""
        offers = data.get("offers", {})
        if not isinstance(data["tools"], list) or not isinstance(offers, dict):
            raise ValueError("tools are a list, what else is offered is named")
        tools = tuple(_held(one) for one in data["tools"])
        return Holding(
            (*tools, *(_offered(name, offers[name]) for name in _METHODS if offers.get(name, False) is not False))
        )

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
        what = {method: f"its {name}" for name, method in _METHODS.items()}.get(held.name, "this tool")
        return f"a server, or a key, without {what}"

    def doubt(self, covered: frozenset[str], areas: frozenset[str] | None) -> str:
        """Unless everything that a tool can do is declared, its hints would have to be believed."""
        if covered >= frozenset(CLASSES) or (areas and areas <= frozenset(_METHODS.values())):
            return ""
        return "what a tool does is the server's own word, which proves nothing"


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


def _error(response: Response) -> Any:
    given = response.body.get("error") if isinstance(response.body, dict) else None
    return given.get("code") if isinstance(given, dict) else None


def _any(response: Response, key: str) -> bool | None:
    """Whether an answer lists anything under a key; None where it does not tell.

    Raises:
        Unverified: it is an error, but for the one that says that there is no such list.
    """
    if _error(response) == _NO_METHOD:
        return False
    page = _result(response)
    if not isinstance(page.get(key), list):
        return None
    return True if page[key] else None if page.get("nextCursor") else False


def _offers(start: Mapping[str, Any], listed: Callable[[str, str], bool | None]) -> dict[str, bool | None]:
    """Capabilities beside tools -> whether there is anything; None where nobody knows."""
    announced = start.get("capabilities")
    found: dict[str, bool | None] = {}
    for name, lists in _LISTS.items():
        if isinstance(announced, dict) and name in announced:
            told = [listed(*one) for one in lists]
            found[name] = True if True in told else None if None in told else False
    return found


def _offered(name: str, told: object) -> Held:
    method = _METHODS[name]
    atoms = frozenset({(method, "read")})
    why = f"the server says that it offers {name}, and does not list them"
    return Held(method, atoms if told is True else frozenset(), atoms, why)


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
