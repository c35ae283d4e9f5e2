"""Which files a run reads, and their bytes: paths from the command line, folders, the configured globs, standard input."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from linter.globs import matcher
from linter.manifest.reader import MAX_BYTES
from linter.manifest.text import Text, Unreadable, decode

STDIN = "<stdin>"
_CHUNK = 1 << 16
"""Bytes read at once: room for a megabyte costs the kernel more than reading a manifest."""
_SKIPPED = frozenset({".git", "node_modules", ".venv"})


def search(
    root: str,
    folder: str,
    globs: Iterable[str],
    exclude: Iterable[str],
    *,
    absent: Callable[[str], bool] = lambda _: False,
) -> list[str]:
    """The files below a folder that the globs match, relative to the root, sorted.

    In a git working tree git names the files, so what it ignores is skipped; elsewhere the folder is walked. A glob is
    relative to the root; for a folder outside the root, to that folder. Letters match in either case.

    Args:
        absent: whether a file that git lists and that is not there is meant, too.
    """
    base = root if _below(folder, root) else folder
    wanted, unwanted = matcher(globs, any_case=True), matcher(exclude, folders=True)
    listed = _git_files(folder)
    names = list(_walk(folder)) if listed is None else listed
    prefix = os.path.relpath(folder, base)
    prefix = "" if prefix == os.curdir else prefix.replace(os.sep, "/") + "/"
    matching = [name for name in names if wanted(prefix + name) and not skipped(name)]
    found = {prefix + name for name in matching if not unwanted(prefix + name)}
    present = sorted(name for name in found if _is_present(os.path.join(base, name)) or absent(name))
    return present if base == root else [relative(os.path.join(base, name), root) for name in present]


def skipped(path: str) -> bool:
    """Whether a path lies in a folder that no search enters."""
    return not _SKIPPED.isdisjoint(path.split("/"))


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_present(path: str) -> bool:
    """Whether something stands there that is no folder: git lists deleted files and submodules too."""
    try:
        return not stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def relative(path: str, root: str) -> str:
    """A path as it is shown: relative to the root, with "/"; absolute where it is outside."""
    return (os.path.relpath(path, root) if _below(path, root) else path).replace(os.sep, "/")


def _git_files(folder: str) -> list[str] | None:
    """Tracked and untracked files below a folder, but not those that git ignores; None where git cannot say."""
    # A hook's GIT_DIR or GIT_INDEX_FILE would answer for another tree; a configured fsmonitor would run a program.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = _output(["git", "-C", folder, "-c", "core.fsmonitor=false", *listing], environment)
    if output is None:
        return None
    return [name for name in os.fsdecode(output).split("\0") if name]


def _output(command: list[str], environment: Mapping[str, str]) -> bytes | None:
    """What a program prints; None where it cannot be run, or fails."""
    if not hasattr(os, "posix_spawnp"):  # on Windows
        import subprocess

        try:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None
    # Importing subprocess costs the hook 3 ms, as much as git itself.
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as pipe:
        try:
            process = os.posix_spawnp(
                command[0],
                command,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, write_end, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
            )
        except OSError:
            return None
        finally:
            os.close(write_end)
        output = pipe.read()
    _, status = os.waitpid(process, 0)
    return output if status == 0 else None


def _walk(folder: str) -> Iterator[str]:
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        prefix = os.path.relpath(base, folder)
        prefix = "" if prefix == os.curdir else prefix.replace(os.sep, "/") + "/"
        yield from (prefix + name for name in files)


def read_file(path: str, root: str) -> Text:
    """A manifest's text.

    Raises:
        Unreadable: not there, not a file, unreadable, too large, not UTF-8, or a link that leaves the root (a stranger's
            pull request must not make permlint quote another file).
    """
    if _below(path, root):
        if os.path.islink(path) and not _below(os.path.realpath(path), os.path.realpath(root)):
            raise Unreadable(1, 1, "is a link that leaves the root")
        if not _stays(os.path.dirname(path), root):
            raise Unreadable(1, 1, "lies behind a link that leaves the root")
    try:
        # Opening a FIFO would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = (error.strerror or "cannot be opened") if isinstance(error, OSError) else "is no path"
        raise Unreadable(1, 1, f"cannot be read: {reason[0].lower()}{reason[1:]}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable(1, 1, "is not a file")
        raw = b""
        while chunk := os.read(descriptor, min(_CHUNK, MAX_BYTES + 1 - len(raw))):
            raw += chunk
    except OSError as error:
        raise Unreadable(1, 1, f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    return _decoded(raw)


@lru_cache(maxsize=2)  # manifests lie beside each other
def _stays(folder: str, root: str) -> bool:
    """Whether a folder below the root is really there, whatever links lead to it."""
    step = folder
    while step not in (root, ""):
        step, name = os.path.split(step)
        if name == os.pardir or os.path.islink(os.path.join(step, name)):
            return _below(os.path.realpath(folder), os.path.realpath(root))
    return True


def read_stdin() -> Text:
    """The manifest on standard input.

    Raises:
        Unreadable: as for a file.
    """
    import sys

    if sys.stdin is None:
        raise Unreadable(1, 1, "cannot be read: standard input is closed")
    return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1))


def _decoded(raw: bytes) -> Text:
    if len(raw) > MAX_BYTES:
        raise Unreadable(1, 1, "is larger than 1 MiB: that is no manifest")
    return decode(raw)
