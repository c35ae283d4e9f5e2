"""Credentials in text: found by their shape, and masked at the same width so that columns still align.

`find` runs on every manifest, so cheap tests come first: which markers occur at all, which words are long. Only then is a
pattern compiled. A false alarm here can never be silenced, so what merely might be a credential is left alone.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import log2
from typing import NamedTuple

from linter.patterns import Pattern


class Secret(NamedTuple):
    """A stretch of text, offsets in code points, end exclusive; the part that must not be shown."""

    start: int
    end: int
    kind: str


# Marker that must occur -> kind, pattern. The group `s` is the secret part; what stands before it tells what it is.
# Formats: the vendors' own documentation of token prefixes (GitHub, GitLab, Slack, Stripe, AWS IAM unique identifiers, npm,
# PyPI, Hugging Face, DigitalOcean, Databricks, Shopify, Notion, Linear, HashiCorp Vault, age, SendGrid).
# Every pattern takes linear time on hostile text: where a long run can fail although it began well, a last alternative
# without `s` consumes it, since no later start within the run could succeed.
_SHAPES: tuple[tuple[tuple[str, ...], str, Pattern], ...] = (
    (("AKIA", "ASIA"), "AWS access key id", Pattern(r"\b(?:AKIA|ASIA)(?P<s>[A-Z2-7]{16})\b")),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), "GitHub token", Pattern(r"\bgh[pousr]_(?P<s>[A-Za-z0-9]{30,})")),
    (("github_pat_",), "GitHub token", Pattern(r"\bgithub_pat_(?P<s>\w{22,})")),
    (
        ("glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glsoat-"),
        "GitLab token",
        Pattern(r"\bgl(?:pat|ptt|dt|rt|cbt|soat)-(?P<s>[\w.-]{20,})"),
    ),
    (("xox", "xapp-"), "Slack token", Pattern(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-(?P<s>[A-Za-z0-9-]{10,})")),
    (
        ("hooks.slack.com",),
        "Slack webhook",
        Pattern(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[\w/-]{20,})"),
    ),
    (("k_live_", "k_test_"), "Stripe key", Pattern(r"\b[sr]k_(?:live|test)_(?P<s>[A-Za-z0-9]{10,})")),
    (
        ("sk-",),
        "API key",
        Pattern(
            r"\bsk-(?:ant-(?:\w+-)?|proj-|svcacct-|admin-|or-v1-)?(?P<s>(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,})|\bsk-[\w-]*+"
        ),
    ),
    (("AIza",), "Google API key", Pattern(r"\bAIza(?P<s>[\w-]{35})")),
    (("npm_",), "npm token", Pattern(r"\bnpm_(?P<s>[A-Za-z0-9]{36})\b")),
    (("pypi-",), "PyPI token", Pattern(r"\bpypi-(?P<s>[\w-]{50,})")),
    (("SG.",), "SendGrid key", Pattern(r"\bSG\.(?P<s>[\w-]{16,}\.[\w-]{30,})")),
    (("hf_",), "Hugging Face token", Pattern(r"\bhf_(?P<s>[A-Za-z0-9]{30,})\b")),
    (("dop_v1_", "doo_v1_"), "DigitalOcean token", Pattern(r"\bdo[op]_v1_(?P<s>[a-f0-9]{64})\b")),
    (("dapi",), "Databricks token", Pattern(r"\bdapi(?P<s>[a-f0-9]{32})\b")),
    (
        ("shpat_", "shpca_", "shppa_", "shpss_"),
        "Shopify token",
        Pattern(r"\bshp(?:at|ca|pa|ss)_(?P<s>[a-fA-F0-9]{32})\b"),
    ),
    (("ntn_", "secret_"), "Notion token", Pattern(r"\b(?:ntn_|secret_)(?P<s>(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{40,})\b")),
    (("lin_api_",), "Linear key", Pattern(r"\blin_api_(?P<s>[A-Za-z0-9]{32,})")),
    (("hvs.", "hvb."), "Vault token", Pattern(r"\bhv[sb]\.(?P<s>[\w-]{20,})")),
    (("AGE-SECRET-KEY-",), "age key", Pattern(r"\bAGE-SECRET-KEY-(?P<s>1[A-Z0-9]{58})")),
    (("eyJ",), "JSON Web Token", Pattern(r"\beyJ(?:[\w-]{8,}+\.(?P<s>eyJ[\w-]{8,}+\.[\w-]+)|[\w-]*+)")),
)
# The same for what is shorter, or has a blank within: looked for in the whole text.
_PHRASES: tuple[tuple[tuple[str, ...], str, Pattern], ...] = (
    (
        ("://",),
        "password in a connection string",
        Pattern(r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:@/\"'<>]{0,200}:(?P<s>[^\s@/\"']{1,200})@"),
    ),
    (
        ("earer ", "EARER ", "asic ", "ASIC "),
        "credential of an HTTP header",
        Pattern(r"\b(?:bearer|basic) +(?P<s>(?=[\w.~+/=-]*\d)(?=[\w.~+/=-]*[A-Za-z])[\w.~+/=-]{20,})", re.IGNORECASE),
    ),
)
_SHAPE_MARKERS = tuple(marker for markers, _, _ in _SHAPES for marker in markers)
_PHRASE_MARKERS = tuple(marker for markers, _, _ in _PHRASES for marker in markers)
_SHORTEST = 15
"""The shortest text that one of `_SHAPES` finds ("xoxb-" and ten characters): none of them has a blank within."""
_KEY_WORDS = ("PASSW", "PWD", "SECRET", "TOKEN")
_KEYS = ("_KEY", "-KEY", "APIKEY", "ACCESSKEY", "PRIVATEKEY")
# An ARN's `:111122223333:secret:NAME` is no pair, hence the second look behind. What follows is looked at, not taken: it may
# be a pair, too, and then there is no rest.
_PAIR = Pattern(
    r"(?<![\w.-])(?<!\d:)(?P<key>[\w.-]{0,60}?(?P<word>password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key))"
    r"[\"']?[ \t]*[:=][ \t]*[\"']?(?P<s>[^\s\"',;}\])]+)[\"']?(?=[ \t]*+(?P<rest>(?![\w.-]++=)[^\r\n]|))",
    re.IGNORECASE,
)
# What stands for a value: <name>, ${NAME}, $NAME, {{ name }}, asterisks, an environment variable's name, a plain word.
_STANDS_FOR = Pattern(
    r"[<$%{\[(*].*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[xX*.0-]+|none|null|true|false|redacted|env:.*|vault:.*"
)
_WORDS = Pattern(r"[a-z]+(?:[-_.:/][a-z0-9]+)*|[A-Za-z]+|[0-9.]+")
_LONG = Pattern(r"[A-Za-z0-9+/_=-]{28,}")
_HEX = Pattern(r"(?:[0-9a-f]+|[0-9A-F]+)(?:-[0-9a-fA-F]+)*")
_RANDOM = "high-entropy token"
_RUNS = Pattern(r"[a-z]+|[A-Z]+|[0-9]+")
_BEGIN, _END = "-----BEGIN ", "-----END "


_HARMLESS: set[str] = set()
"""Lines in which this run found none: a team's manifests share most of theirs."""
_MOST_LINES, _LONGEST_LINE = 4096, 200
"""How many are remembered, and of what length: it bounds the memory that hostile text takes."""


