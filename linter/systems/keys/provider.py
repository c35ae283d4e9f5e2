"""What a provider of API keys is: where it is asked, what its answers mean, and how a manifest's words map to its own.

The nouns: an *atom* is (area, class), such as ("tickets", "update"); a *scope* is what the provider calls a bundle of atoms.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any, ClassVar, NamedTuple

from linter.actions import CLASSES, action, class_of
from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.http import Call, Limits, Origin, Response, Session, usable
from linter.systems.keys.settings import https_origin
from linter.systems.keys.vocabulary import EVERY, Atom, Vocabulary, load
from linter.systems.live import Binding, Unverified
from linter.systems.places import Where
from linter.systems.secret import Secret


class Held(NamedTuple):
    """One scope that a key has."""

    name: str
    sure: frozenset[Atom]
    """What it confers whatever else is the case."""
    possible: frozenset[Atom]
    """What it may confer; never less than `sure`."""
    why: str = ""
    """The condition between the two, a clause."""
    known: bool = True
    """Whether the vocabulary has it. What it has not is listed, and confers nobody knows what."""
    free: bool = False
    """Whether anybody has it without a key: no surplus."""


class Holding(NamedTuple):
    """What a key can do, as far as its provider tells."""

    scopes: tuple[Held, ...]
    names: tuple[str, ...] = ()
    """Who the key is: what a manifest's `identities` may say."""
    reach: Mapping[str, Names] = {}
    """Scope dimension -> what the key reaches there, where the provider tells."""
    unscoped: str = ""
    """Why the key carries every right of its owner, a clause; empty where it does not."""
    unasked: str = ""
    """Why an answer that looks right proves nothing, a clause."""
    notes: tuple[str, ...] = ()
    """What a reader should know, a sentence each."""


class About(NamedTuple):
    """A provider in words, for `permlint systems` and the manual."""

    right: str
    """What the auditor needs."""
    knows: str
    cannot: str


