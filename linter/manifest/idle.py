"""Commands that do nothing: what only succeeds, fails, waits or prints undoes no run."""

import re

from linter.patterns import Pattern

_IDLE = frozenset(
    "true false : exit return echo printf sleep wait cd pwd test [ [[ set none None nothing noop no-op nop n/a N/A TBD TODO -".split()
)
"""Commands of the shell without any effect that lasts, and words that people write where there is no command."""
_SHELL = Pattern(r"(?:/\S*/)?(?:ba|z|da|k)?sh\s+-\w*c\s+(['\"])(?P<inner>.*)\1", re.DOTALL)
_QUOTED = Pattern(r"'[^']*'|\"[^\"]*\"|<[^<>\n]*>")
"""Also the parameters of a command, `<id>`, which redirect nothing."""
_TO_NOWHERE = Pattern(r"[0-9&]?>>?\s*(?:/dev/null|&[0-9])")
_COMMENT = Pattern(r"(?m)(?:^|\s)#.*$")
_BETWEEN = str.maketrans(";&|", "\n\n\n")
_ASSIGNED = Pattern(r"[A-Za-z_]\w*=\S*")
_BEFORE = frozenset("sudo env command exec time ! { } ( )".split())
_SUBSTITUTED = ("$(", "`", "<(", ">(")
"""What runs a command within another's words."""


def does_nothing(command: str) -> bool:
    """Whether no part of a command does anything that lasts: "true", ":", "exit 0", "echo done; exit 0", or nothing at all."""
    if any(mark in command for mark in _SUBSTITUTED):
        return False
    shell = _SHELL.fullmatch(command.strip())
    bare = _COMMENT.sub("", _TO_NOWHERE.sub("", _QUOTED.sub("_", shell["inner"] if shell is not None else command)))
    return ">" not in bare and all(_is_idle(part.split()) for part in bare.translate(_BETWEEN).splitlines())


def _is_idle(words: list[str]) -> bool:
    """Whether a simple command, or none, is idle."""
    for word in words:
        if word not in _BEFORE and not _ASSIGNED.fullmatch(word):
            return word.removeprefix("/usr").removeprefix("/bin/") in _IDLE
    return True
