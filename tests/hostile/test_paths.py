"""Paths that are no files, files that cannot be opened, and folders without a manifest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linter.files import read_file
from linter.manifest.text import Unreadable
from tests.command import permlint
from tests.hostile.manifests import GOOD, lines


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    names = ["dangling.yaml", "fifo.yaml", "gone.yaml", "loop.yaml", "neighbour.yaml/x", "n" * 300]
    status, said = lines(tmp_path, *names)
    assert status == 2
    assert said == [
        "error: dangling.yaml:1:1: cannot be read: no such file or directory",
        "error: fifo.yaml:1:1: is not a file",
        "error: gone.yaml:1:1: cannot be read: no such file or directory",
        "error: loop.yaml:1:1: cannot be read: too many levels of symbolic links",
        "error: neighbour.yaml/x:1:1: cannot be read: not a directory",
        f"error: {'n' * 300}:1:1: cannot be read: file name too long",
    ]


def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:  # whom no mode keeps out
        os.seteuid(65534)
    try:
        with pytest.raises(Unreadable) as caught:
            read_file(str(path), str(tmp_path))
    finally:
        if root:
            os.seteuid(0)
    assert caught.value.message == "cannot be read: permission denied"


def test_a_folder_is_searched_and_an_empty_one_is_not_success(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    done = permlint(tmp_path, "check", "folder.yaml")
    assert (done.returncode, done.stderr) == (3, "")
    assert "no manifest below folder.yaml" in done.stdout
