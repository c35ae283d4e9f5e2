"""Files that permlint writes: whoever reads one, and a kill at any moment, finds the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from linter.interrupts import terminable

_BOM = b"\xef\xbb\xbf"
_ACL = "system.posix_acl_access"
_STREAMS = ("/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
"""Paths of what a process has open. A file behind one is the one that the shell opened, and no other in its place."""


def put(path: str, content: bytes, mode: int = 0o666) -> None:
    """Put a file in the place of the one that is there, or where none is.

    A link stays one. The file that it leads to keeps its mode, its access control list, and its owner and group where this
    user may give it away. A pipe, a device or a stream of this process is written as it is.

    Args:
        mode: a new file's, less the umask.

    Raises:
        OSError: it cannot be written; `strerror` is a clause that says why. What was there is as it was.
    """
    try:
        before = os.stat(path)
    except FileNotFoundError:
        before = None
    if path.startswith(_STREAMS) or (before is not None and not stat.S_ISREG(before.st_mode)):
        with open(path, "wb") as file:
            file.write(content)
        return
    if not os.path.basename(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    target = os.path.realpath(path) if os.path.islink(path) else path
    if before is not None:
        try:
            os.close(os.open(target, os.O_WRONLY))  # which replacing it would not ask
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}: make it writable") from None
    _replace(target, before, content, mode)


def edit(path: str, before: str | None, after: str) -> None:
    """Put a text in the place of the one that was read, or of none. Byte order marks, which reading takes off, stay.

    Raises:
        OSError: see `put`; or another text is there than was read.
    """
    marks = b""
    if before is None:
        sound = not os.path.lexists(path)
    else:
        with open(path, "rb") as file:
            raw = file.read()
        body = before.encode()
        marks = raw[: len(raw) - len(body)]
        sound = raw.endswith(body) and not marks.replace(_BOM, b"")
    if not sound:
        raise OSError(0, "it changed meanwhile: try again")
    put(path, marks + after.encode())


def _replace(target: str, before: os.stat_result | None, content: bytes, mode: int) -> None:
    # In the same folder, so that it is renamed and not copied; by an extension of its own, so that nobody collects it.
    draft = os.path.join(os.path.dirname(target), f".permlint-{os.urandom(8).hex()}.tmp")
    first = mode if before is None else 0o600
    with terminable():
        try:
            with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, first)) as file:
                file.write(content)
                file.flush()
                # Else a power cut may leave the name without its content. The folder needs none: if the renaming is lost, the
                # old file is there, whole.
                os.fsync(file.fileno())
            if before is not None:
                _resemble(draft, target, before)
            os.replace(draft, target)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(draft)
            if isinstance(error, OSError):
                raise OSError(error.errno, _explained(error)) from None
            raise


def _resemble(draft: str, target: str, before: os.stat_result) -> None:
    if hasattr(os, "chown"):  # not on Windows
        for owner, group in ((-1, before.st_gid), (before.st_uid, -1)):
            with suppress(OSError):
                os.chown(draft, owner, group)
    with suppress(PermissionError):  # a mounted FAT or SMB has modes of its own
        os.chmod(draft, stat.S_IMODE(before.st_mode))
    if hasattr(os, "getxattr"):  # Linux alone
        with suppress(OSError):
            os.setxattr(draft, _ACL, os.getxattr(target, _ACL))


def _explained(error: OSError) -> str:
    """The error as a clause, with what to do about it."""
    why = error.strerror or "it cannot be written"
    if error.errno == errno.EBUSY:
        return f"something is mounted there ({why}): mount its folder instead, so that a new file can take its place"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"no file can be put into its folder ({why}): make the folder writable, for a new file is written beside the old "
            "one and takes its place"
        )
    return why
