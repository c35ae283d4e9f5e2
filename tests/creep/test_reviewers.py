"""Whose review it is, in real repositories: squash merges, merges told as one step, signed commits."""

from __future__ import annotations

import subprocess
from pathlib import Path
from time import process_time

import pytest

from linter.creep.range import Range
from linter.findings import Finding, Severity
from linter.history.git import open_repository
from linter.history.model import Person
from linter.history.witness import Signature, Witness
from linter.outcome import Outcome
from tests.creep.test_findings import KIM, READ, SAM, WRITE, entry, signed, team
from tests.history.repository import PATH, Repo
from tests.world import run_creep

REVIEW = ("review/self-review", "review/unattributed-review")
PRODUCTION = entry("access: read-write", environment="production")


def reviews(outcome: Outcome) -> list[str]:
    """`rule severity line` of what is said of who reviewed."""
    return [f"{one.rule} {one.severity.label} {one.location.line}" for one in outcome.findings if one.rule in REVIEW]


def unattributed(outcome: Outcome) -> Finding:
    (finding,) = [one for one in outcome.findings if one.rule == "review/unattributed-review"]
    return finding


@pytest.mark.parametrize(
    ("text", "gravity"), [(WRITE, Severity.INFO), (PRODUCTION, Severity.WARNING)], ids=["staging", "production"]
)
def test_a_squash_merge_of_git_names_the_reviewer(tmp_path: Path, text: str, gravity: Severity) -> None:
    repo = team(tmp_path, READ)
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("Widened", {PATH: text}, "--author", KIM)
    repo.commit("Signed", {PATH: signed(text)}, "--author", SAM)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--squash", "topic")
    repo.git("commit", "-q", "--no-edit", "--author", "Lee <lee@example.com>")
    finding = unattributed(run_creep(tmp_path))
    assert (finding.severity, finding.location.line) == (gravity, 3)
    assert finding.message.endswith("whose message names them: anyone can type that")
    assert "by Lee on 20" in finding.message


@pytest.mark.parametrize(
    ("signer", "text", "said"),
    [
        (SAM, WRITE, ["review/unattributed-review info 3"]),
        (SAM, PRODUCTION, ["review/unattributed-review warning 3"]),
        ("Max <max@example.com>", PRODUCTION, ["review/unattributed-review error 3"]),
    ],
    ids=["staging", "production", "signed for another"],
)
def test_the_hook_knows_whom_a_squash_merge_will_name(tmp_path: Path, signer: str, text: str, said: list[str]) -> None:
    repo = team(tmp_path, READ)
    why = text + "    justification: Tickets are closed on request since INC-4.\n"
    repo.git("config", "user.name", "Lee")
    repo.git("config", "user.email", "lee@example.com")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("Widened", {PATH: why}, "--author", KIM)
    repo.commit("Signed", {PATH: signed(why)}, "--author", signer)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--squash", "topic")
    assert reviews(run_creep(tmp_path, asked=Range(staged=True))) == said
    (tmp_path / ".git" / "SQUASH_MSG").unlink()
    without = reviews(run_creep(tmp_path, asked=Range(staged=True)))
    assert without == [f"review/unattributed-review {'warning' if text == WRITE else 'error'} 3"]


def squashed(folder: Path, *lines: str, author: str = KIM, text: str = WRITE) -> Outcome:
    """One commit that widens and brings Sam's review, with this message."""
    repo = team(folder, READ)
    repo.commit("\n".join(lines), {PATH: signed(text)}, "--author", author)
    return run_creep(folder)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            ["Widen (#7)", "", "* widen", "", "* sign", "", "---------", "", f"Co-authored-by: {SAM}"], id="GitHub"
        ),
        pytest.param(["Widen", "", f"Reviewed-by: {SAM}", "Merge-request: !7"], id="among others"),
        pytest.param(["Widen", "", f"APPROVED-BY:{SAM}\t"], id="another spelling"),
        pytest.param(["Widen", "", "Signed-off-by: <SAM@Example.com>"], id="only an address"),
    ],
)
def test_a_message_that_names_the_reviewer_lowers_the_severity(tmp_path: Path, lines: list[str]) -> None:
    assert reviews(squashed(tmp_path, *lines)) == ["review/unattributed-review info 3"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["Widen", "", "Co-authored-by: Lee <lee@example.com>"], id="somebody else"),
        pytest.param(["Widen", "", f"It is Co-authored-by: {SAM}"], id="within a sentence"),
        pytest.param(["Widen", "", "Co-authored-by: sam@example.com"], id="not as git writes it"),
        pytest.param(["Widen", "", f"Thanks-to: {SAM}"], id="another trailer"),
    ],
)
def test_a_message_that_does_not(tmp_path: Path, lines: list[str]) -> None:
    assert reviews(squashed(tmp_path, *lines)) == ["review/unattributed-review warning 3"]


