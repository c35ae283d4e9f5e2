"""A reference page from a JSON Schema: a section for each key, a table of what stands below it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from linter.schema import load

Node = Mapping[str, Any]
Example = Callable[[str, Any], str]


def manifest() -> str:
    """docs/manifest.md."""
    return _page(
        "manifest",
        "# The manifest",
        "One file for each agent, called `agent-permissions.yaml` or `NAME.agent-permissions.yaml`. `agent_name`, `environment` and "
        "`resources` are required, the rest refines. Keys of your own begin with `x-`, at every level; they are searched for secrets "
        "and for nothing else. [editor.md](editor.md) says how an editor helps to write it, `permlint init` writes a first one.",
        _as_yaml,
    )


def configuration() -> str:
    """docs/configuration.md."""
    return _page(
        "config",
        "# Configuration",
        "`permlint.toml`, or `[tool.permlint]` in `pyproject.toml`: the nearest one, looked for upward from the working folder and not "
        "beyond the top of the git repository, or the one that `--config` names. Its folder is the root: every path in it, and in every "
        "report, is relative to it. It is trusted, a manifest is not; it names environment variables, never their values.",
        _as_toml,
    )


def _page(name: str, title: str, opening: str, example: Example) -> str:
    schema = load(name)
    parts = [title, opening]
    for key, node in schema["properties"].items():
        parts += [f"## {key}", *_section(schema, key, node, example, required=key in schema.get("required", ()))]
    return whole(parts, f"schemas/{name}.schema.json")


def _section(root: Node, key: str, node: Node, example: Example, *, required: bool) -> Iterator[str]:
    yield _sentence(node) + (" Required." if required else "") + f" Value: {_value(root, node)}." + _default(node)
    for one in node.get("examples", ()):
        yield fenced("toml" if example is _as_toml else "yaml", example(key, one))
    rows = [
        (
            f"`{path}`",
            _value(root, below) + _default(below),
            _sentence(below),
            "<br>".join(_inline(one) for one in below.get("examples", ())),
        )
        for path, below in _below(root, node, "", set())
    ]
    if rows:
        yield table(("key", "value", "meaning", "examples"), rows)


def _sentence(node: Node) -> str:
    return str(node.get("description", ""))


def _default(node: Node) -> str:
    return f" Default: {_inline(node['default'])}." if "default" in node else ""


def _forms(root: Node, node: Node) -> Iterator[Node]:
    """The forms that a value may take: a union's branches, a reference's target."""
    if "$ref" in node:
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _forms(root, target)
    elif "then" in node and "type" not in node:
        for branch in (node["then"], node.get("else", {})):
            if isinstance(branch, Mapping):
                yield from _forms(root, branch)
    else:
        yield node


def _below(root: Node, node: Node, prefix: str, shown: set[str]) -> Iterator[tuple[str, Node]]:
    """Every key below a node, with its path: `a.b`, `a[]` for a list's entries, `NAME` where any key may stand.

    What several keys refer to is told once; `shown` holds these references, and the paths.
    """
    if "$ref" in node:
        if node["$ref"] in shown:
            return
        shown.add(node["$ref"])
    for form in _forms(root, node):
        items = form.get("items")
        if isinstance(items, Mapping):
            yield from _below(root, items, f"{prefix.removesuffix('.')}[].", shown)
        for key, below in _named(form):
            path = f"{prefix}{key}"
            if path not in shown:
                shown.add(path)
                yield path, below
                yield from _below(root, below, f"{path}.", shown)


def _named(form: Node) -> Iterator[tuple[str, Node]]:
    yield from form.get("properties", {}).items()
    rest = form.get("additionalProperties")
    patterns = [
        (text, below) for text, below in form.get("patternProperties", {}).items() if isinstance(below, Mapping)
    ]
    yield from ((("*_env" if text == "_env$" else "NAME"), below) for text, below in patterns)
    if isinstance(rest, Mapping):
        yield "NAME", rest


_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "keys",
    "array": "a list",
}


def _value(root: Node, node: Node) -> str:
    """What may stand there, in words."""
    words = []
    for form in (node,) if "x-expected" in node else tuple(_forms(root, node)):
        if "x-expected" in form:
            words.append(form["x-expected"])
        elif "const" in form:
            words.append(_inline(form["const"]))
        elif "enum" in form:
            words.append(", ".join(_inline(one) for one in form["enum"]))
        else:
            words.append(_TYPES.get(form.get("type", ""), "anything"))
    # The last branch of a union names the others, too.
    return words[-1] if len(words) > 1 and "or " in words[-1] else " or ".join(dict.fromkeys(words))


def _inline(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, str) else f"`{value}`"


class _Dumper(yaml.SafeDumper):
    """YAML 1.2: a date is text, and is written without quotes."""


_Dumper.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _as_yaml(key: str, value: Any) -> str:
    items = value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else ()
    # Short collections stand on one line, others on several.
    flow = None if items and (isinstance(value, list) != any(isinstance(one, Mapping) for one in items)) else False
    return str(
        yaml.dump({key: value}, Dumper=_Dumper, default_flow_style=flow, sort_keys=False, width=120, allow_unicode=True)
    )


def _as_toml(key: str, value: Any) -> str:
    """A value as TOML: a mapping is a table, a list of mappings an array of tables, all else stands on one line."""
    if isinstance(value, Mapping):
        return "\n".join(_table(key, value))
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "\n".join(
            f"[[{key}]]\n" + "".join(f"{_bare(one)} = {_toml(below)}\n" for one, below in entry.items())
            for entry in value
        )
    return f"{key} = {_toml(value)}\n"


def _table(path: str, value: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: one for key, one in value.items() if not isinstance(one, Mapping)}
    if plain:
        yield f"[{path}]\n" + "".join(f"{_bare(key)} = {_toml(one)}\n" for key, one in plain.items())
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield from _table(f"{path}.{_bare(key)}", one)


def _bare(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_bare(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; columns that are empty throughout are left out."""
    kept = [number for number in range(len(head)) if any(row[number] for row in rows)]
    lines = [[head[number] for number in kept], ["---"] * len(kept)]
    lines += [
        [row[number].replace("|", r"\|") if r"\|" not in row[number] else row[number] for number in kept]
        for row in rows
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(language: str, text: str) -> str:
    """A code block, whatever the text holds."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def whole(parts: list[str], source: str) -> str:
    """A page's text, with a remark on where it comes from."""
    return (
        "\n\n".join([f"<!-- Written by docs/generate.py from {source}; change that. -->", *filter(None, parts)]) + "\n"
    )
