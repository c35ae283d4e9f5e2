"""Fuzzes what reads words: the scope language, the strategy's commands, the finder of secrets. Run by hand, see CONTRIBUTING.md.

python fuzz/languages.py -max_total_time=600 -timeout=5 -dict=fuzz/words.dict FOLDER examples tests/honest
"""

import sys

import atheris

with atheris.instrument_imports(include=["linter"]):
    from linter.boxes import fold
    from linter.manifest.scope import parse_prose
    from linter.manifest.strategy import in_prose
    from linter.secrets import find, mask


def one(raw: bytes) -> None:
    """One input."""
    text = raw.decode(errors="replace")
    scope = parse_prose(text)
    assert scope == parse_prose(fold(text)), "white space and composition change the meaning"
    assert (scope.kind == "absent") == (not fold(text))
    assert bool(scope.box) == (scope.kind in ("bounded", "prose"))
    for command in in_prose(text):
        assert command.script is None or command.script in text.replace("\\\n", " ")
        assert command.text == command.text.strip()
    shown, masked = 0, mask(text)
    assert len(masked) == len(text)
    for start, end, _ in find(text):
        assert shown <= start < end <= len(text), "secrets overlap"
        assert text[shown:start] == masked[shown:start], "what is no secret is masked"
        assert set(masked[start:end]) <= set("*\r\n"), "a secret is shown"
        shown = end


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
