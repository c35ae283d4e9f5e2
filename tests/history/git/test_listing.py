"""Many paths of a commit at once, against git's own answer for one."""

from __future__ import annotations

import pytest

from linter.history import listing
from linter.history.git import open_repository
from tests.history.repository import Repo

STRANGE = [
    "a[b]*.yaml",
    ":(top)x.yaml",
    "ü/é b.yaml",
    "-r",
    "folder/one.yaml",
    "folder.yaml/deep/two.yaml",
    '"q".yaml',
    "\udcff",
]
ABSENT = ["folder", "folder.yaml", "a*.yaml", "x.yaml", "*", "missing/three.yaml", "folder/one.yaml/four.yaml"]


@pytest.mark.parametrize("most", [1, 30, listing._MOST])
def test_every_path_is_taken_as_it_is(repo: Repo, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(listing, "_MOST", most)
    repo.commit("one", {path: f"of {number}" for number, path in enumerate(STRANGE)})
    (repo.folder / "link.yaml").symlink_to("folder/one.yaml")
    repo.commit("two", {})
    with open_repository(str(repo.folder)) as repository:
        found = listing.files_of(repository, repo.git("rev-parse", "HEAD"), [*STRANGE, *ABSENT, "link.yaml"])
    assert list(found) == [*STRANGE, *ABSENT, "link.yaml"]
    for path in (*STRANGE, "link.yaml"):
        assert found[path] == repo.git("rev-parse", f"HEAD:{path}")
    assert all(found[path] is None for path in ABSENT)


def test_a_submodule_is_no_file(repo: Repo) -> None:
    repo.commit("one", {"a.yaml": "a"})
    one = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{one},sub.yaml")
    repo.git("commit", "-qm", "two")
    with open_repository(str(repo.folder)) as repository:
        assert listing.files_of(repository, "HEAD", ["sub.yaml", "a.yaml"]) == {
            "sub.yaml": None,
            "a.yaml": repo.git("rev-parse", "HEAD:a.yaml"),
        }
