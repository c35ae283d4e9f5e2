"""Every module of this folder that holds templates. A new one needs its name here and nothing else."""

from importlib import import_module

_MODULES = {
    "check": (
        "assertion",
        "blast",
        "disguise",
        "document",
        "fleet",
        "powers",
        "resources",
        "review",
        "rollback",
        "scalars",
        "scopes",
        "scripts",
    ),
    "creep": ("creep", "review", "reviewers"),
    "drift": ("drift",),
}


def register(command: str = "check") -> None:
    """Import those that a command's rules instantiate: a template registers itself."""
    for name in _MODULES[command]:
        import_module(f"linter.checks.{name}")
