"""Drops each condition of a check once: does what permlint says of the catalogue's examples change? Run by hand, see CONTRIBUTING.md.

python fuzz/mutate_rules.py [TEMPLATE...]    by default the checks of the ten gravest rules
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from docs import generate
from linter import catalogue, checks
from linter.catalogue import Rule

GRAVEST = {
    "value-lost-to-comment": ("_plain",),
    "secret": (),
    "connection": (),
    "duplicate-agent": (),
    "contradictory-access": ("_structured_contradictions", "_prose_contradictions"),
    "unbounded-write": ("_wild",),
    "wildcard-resource": ("_wild",),
    "admin-access": ("_granting",),
    "delete-in-production": ("_granting",),
    "toxic-combination": (),
    "understated-blast-radius": (),
    "missing-rollback": (),
    "no-rollback-command": (),
    "rollback-script": ("_find",),
    "injectable-script": (),
    "irreversible": (),
}
"""Template -> the helpers of its own that decide, too."""


class Dropped(ast.NodeTransformer):
    """One condition replaced by a constant, counted in the order of the walk: an `if`, or one part of an `and` or `or`."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.what = wanted, 0, ""

    def _constant(self, node: ast.expr, value: bool) -> ast.expr:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return node
        self.what = f"line {node.lineno}: `{ast.unparse(node)}` is {value}"
        return ast.copy_location(ast.Constant(value), node)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        for value in (True, False):
            node.test = self._constant(node.test, value)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        for value in (True, False):
            node.test = self._constant(node.test, value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        node.values = [self._constant(one, isinstance(node.op, ast.And)) for one in node.values]
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [self._constant(one, True) for one in node.ifs]
        return node


def mutants(function: Callable[..., Any]) -> Iterator[tuple[str, ast.Module]]:
    """A function's tree without one condition, for each."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    number = 0
    while True:
        dropped = Dropped(number)
        mutant = ast.fix_missing_locations(dropped.visit(copy.deepcopy(tree)))
        if not dropped.what:
            return
        yield dropped.what, mutant
        number += 1


def said(rules: Iterable[Rule]) -> list[str]:
    """What permlint says of the examples of these rules: what their pages show, and what crashes."""
    pages = catalogue.manuals({rule.id: rule for rule in rules})
    return [
        f"{one.rule} {one.location} {one.severity} {one.message} {bool(one.repair)}"
        for rule in rules
        for example in pages[rule.id].examples
        for one in generate.findings(example, (rule.id, "engine/check-crashed"))
    ]


@contextlib.contextmanager
def replaced(name: str, template: str, mutant: ast.Module, module: Any) -> Iterator[None]:
    """The mutant in its function's place: in the module, and where it is the template itself, in the registry."""
    original, registered = getattr(module, name), checks.TEMPLATES[template]
    exec(compile(mutant, module.__file__, "exec"), vars(module))  # noqa: S102
    if registered.make is original:
        checks.TEMPLATES[template] = registered._replace(make=getattr(module, name))
    try:
        yield
    finally:
        setattr(module, name, original)
        checks.TEMPLATES[template] = registered


def main(names: list[str]) -> int:
    """Print what no example notices; the exit status."""
    rules = catalogue.built_in()
    alive = 0
    for template in names or GRAVEST:
        made = checks.TEMPLATES[template].make
        module = sys.modules[made.__module__]
        own = [rule for rule in rules.values() if rule.check == template]
        right = said(own)
        unseen = []
        total = 0
        for name in (made.__name__, *GRAVEST.get(template, ())):
            for what, mutant in mutants(getattr(module, name)):
                total += 1
                with replaced(name, template, mutant, module):
                    if said(own) == right:
                        unseen.append(f"{name}, {what}")
        alive += len(unseen)
        print(f"{template}: {total - len(unseen)} of {total} noticed", *unseen, sep="\n    ", flush=True)
    return int(alive > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
