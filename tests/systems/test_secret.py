"""Secrets in memory, and the filter that keeps them out of every output."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.cli import run
from linter.drift.recordings import save
from linter.systems.secret import HIDDEN, BadSecret, Secret, hide
from tests.world import build

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
TOKENS = st.text(PRINTABLE, min_size=8, max_size=60).filter(lambda one: len(set(one)) > 4)
AROUND = st.text(PRINTABLE + " \n", max_size=9)


def test_nothing_shows_a_secret() -> None:
    secret = Secret("  xoxb-1234-abcdefgh\r\n")
    assert secret.reveal() == "xoxb-1234-abcdefgh"
    assert {str(secret), repr(secret), f"{secret}", f"{secret!r:>3}"} == {HIDDEN}
    assert secret == Secret("xoxb-1234-abcdefgh")
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(
    "given",
    ["", " \n", "short", "1234567", "two words-12345", "tab\t-12345678", "line\nend-12345", "é" * 9, "a\0bcdefgh"],
)
def test_what_is_no_secret(given: str) -> None:
    with pytest.raises(BadSecret) as caught:
        Secret(given)
    assert str(caught.value) in (
        "is empty",
        "holds no credential: it is shorter than 8 characters",
        "holds no credential: it has a blank, a line end or a character that is not ASCII",
    )


@given(TOKENS, AROUND, AROUND)
def test_no_spelling_of_it_passes(token: str, before: str, after: str) -> None:
    Secret(token)
    assert token not in hide(before + token + after)
    for spelled in (quote(token), quote(token, safe=""), quote_plus(token), json.dumps(token)[1:-1]):
        assert spelled not in hide(before + spelled + after)
    raw = token.encode()
    mixed = "".join(f"%{ord(one):02X}" if place % 3 else one for place, one in enumerate(token))
    for spelled in (
        token.upper(), token.lower(), token.swapcase(), raw.hex(), raw.hex().upper(), quote(quote(token, safe="")), mixed,
        "".join(f"%{one:02x}" for one in raw), quote(mixed, safe=""),
        "".join(f"%{ord(one):02x}" for one in token.swapcase()), json.dumps(json.dumps(token)[1:-1])[1:-1],
        "".join(f"\\u{one:04x}" for one in raw), "".join(f"\\x{one:02X}" for one in raw), "".join(f"&#{one};" for one in raw),
    ):  # fmt: skip
        assert spelled not in hide(before + spelled + after)
    # Whatever stands beside it: the middle of its base64 is not to be seen.
    for encode in (b64encode, urlsafe_b64encode):
        shown = hide(encode((before + token + after).encode()).decode())
        for shift in range(3):
            middle = encode(b"\0" * shift + token.encode()).decode().rstrip("=")[2:-2]
            assert middle not in shown


def test_other_text_is_left_alone() -> None:
    Secret("glpat-abcdefgh12345678")
    text = "glpat-abcdefgh1234567, glpat and abcdefgh are no secret"
    assert hide(text) == text


def test_what_is_written_is_filtered_whatever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = Secret("an-agent-called-like-a-key-4711").reveal()
    save(str(tmp_path / "r.json"), {"s": [{"kind": "slack", "shape": token}]})
    assert token not in (tmp_path / "r.json").read_text(encoding="utf-8")
    manifest = f"agent_name: {token}\nenvironment: staging\nresources:\n  - {{resource: s, access: read-only}}\n"
    monkeypatch.chdir(build(tmp_path, {"agent-permissions.yaml": manifest}, f'[systems."{token}"]\nkind = "x"\n'))
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    for arguments in (["drift", "-v"], ["drift", "--format", "github"], ["drift", "--output", "o.json"], ["systems"]):
        run(arguments)
    said = capsys.readouterr()
    files = [(tmp_path / name).read_text(encoding="utf-8") for name in ("summary", "o.json")]
    assert [text for text in (said.out, said.err, *files) if token in text] == []
    assert HIDDEN in said.out
    assert HIDDEN in files[1]
