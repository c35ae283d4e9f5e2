"""What an action can do at the most: the upper bound that rules, blast radius and reports weigh.

`actions.class_of` says what an action surely is; it is frozen with algebra p1 and knows few words, because what it says
may be subtracted. Here a word may only turn out graver than it is, so a pattern has the classes of all that it may cover, and
a plain English verb of destruction is a deletion in any system. Neither changes a set, a difference or a digest.
"""

from functools import lru_cache

from linter.actions import CLASSES, below, class_of
from linter.patterns import Pattern
from linter.permissions import Leaf

_VERBS = (
    "delete",
    "destroy",
    "erase",
    "expunge",
    "purge",
    "remove",
    "shred",
    "terminate",
    "truncate",
    "unlink",
    "wipe",
)
_WORDS = ("del", "drop", "flushall", "flushdb", "rm", "rmdir")
"""What destroys only as a whole word: a droplet and a dropbox are things."""
_DESTROYS = Pattern(
    rf"(?:^|[_-])(?:(?:batch|bulk|force|mass)?(?:{'|'.join(_VERBS)})(?!(?:e?d|e?rs?)(?![a-z]))|(?:{'|'.join(_WORDS)})(?![a-z]))"
)
"""A verb that destroys begins a word of the name: `delete_ticket`, `bulkDelete`, `ticket-remove`; `deleted_items` has none."""
_ONLY_NAMES = Pattern(
    r"(?:get|list|read|view|search|find|describe|count|undo|un|restore|recover|revert|cancel)(?![a-z])"
)
"""What begins so tells of a deletion, or takes it back: `list_delete_requests`, `undo_delete`."""
_BOTH = Pattern(rf"and[_-]?(?:{'|'.join(_VERBS)})(?![a-z])")
"""What finds a thing and then destroys it: `findOneAndDelete`."""
_LEFT = Pattern(
    r"(?:^|[_-])(?:drop[_-](?:off|in|down|pins?)|terminate[_-](?:calls?|chats?|conversations?|meetings?)"
    r"|remove[_-](?:labels?|reactions?|assignees?|reviewers?|watchers?))$"
)
"""What begins like a deletion and deletes nothing: a phrase, the end of a talk, and a mark taken off a thing that stays, which the
same tool puts back. Only where the name ends there, and never a tag: that may be all that holds an image or a commit."""
_NAMESPACES = (":", ".")
_READING = frozenset("get list search read fetch describe find lookup count view show download history".split())
"""Not `query`, which may run any statement."""
_DOING = Pattern(
    r"and|or|then|as|with|add|admin|append|apply|approve|archive|assign|assume|call|cancel|change|clear|close|commit|copy|create|deploy"
    r"|disable|drop|edit|enable|exec|execute|export|flush|forward|grant|import|insert|invoke|kill|lock|mark|merge|modify|move|patch|pay"
    r"|post|publish|push|put|refund|reply|replace|reset|restart|restore|revoke|rm|rotate|run|save|send|set|share|start|stop|submit"
    r"|sync|transfer|update|upload|upsert|write"
    rf"|{'|'.join(_VERBS)}"
)
_PART = Pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@lru_cache(maxsize=4096)
def kinds_of(word: str) -> frozenset[str | None]:
    """Every class that an action, as the algebra knows it, may have a part in; None is a native one that nobody knows.

    Administration contains the others: where it is one, it is the only one.
    """
    known = class_of(word)
    if known is not None:
        return frozenset([known])
    found = _covered(word) if "*" in word else [None, "delete"] if _destroys(word) else [None]
    return frozenset(["admin"] if "admin" in found else found)


def kinds_of_leaf(leaf: Leaf) -> frozenset[str | None]:
    """The same of an action on its object: to run `pods_delete` or `purge_orders(integer)` is what the name says."""
    kinds = kinds_of(leaf.action)
    return kinds | {"delete"} if leaf.action == "execute" and running_destroys(leaf.object) else kinds


def running_destroys(path: tuple[str, ...]) -> bool:
    """Whether the name of what is run says that it destroys."""
    return bool(path) and _destroys(path[-1].partition("(")[0])


def _covered(pattern: str) -> frozenset[str | None]:
    """The classes of what a pattern may cover: the words of the table, whole services, and what nobody knows."""
    stem, _, rest = pattern.partition("*")
    if stem.endswith(_NAMESPACES) and not rest.strip("*"):
        return frozenset(["admin"])  # all that a service can do: its own policies too
    if ":" not in stem and any([":" in word for word in _begun(stem)]):
        return frozenset(["admin"])  # whole services, by the beginning of their names
    name = _name(stem)
    begun = name.replace("-", "_").rpartition("_")[2]
    # `update_*` goes on to what is updated, not to another verb.
    destroys = _destroys(stem) or ((begun or not name) and not _ONLY_NAMES.match(name) and _begins_verb(begun))
    return frozenset([*map(class_of, _words(pattern)), None, *(["delete"] if destroys else [])])


def example(word: str, kind: str) -> str:
    """A word of the table that makes a pattern one of a class; empty where none does, or it is no pattern."""
    return min([one for one in _words(word) if class_of(one) == kind], default="") if "*" in word else ""


def _words(pattern: str) -> list[str]:
    """The words of the table that a pattern covers."""
    from fnmatch import fnmatchcase

    return [word for word in _begun(pattern.partition("*")[0]) if fnmatchcase(word, pattern)]


def _begun(stem: str) -> list[str]:
    return [*below(stem), *(word for word in CLASSES if word.startswith(stem))]


def _begins_verb(begun: str) -> bool:
    return any([verb.startswith(begun) for verb in (*_VERBS, *_WORDS)])


def _destroys(word: str) -> bool:
    name = _name(word)
    if _BOTH.search(name):
        return True
    return bool(_DESTROYS.search(name)) and not _ONLY_NAMES.match(name) and not _LEFT.search(name)


def sounds_like_reading(word: str) -> bool:
    """Whether a name, as it is written, begins with a verb of reading and has none of doing: `get_contact`, `listUsers`.

    It says nothing of what the tool does; it only weighs how sure a finding is.
    """
    first, *others = [part.lower() for part in _PART.findall(_name(word))] or [""]
    return (
        first in _READING
        and word.isascii()
        and "*" not in word
        and not any([_DOING.fullmatch(part) for part in others])
    )


def _name(word: str) -> str:
    """What stands behind the last service or namespace: `tickets:delete` is the `delete` of tickets."""
    return word[max(map(word.rfind, _NAMESPACES)) + 1 :]
