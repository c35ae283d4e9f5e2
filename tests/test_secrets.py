"""Credentials: found, masked at the same width, and not imagined. They are put together here, so that no scanner finds them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter import secrets
from linter.secrets import find, mask, mask_all

ALNUM = "kQ7zR2mX9vB4nL1pW8sD3fG6hJ5tY0cA2eUoI4xZ"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CREDENTIALS = [
    ("AWS access key id", "AKIA" + "IOSFODNN7ZZQXWPL"),
    ("GitHub token", "ghp_" + ALNUM[:36]),
    ("GitHub token", "github_" + "pat_" + ALNUM[:22] + "_" + ALNUM),
    ("GitLab token", "glpat-" + ALNUM[:20]),
    ("Slack token", "xoxb-" + "123456789012-" + ALNUM[:24]),
    ("Slack webhook", "https://hooks.slack.com/services/" + "T00AB12CD/B00AB12CD/" + ALNUM[:24]),
    ("Stripe key", "sk_" + "live_" + ALNUM[:24]),
    ("Stripe key", "rk_" + "test_" + ALNUM[:24]),
    ("API key", "sk-" + "ant-api03-" + ALNUM),
    ("API key", "sk-" + "proj-" + ALNUM),
    ("Google API key", "AIza" + ALNUM[:35]),
    ("npm token", "npm_" + ALNUM[:36]),
    ("PyPI token", "pypi-" + ALNUM + ALNUM),
    ("SendGrid key", "SG." + ALNUM[:22] + "." + ALNUM),
    ("Hugging Face token", "hf_" + ALNUM[:34]),
    ("DigitalOcean token", "dop_v1_" + HEX),
    ("Databricks token", "dapi" + HEX[:32]),
    ("Shopify token", "shpat_" + HEX[:32]),
    ("Notion token", "ntn_" + ALNUM + "abc"),
    ("Linear key", "lin_api_" + ALNUM),
    ("Vault token", "hvs." + ALNUM[:24]),
    ("JSON Web Token", "eyJhbGciOiJI." + "eyJzdWIiOiIx." + ALNUM[:30]),
    ("password in a connection string", "postgresql://triage:" + "kd83Hs-9w" + "@db.internal:5432/app"),
    ("credential of an HTTP header", "Authorization: Bearer " + ALNUM),
    ("password", "password: " + "hunter2"),
    ("password", "PGPASSWORD=" + "correct-horse"),
    ("credential", "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYZZQQ12345Z"),
    ("credential", '"api_key": "' + "a8F3kd92Lq" + '"'),
    ("high-entropy token", ALNUM),
]
HONEST = """\
agent_name: ticket-triage-v1
owner: support-platform@example.com
environment: [staging, production]
purpose: Rotates the API token weekly, asks for a new password where one expired.
digest: p1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
commit 0b3093b6f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6
id: 550e8400-e29b-41d4-a716-446655440000
identities: arn:aws:iam::111122223333:role/acme/TicketTriageAgentProductionRole2026
resource: aws.arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/triage-AbCdEf
resource: postgres.audit_log.agent_runs_partitioned_by_month_2026_11
resource: bigquery.AcmeWarehouse.CustomerSatisfactionScoreMonthly2025
resource: aws.s3.acme-invoices-production-eu-west-1-2026
command: scripts/revert_agent_run_v2.py --run-id <id> --confirm
command: python3 tools/UndoTicketTriageBatchRunV2.py --run-id ${RUN_ID}
command: curl -H "Authorization: Bearer $TOKEN" localhost
command: psql "postgresql://triage:${PGPASSWORD}@db/app" -f undo.sql
command: psql postgresql://triage:<password>@db/app
command: psql postgresql://triage@db.internal/app
token_env: SLACK_BOT_TOKEN
dsn_env: PERMLINT_POSTGRES_DSN
password: ${DB_PASSWORD}
password: <password>
password: $DB_PASSWORD
secret: rotated weekly by ops
secret: kubernetes-secret-name-1
token: slack
tokens: 4096
max_token: 200000
api_key: none
scope: rows where token_hash is null and password_set = true
scope: columns token_id, secret_name only
example AKIAIOSFODNN7EXAMPLE from the documentation
placeholder ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
placeholder sk_live_xxxxxxxxxxxxxxxxxxxxxxxx
model: claude-sonnet-4-5-20250929
model: gpt-4o-mini-2024-07-18
channel: C024BE91L
scope: "#ops-alerts channel only"
integrity: sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K4uxA8PzP2tZp3Yh1
pod: ticket-triage-7d9f8b6c5d-x2k9q-production-europe-west1
cron: "0 3 * * 1-5"
function: app.recalculate(integer, timestamp with time zone)
paths: [reports/**/2026-*.parquet, data/raw/events/year=2026/month=11/]
url: https://wiki.example.com/display/TEAM/Runbook-For-Ticket-Triage-Agent-2026
url: https://docs.example.com/d/release-notes?version=2026.11.24&section=permissions
image: registry.example.com/agents/ticket-triage:v1.24.3-build.20261124
note: basic authentication is switched off
note: the bearer of this manifest answers for it
version: 1.2.3-alpha.1+build.20261124
labels: [needs-info, "area:check"]
recipients: [support@example.com, ops+alerts@example.com]
justification: New tickets wait two days; risk-based-prioritisation-of-support-tickets needs it.
x-runbook: docs/runbooks/TicketTriage/RollbackProcedureForOperators.md
rehearsed: {date: 2026-11-09, run_id: rehearsal-2026-11-09T03-00-00Z}
site: acme-production-eu.zendesk.example
long_number: 123456789012345678901234567890
dashes: ----------------------------------------------------------------
equals: ================================================================
"""


@pytest.mark.parametrize(("kind", "text"), CREDENTIALS)
@pytest.mark.parametrize(
    "frame", ["{}", "x: {}\n", 'x: "{}"\n', "# {}\nx: 1\n", "x: |\n  first\n  {}\n  last\n", "- {}  # note\n"]
)
def test_found_and_masked_wherever_it_stands(kind: str, text: str, frame: str) -> None:
    if kind == "high-entropy token" and frame == "{}":
        frame = "x {}"
    framed = frame.format(text)
    found = find(framed)
    assert kind in [one.kind for one in found]
    secret = framed[found[-1].start : found[-1].end]
    assert secret in text
    masked = mask(framed)
    assert len(masked) == len(framed)
    assert secret not in masked
    assert masked.count("\n") == framed.count("\n")
    assert find(masked) == []


@pytest.mark.parametrize("line", HONEST.splitlines())
def test_near_miss(line: str) -> None:
    assert find(line + "\n") == []


def test_all_near_misses_together() -> None:
    assert find(HONEST) == []


def test_a_private_key_is_masked_whole() -> None:
    block = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END " + "RSA PRIVATE KEY-----"
    text = f"x-key: |\n  {block}\nowner: me\n"
    assert [one.kind for one in find(text)] == ["private key"]
    assert "MIIEow" not in mask(text)
    assert mask(text).endswith("\nowner: me\n")
    cut = "x: -----BEGIN " + "PRIVATE KEY-----\nMIIEow"
    assert "MIIEow" not in mask(cut)
    assert find("-----BEGIN " + "CERTIFICATE-----\nMIIEow\n-----END " + "CERTIFICATE-----") == []


@given(st.text(max_size=400))
def test_laws_of_any_text(text: str) -> None:
    found = find(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked


@given(
    st.lists(st.sampled_from([text for _, text in CREDENTIALS] + HONEST.splitlines()), max_size=8),
    st.sampled_from([" ", "\n", ", ", "@", "/"]),
)
def test_laws_of_credentials_side_by_side(parts: list[str], between: str) -> None:
    masked = mask(between.join(parts))
    assert mask(masked) == masked


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [text for _, text in CREDENTIALS] + HONEST.splitlines() + ["password:", "=", "-----END ", ""]
            ),
            max_size=3,
        ).map("\n".join)
        | st.text(max_size=30),
        max_size=6,
    )
)
def test_many_texts_are_masked_as_each_alone(texts: list[str]) -> None:
    assert mask_all(texts) == [mask(text) for text in texts]


def test_a_private_key_in_one_text_masks_no_other() -> None:
    texts = ["a: -----BEGIN " + "PRIVATE KEY-----\nMIIEow", "owner: me", "b: -----END PRIVATE KEY-----"]
    assert mask_all(texts)[1:] == texts[1:]
    assert "MIIEow" not in mask_all(texts)[0]


PIECES = """\
a|-|_|=| |aB1|a-b.c |a:b@|://|x://a:|a.b://|SG.a|..x-|a:|eyJ|eyJ-|eyJaaaaaaaa.|sk-|sk-ant-|xoxb-|glpat-|hvs.|hf_|secret_|npm_|AKIA\
|bearer |bearer a|bearer  \t|password|password |password=|password: hunter2\n|token:a|-----BEGIN |-----BEGIN \n|-----END \
""".split("|")


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    for framed in ("{}", "password: {}!", "sk-{}"):
        text = framed.format(piece * ((1 << 18) // len(piece)))
        start = time.process_time()
        mask(text)
        assert time.process_time() - start < 5  # 0.3 s on a slow machine; quadratic work takes minutes


@pytest.mark.parametrize("body", ["." * 60 + "-a", "*" * 60 + "!", "A" + "_A" * 40 + "-", "xX." * 30 + "a"])
def test_what_nearly_stands_for_a_value_takes_no_time(body: str) -> None:
    start = time.process_time()
    find("password: " + body)
    assert time.process_time() - start < 1  # exponential work never ends


def test_a_run_that_fails_hides_no_credential_after_it() -> None:
    token = "sk-" + "proj-" + ALNUM
    assert [one.kind for one in find("sk-lower-only-without-any-digit x " + token)] == ["API key"]
    web = "eyJhbGciOiJI." + "eyJzdWIiOiIx." + "abc-def"
    assert [one.kind for one in find("eyJshort eyJaaaaaaaa-eyJ " + web)] == ["JSON Web Token"]


def test_a_token_is_no_path_for_the_credentials_before_it() -> None:
    keys, token = ["AKIA" + "IOSFODNN7ZZQXWPL"] * 3, "kQ7zR2mX9vB4nL1p" + "W8sD3fG6hJ5tY0cA2eUoI4xZ"
    assert mask("/".join([*keys, token])) == "/".join(["AKIA" + 16 * "*"] * 3) + "*" * (1 + len(token))


@pytest.mark.parametrize("key", ["access-key", "accesskey", "private_key", "private-key", "PrivateKey", "api-key"])
def test_every_spelling_of_a_key_is_looked_for(key: str) -> None:
    assert [one.kind for one in find(f"{key}: {'a8F3kd92' + 'Lq'}")] == ["credential"]


_WORDS = [
    "token",
    "Api-Key",
    "ACCESSKEY",
    "pwd",
    "bearer",
    "Basic",
    "://",
    ":",
    "=",
    " ",
    "\n",
    "a8F3kd92Lq",
    "sk-",
    "key",
    "@",
]


@given(st.lists(st.sampled_from([text for _, text in CREDENTIALS] + _WORDS), max_size=9))
def test_the_cheap_tests_that_come_first_lose_nothing(parts: list[str]) -> None:
    text = "".join(parts)
    shapes = [
        match.span("s") for _, _, pattern in secrets._SHAPES + secrets._PHRASES for match in pattern.finditer(text)
    ]
    wanted = [(start, end) for start, end in shapes if start >= 0 and not secrets._stands_for(text[start:end])]
    wanted += [(one.start, one.end) for one in secrets._pairs(text) + secrets._random(text, {})]
    found = [(one.start, one.end) for one in find(text)]
    for start, end in wanted:
        if not text[start:end].endswith(
            "EXAMPLE"
        ):  # where it begins may differ: a random token's known prefix stays shown
            assert any(one[0] < end <= one[1] for one in found), text[start:end]


@pytest.mark.parametrize("prefix", ["xapp-", "xoxb-"])
def test_the_shortest_token_is_found(prefix: str) -> None:
    assert [one.kind for one in find(f"x: {prefix + 'a1B2' * 3}")] == ["Slack token"]
    assert [one.kind for one in find(f"x: {prefix + 'a1B2c3D4e5'}\n")] == ["Slack token"]
    assert find(f"x: {prefix + 'a1B2c3D4e'}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "token=<id> password: {}",  # found by fuzzing: the first pair's look at what follows took the second one's head
        "host=db user=triage password={} dbname=app",
        "psql --password={} --host=db",
        "api_key: ${{API_KEY}} password={}",
    ],
)
def test_a_pair_among_pairs_is_found(text: str) -> None:
    secret = "hun" + "ter22"
    whole = text.format(secret)
    assert [(whole[one.start : one.end], one.kind) for one in find(whole)] == [(secret, "password")]


@pytest.mark.parametrize("text", ["password: ask the DBA", "token = what the vault = says", "password=prompted for"])
def test_words_that_follow_make_it_prose(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize("words", [0, 300])
def test_what_is_said_again_is_masked_again(words: int) -> None:
    text = "password: hunter2hunter" + " \nword" * words
    for _ in range(2):
        assert mask(text) == text.replace("hunter2hunter", "*" * 13)
        assert mask(text.replace("hunter2hunter", "none")) == text.replace("hunter2hunter", "none")


@given(st.lists(st.sampled_from([text for _, text in CREDENTIALS] + _WORDS), min_size=1, max_size=9), st.booleans())
def test_lines_that_were_seen_before_hide_nothing(lines: list[str], apart: bool) -> None:
    text = "\n".join(lines)
    secrets._HARMLESS.clear()
    alone = find(text)
    for line in lines if apart else [text]:
        find(line)
    assert find(text) == alone


def test_the_lines_of_a_private_key_are_part_of_it_though_each_alone_is_harmless() -> None:
    begin, end = "-----BEGIN " + "PRIVATE KEY-----", "-----END " + "PRIVATE KEY-----"
    body = ["MIIEvQIBADANBg", "kqhkiG9w0BAQEF"]
    assert not any(find(line) for line in [*body, end])
    text = "\n".join(["key: |", begin, *body, end, "after: all"])
    assert [text[start:stop] for start, stop, _ in find(text)] == ["\n".join([begin, *body, end])]


def test_what_is_remembered_is_bounded() -> None:
    for number in range(10_000):
        find(f"line {number}\nand {number}")
    find("x " * 200)
    assert len(secrets._HARMLESS) <= secrets._MOST_LINES + 2
    assert max(map(len, secrets._HARMLESS)) <= secrets._LONGEST_LINE
