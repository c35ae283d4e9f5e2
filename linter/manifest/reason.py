"""Justifications that justify nothing: filler where a reason belongs."""

from linter.manifest.vacuous import says_nothing
from linter.patterns import Pattern

_WORD = Pattern(r"[^\W_]+")
_PLACEHOLDER = Pattern(r"\s*(?:<[^<>]*>\s*$|(?:TODO|FIXME|TBD|TBA|XXX|CHANGE_?ME)\b|(?i:todo|fixme|tbd|tba)\s*:)")
_FILLER = frozenset(
    "a an the this that it is its was be for to of in on as and or so we i you my our now here there please just "
    "fix fixes fixed fixing bug bugfix hotfix patch change changes changed changing update updates updated updating edit edits "
    "add adds added adding new more extra wip tmp temp temporary test misc stuff thing things minor small quick cleanup "
    "need needs needed want wanted require requires required requirement necessary because reason reasons justification justified "
    "why yes ok okay no later soon pending unknown access permission permissions scope see above below before same usual "
    "asdf qwerty foo bar baz lorem ipsum blah placeholder change_me".split()
)
"""Words of which a sentence may be made that gives no reason: it says that something changes, which everybody sees."""


def says_why(text: str) -> bool:
    """Whether a justification gives any reason: a name, a number or a word that is more than filler."""
    words = words_of(text)
    if says_nothing(text) or _PLACEHOLDER.match(text):
        return False
    letters = set("".join(words))
    return not (len(letters) == 1 and letters.isdisjoint("23456789")) and not _FILLER.issuperset(words)


def words_of(text: str) -> list[str]:
    """What a text says, whatever its spelling: lower case, without punctuation."""
    return _WORD.findall(text.casefold())
