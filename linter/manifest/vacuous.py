"""Scopes that limit nothing: prose that surely means everything, and prose that says nothing at all.

Nothing here is part of the algebra or its prose grammar: there such a sentence stays one opaque atom, and its digest stays. It is
for those who judge what was agreed, and only what is certain is said: every word must be one of these, so that a sentence that
names anything ("all open tickets") is neither. English, and the commonest words of German, French and Spanish.
"""

from itertools import pairwise

from linter.manifest.predicate import always_true, names_no_column
from linter.patterns import Pattern

_ALL = frozenset(
    "* all any wildcard every everything anything everywhere anywhere everyone everybody anyone anybody full fully "
    "entire whole unrestricted unlimited unbounded unconstrained unscoped unfiltered alle alles gesamte ganze uneingeschränkt "
    "uneingeschränkter unbeschränkt unbeschränkter voller vollzugriff tout toute toutes tous illimité todos todas "
    "ilimitado".split()
)
_MUCH = frozenset("complete completely total totale complet completo admin administrator root".split())
_POWERS = frozenset(
    "access control permission permissions right rights privilege privileges zugriff accès acceso".split()
)
"""Beside these `_MUCH` is all; "complete records" may be those that are done."""
_NO = frozenset("no not none without never zero ohne keine keinerlei sans aucune sin".split())
_LIMITS = frozenset(
    "limit limits limited limitation limitations restriction restrictions restricted restrict constraint "
    "constraints constrained bound bounds boundary boundaries filter filters filtered scope scoped scoping "
    "einschränkung einschränkungen beschränkung beschränkungen grenzen limite limites restricciones límite límites".split()
)
_NEED = frozenset(
    "need needs needed require requires required necessary appropriate relevant applicable suitable bedarf nötig "
    "erforderlich besoin nécessaire necesario necesaria".split()
)
_HAZY = frozenset(
    "as if when whenever where wherever whatever what which deemed agent bot they job task tasks work by from nach "
    "bei wie wo was selon au si según sea".split()
)
"""What stands around a need, and names nothing either."""
_NOUNS = frozenset(
    "command commands query queries statement statements operation operations method methods endpoint endpoints "
    "website websites site sites url urls domain domains host hosts recipient recipients row rows column columns "
    "table tables field fields channel channels record records entry entries data dataset datasets object objects "
    "item items resource resources repository repositories repo repos file files tool tools database databases db "
    "schema schemas system systems server bucket instance cluster content contents thing things daten datenbank "
    "tabelle tabellen zeilen spalten données base datos tablas filas".split()
)
_OWNERS = frozenset(
    "tenant tenants customer customers workspace workspaces organization organizations organisation organisations org "
    "orgs mandant mandanten kunden clients clientes locataires inquilinos".split()
)
"""Whose the data is. "Every customer" is everything; "all rows of the tenant" and "all customer records" are not."""
_BEFORE_OWNERS = frozenset("the of our s unsere les nos los las".split())
"""What stands between "all" and whose it is, and the end of "every tenant's"."""
_DESCRIBING = _POWERS | _OWNERS | {"system", "systems"}
"""What tells some from others before a noun: "all system tables", "all access records"."""
_SMALL = frozenset(
    "the a an of and or to in on for with at is are be has have it this that its across here there now currently yet only "
    "whatsoever may might can could should must do exist exists die der das den dem auf und le la les l à de des du et el "
    "los las y a".split()
)
_PLAIN = _POWERS | _NOUNS | _SMALL
_NOTHING = frozenset(
    {
        *"na none nil null nothing tbd tba tbc todo unknown undefined unspecified undetermined default standard normal usual".split(),
        *"various misc other etc keine entfällt offen unbekannt aucun aucune ninguno ninguna".split(),
        *(f"not {word}" for word in "applicable specified defined known set".split()),
        *(
            "n a",
            "k a",
            "as usual",
            "none given",
            "keine angabe",
            "nicht zutreffend",
            "non applicable",
            "sans objet",
            "no aplica",
        ),
        *(f"to be {word}" for word in "determined defined decided confirmed specified agreed done announced".split()),
    }
)
_ALL_OF_IT = _ALL | _MUCH | _PLAIN
_OF_LIMITS = frozenset("apply applies imposed given further specific particular special explicit".split())
_UNLIMITED = _ALL_OF_IT | _NO | _LIMITS | _OF_LIMITS
_AS_NEEDED = _UNLIMITED | _NEED | _HAZY
_MAY = (["may"], ["can"], ["could"], ["has"], ["have"], ["is"])
_UNRESTRICTED_ONLY = frozenset({"unrestricted", "only"})
_READ_WRITE = frozenset({"read", "write"})
_WORD = Pattern(r"[^\W_]+")


def says_everything(text: str) -> bool:
    """Whether a scope in prose, or a predicate on rows, surely limits nothing."""
    seen = _plain(text)
    return _means_all(_words(seen)) or always_true(seen) or names_no_column(seen)


def _means_all(words: list[str]) -> bool:
    subject = words[:1] == ["the"]
    if words[subject : subject + 1] in (["agent"], ["bot"]) and words[subject + 1 : subject + 2] in _MAY:
        words = words[subject + 1 :]  # elsewhere it describes: "all agent records"
    if any([one in _DESCRIBING and other in _NOUNS for one, other in pairwise(words)]):
        return False
    known = frozenset(words)
    if known >= _UNRESTRICTED_ONLY:
        return False  # the data that bears no restriction, and no other
    if known & _OWNERS:
        named = ["", *(word for word in words if word not in _BEFORE_OWNERS)]
        if any([one not in _ALL and other in _OWNERS for one, other in pairwise(named)]):
            return False
        known -= _OWNERS | _BEFORE_OWNERS
    if known & _READ_WRITE:
        if not known >= _READ_WRITE:
            return False  # "full read access": to write is another matter
        known -= _READ_WRITE
    denials = len([word for word in words if word in _NO])
    if denials:
        return denials == 1 and known <= _UNLIMITED and not known.isdisjoint(_LIMITS)
    much = known & _MUCH
    return known <= _ALL_OF_IT and bool(known & _POWERS if much else known & _ALL)


def says_nothing(text: str) -> bool:
    """Whether a scope in prose says nothing that anybody could hold an agent to: "n/a", "-", "as needed"."""
    words = _words(_plain(text))
    if not words or " ".join(words) in _NOTHING:
        return True
    known = frozenset(words)
    return known <= _AS_NEEDED and not known.isdisjoint(_NEED)


def _plain(text: str) -> str:
    """A text as its reader sees it: no invisible characters, full-width and other forms as the plain letter."""
    if text.isascii():
        return text
    from unicodedata import category, normalize

    return "".join([one for one in normalize("NFKC", text) if category(one) not in ("Cf", "Mn")])


def _words(text: str) -> list[str]:
    """The words, in lower case; a pattern is one, and all that is nothing but a wildcard is "*"."""
    text = text.lower()
    if "*" not in text:
        return _WORD.findall(text)
    words = []
    for part in text.split():
        if "*" in part:
            words.append(part if part.strip("*./#\"'`,;:()[]") else "*")
        else:
            words += _WORD.findall(part)
    return words