def test_a_message_never_makes_a_self_review_anothers(tmp_path: Path) -> None:
    message = ("Widen", "", f"Co-authored-by: {KIM}", f"Author: {KIM}")
    assert reviews(squashed(tmp_path, *message, author=SAM, text=PRODUCTION)) == ["review/self-review error 3"]


def test_a_message_in_another_encoding(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.write(**{PATH: signed(WRITE)})
    (tmp_path / "message").write_bytes("Erhöht\n\nCo-authored-by: Säm <sam@example.com>\n".encode("latin-1"))
    repo.git("add", PATH)
    repo.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "-F", "message", "--author", KIM)
    assert reviews(run_creep(tmp_path)) == ["review/unattributed-review info 3"]


@pytest.mark.parametrize("piece", [" ", "\t", "<", "author:", "author: <", "author: a <a>", "\r"])
def test_a_hostile_message_takes_no_time(tmp_path: Path, piece: str) -> None:
    repo = team(tmp_path, READ)
    repo.write(message=f"Subject\n\nauthor:{piece * 30_000}x", **{PATH: signed(WRITE)})
    repo.git("add", PATH)
    repo.git("commit", "-q", "--cleanup=verbatim", "-F", "message", "--author", KIM)
    with open_repository(str(repo.folder)) as repository:
        before = process_time()
        assert Witness(repository).named(repo.git("rev-parse", "HEAD")) == ()
        assert process_time() - before < 0.5


def merged(folder: Path, *authors: str) -> Repo:
    """Kim widened; a branch by these authors, the last of whom brought Sam's review, was merged by Kim."""
    repo = team(folder, READ, WRITE)
    repo.git("checkout", "-q", "-b", "topic")
    for number, author in enumerate(authors, 1):
        text = signed(WRITE) if number == len(authors) else f"# {number}\n{WRITE}"
        repo.commit(f"Branch {number}", {PATH: text}, "--author", author)
    repo.git("checkout", "-q", "main")
    repo.merge("topic")
    return repo


def test_a_merge_told_as_one_step_does_not_say_whose_the_review_is(tmp_path: Path) -> None:
    merged(tmp_path, KIM, SAM)
    for first_parent in (False, True):
        assert reviews(run_creep(tmp_path, asked=Range(first_parent=first_parent))) == []


def test_a_commit_beside_the_merges_is_judged_there_too(tmp_path: Path) -> None:
    squashed(tmp_path, "Typed")
    outcome = run_creep(tmp_path, asked=Range(first_parent=True))
    assert reviews(outcome) == ["review/unattributed-review warning 3"]


def test_what_a_branch_hides_is_seen_without_first_parent(tmp_path: Path) -> None:
    merged(tmp_path, KIM)
    assert reviews(run_creep(tmp_path)) == ["review/unattributed-review warning 3"]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with SSH keys of Kim, Sam and Eve; git trusts those of Kim and Sam."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in ("kim", "sam", "eve"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    lines = [f"{name}@example.com {(folder / f'{name}.pub').read_text()}" for name in ("kim", "sam")]
    (folder / "allowed").write_text("".join(lines))
    (folder / "gitconfig").write_text(f'[gpg]\nformat = ssh\n[gpg "ssh"]\nallowedSignersFile = {folder}/allowed\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    return folder


def with_key(repo: Repo, keys: Path, name: str, subject: str, files: dict[str, str | None]) -> str:
    """A commit in Sam's name, signed with a key."""
    repo.environment["GIT_CONFIG_GLOBAL"] = str(keys / "gitconfig")
    repo.git("config", "user.signingKey", str(keys / name))
    return repo.commit(subject, files, "--author", SAM, "-S")


def forged(repo: Repo) -> None:
    """Put another subject into the signed commit at HEAD, and leave its signature."""
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=repo.folder, capture_output=True, check=True).stdout
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repo.folder,
        input=raw.replace(b"Signed", b"Forged"),
        capture_output=True,
        check=True,
    )
    repo.git("reset", "-q", "--hard", made.stdout.decode().strip())


