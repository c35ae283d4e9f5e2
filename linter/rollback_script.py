"""What a Python rollback script says, read with `ast`, never run: SQL that it builds from data, tables that it reads."""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from linter.patterns import Pattern

# A statement, at a text's beginning; prose such as "select one from the list" lacks the shape or the place.
_SQL = Pattern(
    r"\s*(?:SELECT\b.+\bFROM\b|INSERT\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|TRUNCATE\s+TABLE\b|MERGE\s+INTO\b"
    r"|(?:DROP|ALTER|CREATE)\s+(?:TABLE|INDEX|ROLE|SCHEMA|VIEW)\b|WITH\s+\S+\s+AS\s*\(|(?-i:SELECT|UPDATE|TRUNCATE)\s+$)",
    re.IGNORECASE | re.DOTALL,
)
_READS = Pattern(
    r"\b(?:FROM|JOIN)\s+(?:ONLY\s+)?((?:\"[^\"]+\"|[A-Za-z_][\w$]*)(?:\.(?:\"[^\"]+\"|[A-Za-z_][\w$]*))*)",
    re.IGNORECASE,
)
_VERBS = (b"SELECT", b"INSERT", b"UPDATE", b"DELETE", b"TRUNCATE", b"MERGE", b"DROP", b"ALTER")
_TELLING = frozenset(
    {"print", "debug", "info", "warning", "error", "exception", "critical", "log", "echo", "secho", "warn", "fail"}
)
"""Calls that show a text to a person: a statement quoted there is not run."""


class Build(NamedTuple):
    """A place where SQL is put together from data."""

    line: int
    column: int
    """From 1, in code points."""
    end_column: int
    how: str
    """"an f-string", "%", "+" or "str.format"."""
    snippet: str
    """The whole source line, raw."""


class Script(NamedTuple):
    """What was read."""

    builds: tuple[Build, ...]
    reads: tuple[str, ...]
    """Tables after FROM or JOIN, as written, in order, each once."""
    words: frozenset[str]
    """Every dotted name and word in its texts, lower case: what the script mentions."""


NOTHING = Script((), (), frozenset())


def read_script(source: bytes) -> Script:
    """What a Python script says of SQL.

    Raises:
        SyntaxError, ValueError: this Python cannot read it.
    """
    upper = source.upper()
    if not any([verb in upper for verb in _VERBS]):
        return NOTHING
    with warnings.catch_warnings(action="ignore"):  # of the script's own escapes
        try:
            tree = ast.parse(source)
        except (RecursionError, MemoryError) as error:  # nested beyond reason
            raise ValueError(str(error)) from None
    finder = _Finder(tree, source)
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    reads = [match[1].replace('"', "") for text in texts if _SQL.match(text) for match in _READS.finditer(text)]
    words = {word.lower() for text in texts for word in re.findall(r"[\w$]+", text)}
    return Script(tuple(sorted(finder.builds())), tuple(dict.fromkeys(reads)), frozenset(words))


class _Finder:
    """Looks through one module."""

    def __init__(self, tree: ast.Module, source: bytes) -> None:
        self.tree = tree
        self.lines = source.splitlines()
        self.constants = _constants(tree)

    def builds(self) -> Iterator[Build]:
        """Every expression that puts a statement together from data, but where it is only shown to a person."""
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _name(node.func) in _TELLING):
                continue
            how = self.how(node) if isinstance(node, ast.expr) else ""
            if how:
                yield self.place(node, how)  # type: ignore[arg-type]  # an expression, see above
            elif isinstance(node, ast.BinOp):  # its inner sums were looked at with it; again each would be quadratic
                stack += _operands(node)
            else:
                stack += ast.iter_child_nodes(node)

    def how(self, node: ast.expr) -> str:
        """How an expression builds SQL from data; empty where it does not."""
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            lead = node.values[0] if node.values else None
            text = lead.value if isinstance(lead, ast.Constant) else ""
            return "an f-string" if _is_sql(text) and any(map(self.is_data, parts)) else ""
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
            left = _leftmost(node)
            if _is_sql(left) and any(map(self.is_data, _operands(node))):
                return "+" if isinstance(node.op, ast.Add) else "%"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if (
                isinstance(node.func.value, ast.Constant)
                and _is_sql(node.func.value.value)
                and any(map(self.is_data, given))
            ):
                return "str.format"
        return ""

    def is_data(self, node: ast.expr) -> bool:
        """Whether a value is not written in the script itself: neither a literal nor a name that is one."""
        if isinstance(node, ast.Constant):
            return False
        if isinstance(node, ast.Name):
            return node.id not in self.constants
        if isinstance(node, ast.Tuple):
            return any(map(self.is_data, node.elts))
        if isinstance(node, ast.Call) and _name(node.func) in ("int", "len"):
            return False  # a number, whatever it came from
        # ", ".join(["%s"] * len(ids)) writes parameters, not data.
        return not (isinstance(node, ast.Call) and _name(node.func) == "join" and _placeholders(node))

    def place(self, node: ast.expr, how: str) -> Build:
        line = self.lines[node.lineno - 1]
        start = len(line[: node.col_offset].decode("utf-8", "replace")) + 1
        last = node.end_col_offset if node.end_lineno == node.lineno and node.end_col_offset else len(line)
        end = max(start + 1, len(line[:last].decode("utf-8", "replace")) + 1)
        return Build(node.lineno, start, end, how, line.decode("utf-8", "replace"))


def _constants(tree: ast.Module) -> frozenset[str]:
    """Names that are bound once in the whole script, to a literal."""
    bound: dict[str, int] = {}
    literal = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound[node.id] = bound.get(node.id, 0) + 1
        elif isinstance(node, ast.arg):
            bound[node.arg] = bound.get(node.arg, 0) + 1
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if targets and isinstance(node.value, ast.Constant):  # type: ignore[attr-defined]  # both kinds have a value
            literal |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(name for name in literal if bound.get(name) == 1)


def _is_sql(text: object) -> bool:
    return isinstance(text, str) and _SQL.match(text) is not None


def _leftmost(node: ast.expr) -> object:
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) else None


def _operands(node: ast.expr) -> list[ast.expr]:
    """The operands of a chain such as `a + b % c`, down its left side."""
    found = []
    while isinstance(node, ast.BinOp):
        found.append(node.right)
        node = node.left
    return [*found, node]


def _placeholders(node: ast.Call) -> bool:
    """Whether what is joined holds only literals, such as `["%s"] * n` or `"%s" for _ in ids`."""
    if len(node.args) != 1:
        return False
    given = node.args[0]
    if isinstance(given, ast.BinOp) and isinstance(given.op, ast.Mult):
        given = given.left
    if isinstance(given, (ast.GeneratorExp, ast.ListComp)):
        return isinstance(given.elt, ast.Constant)
    return isinstance(given, ast.List) and all(isinstance(one, ast.Constant) for one in given.elts)


def _name(func: ast.expr) -> str:
    """The last name of what is called."""
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
