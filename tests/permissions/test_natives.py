"""What an action can do at the most: patterns by what they may cover, plain English by its verb."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.actions import CLASSES, class_of
from linter.natives import kinds_of, sounds_like_reading

GRAVITY = {"read": 0, "create": 1, "execute": 1, "update": 2, None: 2, "delete": 3, "admin": 4}
KNOWN = {
    # A sample of DESIGN.md's frozen table, written by hand.
    **{name: name for name in CLASSES},
    **dict.fromkeys(["truncate", "s3:deleteobject", "dynamodb:deleteitem", "sqs:purgequeue"], "delete"),
    **dict.fromkeys(["drop", "grant", "own", "s3:putbucketpolicy", "s3:deletebucket", "iam:passrole"], "admin"),
    **dict.fromkeys(["s3:putobject", "dynamodb:putitem", "ssm:putparameter"], "update"),
    **dict.fromkeys(["s3:getobject", "ec2:describeinstances", "sqs:receivemessage"], "read"),
}


def gravest(word: str) -> int:
    return max(GRAVITY[kind] for kind in kinds_of(word))


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        # What is known for sure stays what it is.
        ("read", {"read"}),
        ("truncate", {"delete"}),
        ("s3:get*", {"read"}),
        ("iam:*", {"admin"}),
        ("admin", {"admin"}),
        # A whole service, by its name or by the beginning of it.
        ("s3:*", {"admin"}),
        ("tickets:*", {"admin"}),
        ("storage.objects.*", {"admin"}),
        ("s*", {"admin"}),
        # What of the table a pattern covers, whatever else it may cover.
        ("s3:de*", {"admin"}),
        ("s3:put*", {"admin"}),
        ("s3:putobject*", {"update", None}),
        ("s3:deleteobject*", {"delete", None}),
        ("del*", {"delete", None}),
        ("tr*", {"delete", None}),
        ("dro*", {"admin"}),
        ("sqs:send*", {"create", None}),
        ("s3:*object", {"read", "update", "delete", None}),
        # A verb that a pattern may go on to.
        ("ec2:t*", {"delete", None}),
        ("ec2:*instances", {"delete", None}),
        ("tickets:delete_*", {"delete", None}),
        ("ticket_d*", {"delete", None}),
        *[(word, {None}) for word in ["get_*", "get_d*", "update_*", "ec2:start*", "helpdesk_*"]],
        # Plain English, in any spelling.
        *[
            (word, {"delete", None})
            for word in "purge destroy erase wipe remove unlink terminate expunge shred".split()
        ],
        *[(word, {"delete", None}) for word in "delete_ticket tickets:delete tickets.remove ticket-delete".split()],
        *[(word, {"delete", None}) for word in "deleteticket ecr:batchdeleteimage rds:deletedbinstance".split()],
        *[(word, {"delete", None}) for word in "drop_table rm del bulk_delete force_delete_pod redis:flushall".split()],
        *[(word, {"delete", None}) for word in "findoneanddelete find_and_delete get_and_remove massdelete".split()],
        # Near misses: other words, and names that only speak of it.
        *[(word, {None}) for word in "dropbox droplet:resize eraser deleted_items purged remover unlinked".split()],
        *[
            (word, {None})
            for word in "list_deletes get_delete_marker undo_delete undelete un-delete delete:read".split()
        ],
        # Phrases, the end of a talk, and a mark taken off a thing that stays.
        *[
            (word, {None})
            for word in "drop_off drop-pin drop_pins terminate_call remove_label remove_reviewers".split()
        ],
        *[(word, {None}) for word in "kill_feature_flag clear_filter cancel_reminder unassign".split()],
        *[(word, {"delete", None}) for word in "drop_office drop_off_table drop_pinned terminate_instance".split()],
        *[
            (word, {"delete", None})
            for word in "remove_label_issue remove_tag delete_label remove_labels_and_purge".split()
        ],
        *[(word, {None}) for word in "model delta chat:write ticket_deleted rmi removal".split()],
    ],
)
def test_words(word: str, kinds: set[str | None]) -> None:
    assert kinds_of(word) == kinds


some_words = st.sampled_from(sorted(KNOWN))
patterns = st.builds(
    lambda word, start, end: word[:start] + "*" + word[max(start, len(word) - end) :],
    some_words,
    st.integers(1, 20),
    st.integers(0, 8),
)


@settings(max_examples=1000)
@given(patterns, some_words)
@example("s3:*", "s3:putbucketpolicy")
@example("d*", "drop")
@example("s3:p*y", "s3:putbucketpolicy")
def test_a_pattern_is_as_grave_as_what_it_covers(pattern: str, word: str) -> None:
    if fnmatchcase(word, pattern):
        assert gravest(pattern) >= GRAVITY[KNOWN[word]]


@pytest.mark.parametrize(
    "word", ["ec2:terminateinstances", "tickets:delete", "cache.purge", "x:drop", "user_remove", "wipe"]
)
def test_a_pattern_that_begins_like_a_deletion_may_delete(word: str) -> None:
    verb = max(word.rfind(mark) for mark in ":._") + 1
    for end in range(verb + 1, len(word) + 1):
        assert gravest(word[:end] + "*") >= GRAVITY["delete"], word[:end]


@given(st.from_regex(r"[a-z][a-z0-9_:.*-]{0,30}", fullmatch=True))
def test_no_word_is_less_than_it_surely_is(word: str) -> None:
    kinds = kinds_of(word)
    sure = class_of(word)
    assert kinds == {sure} if sure else kinds & {None, "admin"}


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        *[
            (word, True)
            for word in "get_contact listUsers search-tickets read fetch_page describe_table find_user".split()
        ],
        *[
            (word, True)
            for word in "lookup_order count_rows view_page download_report contacts:read getExecution".split()
        ],
        # Two things at once, or a thing done.
        *[
            (word, False)
            for word in "get_and_delete read_write fetch_execute getOrCreate find_or_create list_delete".split()
        ],
        *[
            (word, False)
            for word in "view_as_admin findAndModify getorcreate get_orCREATE listThenPurge get.write".split()
        ],
        *[(word, False) for word in "query_database update_get getter get_* chat:write contact_get reads".split()],
        ("get_d\u0435lete", False),  # with a Cyrillic letter
    ],
)
def test_names_that_sound_like_reading(word: str, sounds: bool) -> None:
    assert sounds_like_reading(word) is sounds