STRICT = '[rules."review/unattributed-review".params]\nsigned = true\n'


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sam", ""),
        ("kim", "is signed by kim@example.com"),
        ("eve", "bears a signature of an unknown person, whose key is not trusted here"),
        ("", "is not signed"),
        ("forged", "bears a bad signature"),
    ],
)
def test_where_signatures_are_asked_for(tmp_path: Path, keys: Path, key: str, said: str) -> None:
    repo = team(tmp_path / "repo", {"permlint.toml": STRICT, PATH: READ}, WRITE)
    if key:
        with_key(repo, keys, "sam" if key == "forged" else key, "Signed", {PATH: signed(WRITE)})
    else:
        repo.commit("Signed", {PATH: signed(WRITE)}, "--author", SAM)
    if key == "forged":
        forged(repo)
    outcome = run_creep(repo.folder)
    if not said:
        assert reviews(outcome) == []
        return
    finding = unattributed(outcome)
    assert finding.severity is Severity.WARNING
    assert finding.message.endswith(f", which brought it, {said}")


def test_a_signature_is_the_reviewers_whoever_made_the_commit(tmp_path: Path, keys: Path) -> None:
    repo = team(tmp_path / "repo", {"permlint.toml": STRICT, PATH: READ}, WRITE)
    with_key(repo, keys, "sam", "Signed", {PATH: signed(WRITE)})
    repo.git("commit", "-q", "--amend", "--no-edit", "--author", KIM, "-S")
    assert reviews(run_creep(repo.folder)) == []


def test_a_message_is_no_proof_where_signatures_are_asked_for(tmp_path: Path) -> None:
    repo = team(tmp_path / "repo", {"permlint.toml": STRICT, PATH: READ}, WRITE)
    repo.commit(f"Mine\n\nCo-authored-by: {SAM}", {PATH: signed(WRITE)}, "--author", KIM)
    assert unattributed(run_creep(repo.folder)).message.endswith("is not signed")


def test_a_repository_does_not_say_which_program_verifies(tmp_path: Path, keys: Path) -> None:
    mark, program = tmp_path / "mark", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    repo = team(tmp_path / "repo", READ)
    commit = with_key(repo, keys, "sam", "Signed", {PATH: signed(READ)})
    for name in ("gpg.ssh.program", "gpg.program", "gpg.openpgp.program"):
        repo.git("config", name, str(program))
    with open_repository(str(repo.folder)) as repository:
        assert Witness(repository).signature(commit) == Signature("G", Person("", "sam@example.com"))
    assert not mark.exists()


def test_signatures_by_gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    quiet = ["gpg", "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*quiet, "--quick-gen-key", SAM, "ed25519", "sign"], check=True, capture_output=True)
    repo = Repo(tmp_path / "repo")
    repo.environment["GNUPGHOME"] = str(home)
    repo.git("config", "user.signingKey", "sam@example.com")
    commit = repo.commit("Signed", {PATH: signed(READ)}, "-S")
    plain = repo.commit("Plain", {PATH: READ})
    with open_repository(str(repo.folder)) as repository:
        assert Witness(repository).signature(commit) == Signature("G", Person("Sam", "sam@example.com"))
        assert Witness(repository).signature(plain) == Signature("N", Person("", ""))
        monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    with open_repository(str(repo.folder)) as repository:
        assert Witness(repository).signature(commit).verdict == "E"
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
