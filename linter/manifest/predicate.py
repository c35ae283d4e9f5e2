"""Predicates on rows that are true of every row: `1=1`, `TRUE`, `tenant = 5 or 'a' = 'a'`.

No reader of SQL: it knows and, or, not, brackets and comparisons, and what it does not know may be false. So what it calls
true is true whatever the table; columns are taken to hold a value, since nobody writes `id = id` to leave out the rows
without one. Nothing here is part of the algebra: to it a predicate is one atom.
"""

from functools import lru_cache

from linter.patterns import Pattern

_TERM = Pattern(r"'(?:[^']|'')*'|\"[^\"]*\"|--.*|/\*.*?\*/|[0-9]+(?:\.[0-9]+)?|[^\W\d]\w*(?:\.\w+)*|<>|[!<>=]=|\|\||\S")
_DEEPEST = 30
_LONGEST = 4096
"""Code points beyond which a predicate is not looked into: whoever wrote it did not mean a person to read it."""
_EQUAL = frozenset({"=", "==", "<=", ">=", "is"})
_COMPARING = _EQUAL | {"<>", "!=", "<", ">", "like", "ilike", "in"}
_KEYWORDS = _COMPARING | {"true", "false", "null", "not", "and", "or", "between", "case", "end"}
_WITHOUT_COLUMN = _KEYWORDS | frozenset(
    "when then else exists select any some array cast as distinct from similar to current_user session_user "
    "current_date current_timestamp".split()
)
"""Words that are no column where they stand alone; `random()` differs from row to row, so only these are called."""
_TYPES = frozenset("bool boolean int integer text".split())
_CALLED = frozenset("length char_length lower upper trim coalesce nullif greatest least abs concat now".split())
_MEETS_ALL = frozenset({"''", "'.*'", "'^'", "'$'", "'^.*'", "'.*$'", "'^.*$'"})
"""Regular expressions that every text has a match for."""
_WITHOUT_ORDER = _COMPARING | {"!", "not", "between"}
"""What turns a match into something else."""
_LEAD = frozenset({"only", "all", "any", "the", "row", "rows", "where"})
_Terms = list[str]
_OPPOSITE: dict[str, list[_Terms]] = {
    "=": [["<>"], ["!="]],
    "==": [["!="]],
    "<": [[">="]],
    ">": [["<="]],
    "is": [["is", "not"]],
}


def always_true(predicate: str) -> bool:
    """Whether a predicate is surely true of every row."""
    return _truth(_terms(predicate)) is True


def names_no_column(predicate: str) -> bool:
    """Whether a predicate is surely one about no column: it is true of every row at once, or of none.

    What is surely true of none is not meant: it lets nothing through.
    """
    terms = _terms(predicate)
    if len(terms) < 2 or terms[0] in _BETWEEN_TWO or terms[-1] in _BETWEEN_TWO or not _balanced(terms):
        return False
    if terms[:3] == ["exists", "(", "select"] and terms[4:5] == ["from"] and len(terms) == 7:
        return terms[3] == "*" or _constant(terms[3:4])  # whether that table has a row at all
    says = False
    for before, term, after in zip(["", *terms], terms, [*terms[1:], ""], strict=False):
        called = after == "(" and term in _CALLED
        if term[0].isalpha() or term[0] in '_"':
            known = called or term in _WITHOUT_COLUMN or (term in _TYPES and before in (":", "as"))
            if not known or (term == "from" and before != "distinct"):
                return False
        says = says or called or term in _SAYING
    return says and _truth(terms) is not False


_BETWEEN_TWO = _COMPARING | frozenset({"and", "or", "between", "from", "to", "as", ",", "~", ".", "-"})
"""What has something on either side of it."""
_SAYING = _COMPARING | {"between", "true", "exists", "~"}
"""One of these at least makes a predicate of words that prose may hold as well."""


def _balanced(terms: _Terms) -> bool:
    depth = 0
    for term in terms:
        depth += (term == "(") - (term == ")")
        if depth < 0:
            return False
    return not depth


@lru_cache(maxsize=16)  # both questions are asked of one text
def _terms(predicate: str) -> _Terms:
    if len(predicate) > _LONGEST:
        return []
    found = [term.lower() if term[0] != "'" else term for term in _TERM.findall(predicate)]
    terms = [_unquoted(term) for term in found if not term.startswith(("--", "/*")) and term != ";"]
    lead = terms.index("where") if "where" in terms[:4] else 0
    if {"where"} <= set(terms[: lead + 1]) <= _LEAD:
        del terms[: lead + 1]
    return terms


def _unquoted(term: str) -> str:
    """A column's name without its quotes; one that is a word of SQL keeps them."""
    inner = term[1:-1] if term[0] == '"' else ""
    return inner if inner.isidentifier() and inner not in _WITHOUT_COLUMN else term


def _truth(terms: _Terms, depth: int = 0) -> bool | None:
    """Whether it is true, or false, of every row; None where that depends, or is not known."""
    if not terms or depth > _DEEPEST:
        return None
    for word, decides in (("or", True), ("and", False)):
        parts = _split(terms, word)
        if len(parts) > 1:
            verdicts = [_truth(part, depth + 1) for part in parts]
            if decides in verdicts or (word == "or" and _exhausts(parts)):
                return decides
            return None if None in verdicts else not decides
    if terms[0] == "not":
        inner = _truth(terms[1:], depth + 1)
        return None if inner is None else not inner
    if _bracketed(terms):
        return _truth(terms[1:-1], depth + 1)
    return _comparison(terms)