def find(text: str) -> list[Secret]:
    """The credentials in a text, in order, none overlapping another."""
    # None of them but a private key goes on beyond a line's end, and that is one by its first line alone.
    fresh = set(text.split("\n")) - _HARMLESS
    if _find("\n".join(fresh)):
        return _find(text)
    if len(_HARMLESS) > _MOST_LINES:
        _HARMLESS.clear()
    _HARMLESS.update([line for line in fresh if len(line) <= _LONGEST_LINE])
    return []


def _find(text: str) -> list[Secret]:
    found: list[Secret] = []
    prefixes: dict[int, int] = {}
    words = set([word for word in text.split() if len(word) >= _SHORTEST])  # noqa: C403 - a list is faster to make
    long = " ".join(words)
    for shapes, seen in (
        (_SHAPES, [marker for marker in _SHAPE_MARKERS if marker in long]),
        (_PHRASES, [marker for marker in _PHRASE_MARKERS if marker in text]),
    ):
        for markers, kind, pattern in shapes if seen else ():
            if not set(markers).isdisjoint(seen):
                for match in pattern.finditer(text):
                    body = match["s"]
                    if body and not (
                        _stands_for(body) or body.endswith("EXAMPLE")
                    ):  # AWS documents its example keys so
                        found.append(Secret(match.start("s"), match.end("s"), kind))
                        prefixes[match.start()] = match.start("s")
    if _BEGIN in text:
        found += _private_keys(text)
    upper = text.upper()
    if any([word in upper for word in _KEY_WORDS]) or ("KEY" in upper and any([word in upper for word in _KEYS])):
        found += _pairs(text)
    if any([_is_random(token) for word in words if len(word) >= 28 for token in _LONG.findall(word)]):
        found += _random(text, prefixes)
    if not found:
        return found
    found = _apart(found)
    # What stands beside a credential is judged as it will be shown, too: "a/b/c/TOKEN" with more slashes is a path.
    return _apart(found + _random(_masked(text, found), {}))


