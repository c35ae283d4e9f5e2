"""The rule catalogue: one YAML file a rule, pure data, read into `Rule` (what a run needs) and `Manual` (what people read)."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from linter import schema
from linter.data import folder
from linter.findings import Severity
from linter.manifest.reader import read
from linter.manifest.text import Text, Unreadable, decode


class Rule(NamedTuple):
    """What a run needs of a rule file: everything above its `why:` line."""

    id: str
    """`category/name`: the rule's identity."""
    summary: str
    """One sentence, without a full stop."""
    severity: Mapping[str, Severity]
    """Case -> severity; the first case that holds wins, "otherwise" always holds."""
    check: str
    """The template in `linter/checks/` that this rule instantiates."""
    params: Mapping[str, Any]
    message: Mapping[str, str]
    """Case -> message with {placeholders} that the check fills."""
    fix: Mapping[str, str]
    mandatory: bool
    """Cannot be silenced, turned off or lowered."""
    calendar: bool
    """Judges by the day: at most a warning where files are named, since the calendar should stop no commit."""
    tidies: bool
    """Repairs under `--fix` even where it is off: it changes the spelling, not what is said."""
    swallows: tuple[str, ...]
    """Rules whose finding at the same place this one explains better: one fault, one finding."""
    source: str
    """The rule file's absolute path."""

    @property
    def gravest(self) -> Severity:
        """The highest severity that this rule can have."""
        return max(self.severity.values())


class Reference(NamedTuple):
    """An entry of rules/references.yaml: an identifier of a published standard."""

    id: str
    """Such as "ASI02", "AC-6(7)", "CC6.1", "A.5.15", "CWE-250"."""
    standard: str
    """Such as "OWASP Top 10 for Agentic Applications 2026"."""
    title: str
    url: str


class Manual(NamedTuple):
    """What people read of a rule file: `why:` and everything below it."""

    why: str
    """Markdown, a paragraph or two."""
    references: tuple[Reference, ...]
    since: str
    """The version that brought the rule."""
    examples: tuple[Mapping[str, Any], ...]


class BadRule(Exception):
    """A rule file that cannot be used: path, line and a sentence."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message = path, line, message


_RULES = {
    "check": ("manifest", "scope", "blast-radius", "rollback", "review", "suppression", "engine"),
    "creep": (
        "creep",
        "review/changed-since-review",
        "review/self-review",
        "review/unattributed-review",
        "suppression/stale-acceptance",
        "engine",
    ),
    "drift": ("drift", "suppression/stale-acceptance", "engine"),
}
"""What each command runs: folders of rules/, or single rules."""
_NEED_HISTORY = ("review/self-review", "review/unattributed-review")
"""Rules in a folder of `check` that it has no facts for."""
COMMANDS = tuple(_RULES)

_MANUAL = b"\nwhy:"
"""The line at which a built-in rule file's manual begins. The hook never reads below it (a test keeps the order)."""


def built_in(command: str = "check") -> dict[str, Rule]:
    """A command's built-in rules, by id. Only the head of each file is parsed: the hook pays for this at every start."""
    rules = {}
    for entry in _RULES[command]:
        for id in [entry] if "/" in entry else _in_folder(entry):
            if command == "check" and id in _NEED_HISTORY:
                continue
            path = os.path.join(folder("rules"), f"{id}.yaml")
            with open(path, "rb") as file:
                head = file.read().partition(_MANUAL)[0]
            rules[id] = _rule(read(Text(head.decode())).data, path)
    return rules


def ids() -> list[str]:
    """Every built-in rule's id, whichever command runs it; no file is read."""
    categories = {entry.partition("/")[0]: None for entries in _RULES.values() for entry in entries}
    return [id for category in categories for id in _in_folder(category)]


def _in_folder(category: str) -> list[str]:
    names = sorted(os.listdir(os.path.join(folder("rules"), category)))
    return [f"{category}/{name.removesuffix('.yaml')}" for name in names]