def _split(terms: _Terms, word: str) -> list[_Terms]:
    """The parts between a word that stands in no brackets; the `and` of `between` separates nothing."""
    parts: list[_Terms] = [[]]
    depth = between = 0
    for term in terms:
        depth += (term in ("(", "case")) - (term in (")", "end"))
        between += term == "between" and not depth
        if term == word and not depth and not (word == "and" and between):
            parts.append([])
            continue
        between -= term == "and" and between > 0 and not depth
        parts[-1].append(term)
    return parts


def _bracketed(terms: _Terms) -> bool:
    """Whether one pair of brackets holds all of it."""
    depth = 0
    for place, term in enumerate(terms):
        depth += (term == "(") - (term == ")")
        if not depth:
            return term == ")" and place == len(terms) - 1 and place > 1
    return False


def _comparison(terms: _Terms) -> bool | None:
    if len(terms) == 1:
        return {"true": True, "false": False}.get(terms[0])
    if _selected(terms) or _matched(terms):
        return True
    if len(terms) == 5 and terms[1::2] == ["between", "and"]:
        return _ranged(*terms[::2])
    places = [place for place, term in enumerate(terms) if term in _COMPARING]
    if not places:
        return None
    left, operator, right = terms[: places[0]], terms[places[0]], terms[places[0] + 1 :]
    if operator == "in":
        return True if len(left) == 1 and _bracketed(right) and left[0] in right[1:-1:2] else None
    if len(places) > 1:
        return None
    left, right = _folded(_plain(left)), _folded(_plain(right))
    if operator in ("like", "ilike"):
        return True if len(right) == 1 and _any_text(right[0]) else None
    if not left or not right or "(" in left + right or right == ["null"]:
        return True if operator == "is" and left == right == ["null"] else None  # nothing equals null
    return operator in _EQUAL if left == right else _constants(left, operator, right)


def _selected(terms: _Terms) -> bool:
    """Whether it is true without a look at the table: `exists (select 1)`, `coalesce(true, x)`."""
    if terms[:3] == ["exists", "(", "select"] and terms[4:] == [")"]:
        return terms[3] in ("*", "null", "true", "false") or _constant(terms[3:4])
    return terms[:3] == ["coalesce", "(", "true"] and terms[3:4] in ([","], [")"]) and _bracketed(terms[1:])


def _matched(terms: _Terms) -> bool:
    """Whether every text matches: `x ~ '.*'`, `x ~* ''`, `x similar to '%'`; or something is no other than itself."""
    *before, last = terms
    if terms[1:-1] == ["is", "not", "distinct", "from"]:
        return terms[0] == last
    if not _WITHOUT_ORDER.isdisjoint(before):
        return False  # `a = b ~ '.*'`, `x !~ '.*'`
    if before[-2:] == ["similar", "to"]:
        return _any_text(last)
    return (before[-1:] in (["~"], ["regexp"], ["rlike"]) or before[-2:] == ["~", "*"]) and last in _MEETS_ALL


def _any_text(term: str) -> bool:
    """Whether a pattern of `like` is nothing but `%`."""
    return term[0] == "'" and not term.strip("'%") and "%" in term


def _ranged(one: str, least: str, most: str) -> bool | None:
    """Whether it lies between the two."""
    verdicts = (_comparison([one, ">=", least]), _comparison([one, "<=", most]))
    return False if False in verdicts else None if None in verdicts else True


def _folded(terms: _Terms) -> _Terms:
    """The length of a text as the number that it is."""
    if len(terms) == 4 and terms[0] in ("length", "char_length") and terms[1::2] == ["(", ")"] and terms[2][0] == "'":
        return [str(len(terms[2][1:-1].replace("''", "'")))]
    return terms


def _plain(terms: _Terms) -> _Terms:
    for _ in range(_DEEPEST):
        if not _bracketed(terms):
            break
        terms = terms[1:-1]
    return terms


def _constant(terms: _Terms) -> bool:
    return len(terms) == 1 and (terms[0][0] == "'" or terms[0][0].isdigit())


def _constants(left: _Terms, operator: str, right: _Terms) -> bool | None:
    """The comparison of two constants that are not written the same."""
    if operator == "is":
        return True if right == ["not", "null"] and _constant(left) else None
    if (["''"], operator) in ((right, ">="), (left, "<=")):
        return True  # no text comes before the empty one
    if not _constant(left) or not _constant(right):
        return None
    one, other = left[0].strip("'"), right[0].strip("'")
    if "'" in (left[0][0], right[0][0]):  # 1 = '1' is true, and how texts are ordered is the database's affair
        return {"=": one == other or None, "<>": one != other or None, "!=": one != other or None}.get(operator)
    if max(len(one), len(other)) > 15:
        return None  # no number of ours holds it exactly
    less, same = float(one) < float(other), float(one) == float(other)
    return {"=": same, "==": same, "<": less, "<=": less or same, ">": not (less or same), ">=": not less}.get(
        operator, not same
    )


def _compares_null(terms: tuple[str, ...]) -> bool:
    """Whether a null stands elsewhere than after `is` or `is not`: what is compared with it is neither true nor false."""
    nulls = [place for place, term in enumerate(terms) if term == "null"]
    return any(
        terms[max(0, place - 1) : place] != ("is",) and terms[max(0, place - 2) : place] != ("is", "not")
        for place in nulls
    )


def _exhausts(parts: list[_Terms]) -> bool:
    """Whether two of these leave nothing out: `p or not p`, `x = 1 or x <> 1`, `x is null or x is not null`."""
    known = set(map(tuple, map(_plain, parts)))
    for part in known:
        if "(" in part or "case" in part or _compares_null(part):
            continue  # it may be null, and then so is its opposite
        if ("not", *part) in known or ("not", "(", *part, ")") in known:
            return True
        for place, term in enumerate(part):
            for other in _OPPOSITE.get(term, ()):
                if (*part[:place], *other, *part[place + 1 :]) in known:
                    return True
    return False