def mask(text: str) -> str:
    """The text with every credential masked: asterisks, the same number of code points, line breaks kept."""
    # A run says the same short things of thousands of findings: agents, environments, subjects, advice.
    return _mask_again(text) if len(text) <= 200 else _mask(text)


def _mask(text: str) -> str:
    found = find(text)
    return _masked(text, found) if found else text


def _masked(text: str, found: list[Secret]) -> str:
    parts = []
    shown = 0
    for start, end, _ in found:
        parts += [text[shown:start], *[one if one in "\r\n" else "*" for one in text[start:end]]]
        shown = end
    return "".join([*parts, text[shown:]])


_mask_again = lru_cache(maxsize=4096)(_mask)


def mask_all(texts: Sequence[str]) -> list[str]:
    """Each text masked. One search does for all, since no credential but a private key goes on beyond a line's end."""
    given = list(dict.fromkeys(texts))
    together = "\n".join(given)
    if _BEGIN in together:
        return [mask(text) for text in texts]
    masked = _mask(together)
    if masked == together:
        return list(texts)
    ends = accumulate([len(text) + 1 for text in given])
    shown = {text: masked[end - len(text) - 1 : end - 1] for text, end in zip(given, ends, strict=True)}
    return [shown[text] for text in texts]


def _stands_for(body: str) -> bool:
    """Whether a text only stands where a credential would: a placeholder, or one that is masked already."""
    return len(set(body)) <= 2 or _STANDS_FOR.fullmatch(body) is not None or "***" in body


def _private_keys(text: str) -> list[Secret]:
    """PEM blocks: header, body and end; to the end of the text where the end is missing."""
    found = []
    start = text.find(_BEGIN)
    while start >= 0:
        header = text[start : start + 80].partition("\n")[0]
        if "PRIVATE KEY-----" in header:
            end = text.find(_END, start)
            stop = text.find("-----", end + len(_END)) if end >= 0 else -1
            stop = stop + 5 if stop >= 0 else len(text)
            found.append(Secret(start, stop, "private key"))
            start = text.find(_BEGIN, stop)
        else:
            start = text.find(_BEGIN, start + 1)
    return found


def _pairs(text: str) -> list[Secret]:
    """`password: hunter2` and the like: a key that says so, and one word that looks like a credential."""
    found = []
    for match in _PAIR.finditer(text):
        value, rest = match["s"], match["rest"]
        if rest.strip() not in "#,;}])\"'":
            continue  # more words follow: prose about a secret
        if _stands_for(value) or len(value) < 4 or "://" in value:
            continue
        is_password = match["word"].lower() in ("password", "passwd", "pwd")
        if is_password or (
            len(value) >= 8 and not _WORDS.fullmatch(value) and not value.startswith(("arn:", "/", "p1:", "sha256:"))
        ):
            found.append(Secret(match.start("s"), match.end("s"), "password" if is_password else "credential"))
    return found


def _random(text: str, prefixes: dict[int, int]) -> list[Secret]:
    """Long tokens that no person would write: letters of both cases and digits, all mixed, of high entropy.

    Args:
        prefixes: where a credential known by its prefix begins, to where its secret part does; a prefix stays shown.
    """
    return [
        Secret(prefixes.get(match.start(), match.start()), match.end(), _RANDOM)
        for match in _LONG.finditer(text)
        if _is_random(match[0]) and text[max(0, match.start() - 1) : match.start()] not in (":", ".", "@")
    ]


def _is_random(token: str) -> bool:
    core = token.strip("=-_/")
    if _HEX.fullmatch(core) or core.startswith(("sha256-", "sha384-", "sha512-")) or core.count("/") > 2:
        return False
    if len(re.findall("[_-]", core)) > len(core) // 10:  # words joined by dashes, a pod's name, a model's
        return False
    runs = _RUNS.findall(core)
    digits = sum(run.isdigit() for run in runs)
    # A person's CamelCase2025 changes its kind of character every three letters or more; base64 nearly at every other.
    return digits >= 3 and len(runs) * 2.4 > len(core) and _entropy(core) > 4.0


def _entropy(token: str) -> float:
    """Shannon entropy, bits a character."""
    counts = [token.count(one) for one in set(token)]
    return -sum(count / len(token) * log2(count / len(token)) for count in counts)


def _apart(found: list[Secret]) -> list[Secret]:
    """In order, two that overlap made one, of the kind that says more: what was found first, by its shape."""
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda one: one.start):
        if not kept or secret.start >= kept[-1].end:
            kept.append(secret)
        else:
            last = kept[-1]
            kept[-1] = Secret(last.start, max(last.end, secret.end), secret.kind if last.kind == _RANDOM else last.kind)
    return kept