def load_file(path: str, shown: str) -> Rule:
    """A team's own rule file, validated whole.

    Args:
        path: the file; its folder is the rule's category.
        shown: how messages name it.

    Raises:
        BadRule: unreadable, not of the rule schema, or filed under another category or name.
    """
    try:
        with open(path, "rb") as file:
            document = read(decode(file.read()))
    except OSError as error:
        raise BadRule(shown, 1, f"cannot be read: {error.strerror}") from None
    except Unreadable as error:
        raise BadRule(shown, error.line, error.message) from None
    data = document.data
    if not schema.predicate("rule")(data):
        violation = schema.explain("rule", data)[0]
        line = document.text.position(document.entry(violation.route)[2])[0] if violation.route else 1
        place = ".".join(map(str, violation.route))
        raise BadRule(
            shown, line, f"{place + ': ' if place else ''}{violation.problem}. {violation.suggestion}".strip()
        )
    category, name = os.path.split(os.path.splitext(path)[0])
    if (data["category"], data["name"]) != (os.path.basename(category), name):
        raise BadRule(
            shown, 1, f"is rule {data['category']}/{data['name']}: keep it as {data['category']}/{data['name']}.yaml"
        )
    rule = _rule(data, path)
    for key, texts in (("message", rule.message), ("fix", rule.fix)):
        for text in texts.values():
            problem = _bad_placeholder(rule, text)
            if problem:
                raise BadRule(shown, document.text.position(document.entry((key,))[0])[0], f"{key}: {problem}")
    return rule


def _bad_placeholder(rule: Rule, text: str) -> str:
    """Why a text cannot be filled in, or empty. What other templates fill in, only they know."""
    from string import Formatter

    known = {"agent", "environment", "problem"} | ({"resource"} if rule.params.get("each") == "resource" else set())
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return "a brace stands alone: write `{{` or `}}` for one that is shown"
    wrong = [name for name in names if not name.isidentifier() or (rule.check == "json-schema" and name not in known)]
    return f"`{{{wrong[0]}}}` is filled in by nothing; there is {', '.join(sorted(known))}" if wrong else ""


def line_of(rule: Rule, key: str) -> int:
    """The line of a key of a rule's file; 1 where it is not there."""
    with open(rule.source, "rb") as file:
        document = read(decode(file.read()))
    return document.text.position(document.entry((key,))[0])[0] if key in document.data else 1


def manuals(rules: Mapping[str, Rule]) -> dict[str, Manual]:
    """What people read of each rule, by id."""
    known = references()
    return {id: manual(rule, known) for id, rule in rules.items()}


def manual(rule: Rule, known: Mapping[str, Reference]) -> Manual:
    """What people read of a rule; `known` are the `references()`."""
    with open(rule.source, "rb") as file:
        data = read(decode(file.read())).data
    return Manual(
        why=data["why"].strip(),
        references=tuple(known.get(one) or Reference(one, "", "", "") for one in data.get("references", ())),
        since=str(data.get("since", "")),
        examples=tuple(data["examples"]),
    )


def references() -> dict[str, Reference]:
    """The identifiers of published standards that rules may cite, from rules/references.yaml."""
    with open(os.path.join(folder("rules"), "references.yaml"), "rb") as file:
        data = read(decode(file.read())).data
    return {
        id: Reference(id, standard["title"], title, standard.get("url", ""))
        for standard in data
        for id, title in standard["identifiers"].items()
    }


def _rule(data: Mapping[str, Any], source: str) -> Rule:
    return Rule(
        id=f"{data['category']}/{data['name']}",
        summary=data["summary"],
        severity={case: Severity[word.upper()] for case, word in cases(data["severity"]).items()},
        check=data["check"],
        params=data.get("params") or {},
        message=cases(data["message"]),
        fix=cases(data.get("fix", "")),
        mandatory=data.get("mandatory", False),
        calendar=data.get("calendar", False),
        tidies=data.get("tidies", False),
        swallows=tuple(data.get("swallows", ())),
        source=source,
    )


def cases(given: str | Mapping[str, str]) -> dict[str, str]:
    """`text` or `{case: text, otherwise: text}` as the latter, "otherwise" last."""
    if isinstance(given, str):
        return {"otherwise": given}
    return {case: text for case, text in given.items() if case != "otherwise"} | {"otherwise": given["otherwise"]}


def pick(choices: Mapping[str, Any], held: Iterable[str]) -> Any:
    """The first choice whose case holds; `a+b` holds when both do."""
    now = {*held, "otherwise"}
    for case, choice in choices.items():
        if case in now or ("+" in case and now.issuperset(case.split("+"))):
            return choice
    raise AssertionError("every choice has its otherwise")
