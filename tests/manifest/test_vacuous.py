"""Prose that surely means everything, prose that says nothing, and prose that names something, which is neither."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.scope import parse_prose
from linter.manifest.vacuous import says_everything, says_nothing

EVERYTHING = [
    *[
        "all",
        "All Rows.",
        "everything",
        "full access",
        "any",
        "unrestricted",
        "unlimited",
        "any/all",
        "full_access",
        "*",
    ],
    *[
        "no restrictions",
        "No limitations",
        "without limits",
        "not limited",
        "restrictions: none",
        "no scope",
        "no filters",
    ],
    *["the entire database", "whole system", "access to everything", "full access to the database", "any and all data"],
    *[
        "everything in this bucket",
        "full read/write access",
        "complete access",
        "total control",
        "it can access everything",
    ],
    *[
        "full admin access",
        "the agent may do anything",
        "the bot has full access",
        "full system access",
        "all data in the system",
        "there are no restrictions",
        "no restrictions apply",
        "everything (for now)",
        "admin rights to all tables",
        "1=1",
        "rows where true",
        "status = 1 or 1=1",
        "#* channel only",
    ],
    *[
        "any command",
        "all statements",
        "everyone",
        "to anybody",
        "any website",
        "all URLs",
        "all recipients",
        "any query",
    ],
    *["any tenant", "all tenants", "every customer", "the whole workspace", "all rows of any tenant", "alle Mandanten"],
    *["every tenant's rows", "all of our customers", "tous les clients", "todos los clientes", "an alle Kunden"],
    *["'A' = 'a'", "exists (select 1)", "entire table", "no limits"],
    *["alle", "alle Daten", "keine Einschränkungen", "ohne Einschränkung", "Vollzugriff auf die Datenbank"],
    *["toutes les tables", "sans restriction", "accès complet", "todas las tablas", "sin restricciones"],
    # As its reader sees it: zero-width and soft hyphens, full-width letters.
    *[
        "a\u200bll",
        "no\u00ad restric\u2060tions",
        "\ufeffeverything",
        "\uff0a",
        "\uff41\uff4c\uff4c",
        "\uff11\uff1d\uff11",
    ],
]
NOTHING = [
    *["", "-", "\u2014", "...", "?", "#", "\u200b", "n/a", "N/A", "n.a.", "none", "null", "tbd", "default", "unknown"],
    *["as needed", "As needed.", "as necessary", "if needed", "as required by the task", "whatever the agent needs"],
    *["only what is necessary for the job", "everything needed", "limited to what is required", "no scope needed"],
    *["to be determined", "not applicable", "nach Bedarf", "keine Angabe", "selon besoin", "no aplica", "n\u200b/a"],
]
NEITHER = [
    *["all tickets", "all open tickets of the support queue", "all of the user's own records", "everything under /srv"],
    *[
        "all but deleted rows",
        "all rows where tenant = 1",
        "not everything",
        "not all tables",
        "no access",
        "no deletions",
    ],
    *["full read access", "read only", "complete records", "all admin tables", "admin channels", "its records"],
    *[
        "no restrictions on tickets",
        "not limited to tenant 5",
        "limited to the table",
        "only the data",
        "any one record",
        "all agent records",
        "any kubectl get command",
        "everyone in the pilot",
        "any host of the cluster web",
        "all SELECT statements",
        "all system tables",
        "all access records",
        "all special rows",
        "any specific table",
        "the agent may read tickets",
        "the agent only",
        "x",
    ],
    *[
        "unrestricted data only",
        "only unrestricted records",
        "all customer records",
        "any tenant of the pilot",
        "customers",
        "all rows of the tenant",
        "everything in this workspace",
        "tenant as needed",
        "all the rows of our tenant",
        "the tenant's rows, all of them",
    ],
    *["text is null", "between 1 and 5", "in 2025"],
    *["tickets as needed", "as needed to close tickets", "relevant tickets", "standard orders", "queue: default"],
    *["data/*", "docs/**", "a*", "de/*", "#a/b", "status", "42", "x = 'true'", "a", "the", "no one"],
    *["alle offenen Tickets", "Mandant 12345, Belege ab 2025", "solo respuestas al cliente que escribió", "未対応のみ"],
    *["tickets created_after:2025-01-01", "table and column comments, query history; no row data"],
]


@pytest.mark.parametrize("text", EVERYTHING)
def test_everything(text: str) -> None:
    assert (says_everything(text), says_nothing(text)) == (True, False)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str) -> None:
    assert (says_everything(text), says_nothing(text)) == (False, True)


@pytest.mark.parametrize("text", NEITHER)
def test_neither(text: str) -> None:
    assert (says_everything(text), says_nothing(text)) == (False, False)


@given(st.text())
def test_no_text_is_both(text: str) -> None:
    assert not (says_everything(text) and says_nothing(text))
    assert says_everything(text) == says_everything("\u200b".join(text)) or not text.isascii()


@given(st.sampled_from(EVERYTHING + NOTHING), st.sampled_from(["tickets", "tenant", "#ops", "Rechnungen", "47-11"]))
def test_one_word_that_names_something_makes_it_prose(text: str, word: str) -> None:
    if not text.isascii() or "1" not in text:  # a predicate may well be followed by a word
        assert parse_prose(f"{word} {text}").kind != "empty"


@pytest.mark.parametrize("unit", ["all ", "*", "* ", "a*", "as needed ", "no ", "\u200b", "\uff0a ", "a-", "/", "'"])
def test_hostile_text_is_read_in_linear_time(unit: str) -> None:
    text = unit * (2000 // len(unit))
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        says_everything(text)
        says_nothing(text)
        best = min(best, time.process_time() - start)
    assert best < 0.05