class Provider(ABC):
    """A provider. A module of one subclasses it and overrides what is different."""

    kind: str
    title: str
    about: About
    calls: tuple[Call, ...] = ()
    """Everything that is ever sent to it; empty for one that is never asked."""
    host: str = ""
    """Its one host, where it has one."""
    variable = "token_env"
    """The setting that names the variable with the key; empty where there is no key."""
    keep_headers: tuple[str, ...] = ()
    """What a recording may have of an answer: never more than is read."""
    keep_body: tuple[str, ...] = ()
    keyless = False
    """Whether it may be asked without a key too."""
    verify: ClassVar[Mapping[str, str]] = {}
    """Scope dimension that the provider does not tell -> what would verify it, a clause."""
    form = "responses"
    """The key under which a recording has what was said."""
    parts = "part"
    """How its areas are called in a sentence."""

    def vocabulary(self, binding: Binding) -> Vocabulary:
        """Its scopes."""
        return load(self.kind)

    def origin(self, binding: Binding) -> Origin:
        """Where it is asked.

        Raises:
            Unverified: configuration does not say, or says no such place.
        """
        if self.host:
            return Origin(self.host)
        return https_origin(binding, "origin")

    def limits(self, binding: Binding) -> Limits:
        """What the binding allows."""
        given = binding.settings
        return Limits(bool(given.get("private_network")), given.get("ca_file"))

    def headers(self, secret: Secret | None, binding: Binding) -> dict[str, str]:
        """The credential, as the provider takes it."""
        return {"Authorization": f"Bearer {secret.reveal()}"} if secret is not None else {}

    def ask(self, session: Session, secret: Secret | None, binding: Binding) -> dict[str, Any]:
        """Make the calls, in order; what is recorded of the answers, without a secret.

        Raises:
            Unverified: one of them has no answer.
        """
        return {"responses": [self.kept(session.ask(call, self.headers(secret, binding))) for call in self.calls]}

    def look(self, secret: Secret) -> dict[str, Any]:
        """For a provider that is never asked: what the key itself shows, without the key.

        Raises:
            Unverified: it is no such key.
        """
        raise Unverified(f"the shape of a key of {self.title} says nothing")

    @abstractmethod
    def holding(self, data: Mapping[str, Any], vocabulary: Vocabulary) -> Holding:
        """What the answers mean, live or recorded.

        Raises:
            Unverified: they do not say what the key can do.
        """

    def place(self, data: Mapping[str, Any]) -> Where:
        """Which account, workspace or organisation answered, where the answers name one."""
        return {}

    def recorded(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What `holding` takes, of a recording.

        Raises:
            ValueError: it is none of this provider.
            Unverified: it is not complete.
        """
        if self.form not in data:
            raise ValueError(f"it has no `{self.form}`")
        if self.form == "responses":
            Answers(data)
        return {self.form: data[self.form]}

    def kept(self, response: Response) -> dict[str, Any]:
        """What a recording has of an answer."""
        names = ("content-type", *self.keep_headers)
        headers = {name: response.headers[name] for name in names if name in response.headers}
        body = _kept(response.body, self.keep_body)
        return {"request": response.request, "status": response.status, "headers": headers, "body": body}

    def allowed(self, binding: Binding) -> tuple[Call, ...]:
        """The calls that may be made: fixed, but for a path that configuration says."""
        return self.calls

    def areas(
        self, resource: Resource, known: frozenset[str]
    ) -> tuple[frozenset[str] | None, Mapping[str, Names | str]]:
        """The areas that a resource names (None: all of them), and what bounds it there.

        Raises:
            Unverified: it names no area.
        """
        if not resource.object or resource.object == ("*",):
            return None, resource.scope.box
        name = ".".join(resource.object)
        if name in known:
            return frozenset({name}), resource.scope.box
        listed = ", ".join(sorted(known - {EVERY}))
        raise Unverified(f"`{name}` is no {self.parts} of {self.title} that permlint knows: {listed}")

    def classes(self, declared: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Of declared classes those that must be granted, and all that may be."""
        return declared, frozenset(CLASSES) if "admin" in declared else declared

    def instead(self, held: Held, needed: frozenset[Atom], surplus: set[Atom]) -> str:
        """What would do in place of a scope that the vocabulary does not have, a clause; empty where nothing would."""
        return ""

    def doubt(self, covered: frozenset[str], areas: frozenset[str] | None) -> str:
        """Why an answer that looks right proves nothing for a declaration of these classes of these areas, a clause."""
        return ""


def scope_list(given: Any, separator: str | None = None) -> tuple[str, ...]:
    """The scopes of a header or a JSON field, each once, in order.

    Raises:
        ValueError: it is neither text nor a list of texts.
    """
    texts = given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("scopes are text, or a list of texts")
    words = [word.strip() for text in texts for word in text.split(separator)]
    return tuple(dict.fromkeys(filter(None, words)))


def held(names: Iterable[str], vocabulary: Vocabulary) -> tuple[Held, ...]:
    """The scopes of these names; what the vocabulary does not have confers nobody knows what."""
    found = []
    for name in names:
        scope = vocabulary.scopes.get(name)
        atoms = scope.atoms if scope else frozenset()
        found.append(Held(name, atoms, atoms, known=scope is not None))
    return tuple(found)


class Answers:
    """The answers of a recording, each taken once: by the request that it is said to answer, else in order."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take what a recording has of a system.

        Raises:
            ValueError: there is no answer, or one is none.
        """
        given = data.get("responses")
        if not isinstance(given, list) or not given:
            raise ValueError("it has no `responses`")
        self._left = [_response(one) for one in given]

    def take(self, *requests: str) -> Response | None:
        """The next answer to one of these requests; None where there is none.

        Args:
            requests: method and path, in which `*` is any text.
        """
        said = (one for one in self._left if any(fnmatchcase(_plain(one.request), request) for request in requests))
        silent = (one for one in self._left if not one.request)
        found = next(chain(said, silent), None)
        if found is not None:
            self._left.remove(found)
        return found


def answer(data: Mapping[str, Any], *requests: str) -> Response:
    """The one answer of a recording that counts.

    Raises:
        Unverified: it has answers to other requests alone.
        ValueError: it has none at all, or one is none.
    """
    found = Answers(data).take(*requests)
    if found is None:
        raise Unverified(f"no answer to {' or '.join(requests)} was recorded")
    return found


def _response(given: Any) -> Response:
    if not isinstance(given, dict):
        raise ValueError("one of its `responses` is none")
    headers, status, request = given.get("headers") or {}, given.get("status", 200), given.get("request") or ""
    if not isinstance(headers, dict) or type(status) is not int or not isinstance(request, str):
        raise ValueError("one of its `responses` has no status, or a request or headers that are none")
    named = {str(name).lower(): str(value) for name, value in headers.items()}
    return Response(request, status, named, given.get("body", {}))


def _plain(request: str) -> str:
    """A recorded request without its origin and its query."""
    method, _, target = request.strip().partition(" ")
    path = target.strip().partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return f"{method.upper()} {path}"


def body_of(response: Response, title: str) -> Mapping[str, Any]:
    """The JSON object of a successful answer.

    Raises:
        Unverified: it is none.
    """
    body = usable(response, title)
    if not isinstance(body, dict):
        raise Unverified(f"{title} answers with something that is not what it documents")
    return body


def declared(resource: Resource, scopes: Iterable[str]) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """What an entry asks for: classes, the provider's own scopes that it names, and words that are neither."""
    if resource.actions is None:
        return frozenset(leaf.action for leaf in resource.leaves), frozenset(), ()
    # Letters of other alphabets are not folded: "\u017fearch" is another tool than "search". Of two spellings, the one that is named.
    known = {name.lower(): name for name in sorted(scopes) if name.isascii()}
    known |= {name: name for name in scopes}
    classes, named, unknown = set(), set(), []
    for word in resource.actions:
        known_as = action(word)
        if known_as in CLASSES:
            classes.add(known_as)
        elif (name := known.get(word, known.get(word.lower()))) is not None:
            named.add(name)
        elif kind := class_of(known_as):
            classes.add(kind)
        else:
            unknown.append(word)
    return frozenset(classes), frozenset(named), tuple(unknown)


def _kept(body: Any, paths: Sequence[str]) -> Any:
    """Of a JSON object only what is named: "name", or "name.inner"."""
    if not isinstance(body, dict):
        return None
    found: dict[str, Any] = {}
    for path in paths:
        name, _, inner = path.partition(".")
        if name in body and not inner:
            found[name] = body[name]
        elif isinstance(body.get(name), dict):
            found.setdefault(name, {}).update(_kept(body[name], [inner]))
    return found
