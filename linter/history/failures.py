"""What git printed on standard error, in one sentence of ours."""

from __future__ import annotations

from linter.exits import Exit
from linter.history.model import HistoryError


def reason(message: str) -> str:
    """The last thing that git says, as a clause on one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines or ["it does not say why"]
    return said[-1].removeprefix("fatal: ").removeprefix("error: ").rstrip(".")


def failed(message: str) -> HistoryError:
    """Why git could not read history."""
    if any(word in message for word in ("promisor", "not allowed", "lazy fetch")):
        return HistoryError(
            "this is a partial clone, and an object that history needs is not in it; permlint fetches nothing: clone "
            "without --filter",
            Exit.UNCHECKED,
        )
    return HistoryError(f"git cannot read history: {reason(message)}; `git fsck` tells more", Exit.UNCHECKED)
