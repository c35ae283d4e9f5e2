"""What a commit says of who took part, beyond its author and its committer: asked only of the few commits that matter."""

from __future__ import annotations

import os
from typing import NamedTuple

from linter.history.git import Repository
from linter.history.model import Person
from linter.patterns import Pattern

# Code hosts name in a squashed commit whom they squashed (GitHub: Co-authored-by; GitLab: the variables of its commit
# templates), GitHub also below a line of dashes, where git's own reading of trailers does not look. `git merge --squash`
# lists the commits with their authors.
_NAMED = Pattern(
    r"(?im)^(?:author|co-authored-by|signed-off-by|reviewed-by|approved-by):([^<>\n]*)<([^<>\s]+)>[ \t\r]*$"
)
_PERSON = Pattern(r"([^<>]*)<([^<>]+)>\s*")
# A repository's own configuration must not say what is run.
_PROGRAMS = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
}


_LONG = 1 << 20
"""Bytes of a message beyond which nobody is named."""


class Signature(NamedTuple):
    """Git's verdict on a commit's signature."""

    verdict: str
    """One letter, as `%G?` has it: G is good and by a key that is trusted here, N none; see `git help log`."""
    signer: Person
    """Whom the key belongs to; empty where that is not known. Of an SSH key it is the principal, as an address."""


class Witness:
    """Answers for the commits of one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def named(self, commit: str) -> tuple[Person, ...]:
        """Whom the commit's message names as having taken part. Anyone can type that."""
        return _people(self._parts(commit)[1].decode("utf-8", "replace"))

    def squashed(self) -> tuple[Person, ...]:
        """Whom the commit that is about to be made will name, by git's own proposal, where it squashes a branch: `git merge --squash`
        leaves it before any hook runs.
        """
        try:
            with open(os.path.join(self._repository.folder, "SQUASH_MSG"), "rb") as file:
                return _people(file.read(_LONG).decode("utf-8", "replace"))
        except OSError:
            return ()

    def signature(self, commit: str) -> Signature:
        """Whose signature the commit bears. Runs gpg or ssh-keygen, with the user's keys."""
        if b"\ngpgsig" not in self._parts(commit)[0]:
            return Signature("N", Person("", ""))
        programs = [word for name, program in _PROGRAMS.items() for word in ("-c", f"{name}={program}")]
        told = self._repository.ask(*programs, "log", "--no-walk", "--format=%G?%x00%GS", commit)
        verdict, _, whose = (told or "E").partition("\0")
        match = _PERSON.fullmatch(whose)
        return Signature(verdict or "E", Person(match[1].strip(), match[2]) if match else Person("", whose))

    def _parts(self, commit: str) -> tuple[bytes, bytes]:
        """The commit's headers and its message; empty where it is too large to be an honest one."""
        found = self._repository.objects.get(commit)
        headers, _, message = (found.content or b"" if found else b"").partition(b"\n\n")
        return headers, message


def _people(message: str) -> tuple[Person, ...]:
    return tuple([Person(match[1].strip(), match[2]) for match in _NAMED.finditer(message)])
