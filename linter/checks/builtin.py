"""Every module of this folder that holds templates. A new one needs its name here and nothing else."""

from importlib import import_module

_MODULES = (
    "assertion",
    "blast",
    "document",
    "fleet",
    "powers",
    "resources",
    "review",
    "rollback",
    "scalars",
    "scopes",
    "scripts",
)


_LIVE = ("drift",)
"""Those that only a comparison with a live system needs."""


def register_live() -> None:
    """Import those as well."""
    for name in _LIVE:
        import_module(f"linter.checks.{name}")


def register() -> None:
    """Import them: a template registers itself."""
    for name in _MODULES:
        import_module(f"linter.checks.{name}")
