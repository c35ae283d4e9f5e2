"""What is committed, where the working tree lacks it: a sparse checkout holds a part, and a branch brings all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from linter.files import search
from linter.history.git import Repository
from linter.history.objects import Found
from linter.manifest.text import Text, Unreadable, decode

if TYPE_CHECKING:
    from linter.config import Config


class Tip:
    """HEAD's files, beside the working tree's."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def find(self, config: Config, folder: str) -> list[str]:
        """The manifests below a folder, relative to the root: `linter.files.search`, and those that only HEAD has."""
        return search(
            config.root, folder, config.manifests, config.exclude, absent=lambda path: self._blob(path) is not None
        )

    def text(self, path: str) -> Text | None:
        """What a file, relative to the root, holds in HEAD; None where the working tree has it, or neither does.

        Raises:
            Unreadable: it is too large, or not UTF-8.
        """
        if os.path.lexists(os.path.join(self.repository.root, path)):
            return None
        found = self._blob(path)
        if found is None:
            return None
        if found.content is None:
            raise Unreadable(1, 1, "is larger than 1 MiB: that is no manifest")
        return decode(found.content)

    def _blob(self, path: str) -> Found | None:
        found = self.repository.objects.get(f"HEAD:{self.repository.inside(path)}")
        return found if found is not None and found.kind == "blob" else None
