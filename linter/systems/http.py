"""The one way to a provider: HTTP that goes to the host it is told, once, and brings back a small JSON answer or one sentence.

It is `http.client`, which does nothing by itself: no redirect is followed, so nothing is forwarded to another host; there
are no proxies, no .netrc and no cookies; a name is resolved once, its addresses are judged, and the connection goes to the
one that was judged. What may be sent at all is the provider's list of calls.
"""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.systems.live import Unverified
from linter.systems.secret import hide
from linter.systems.strict import Twice, loads

if TYPE_CHECKING:
    from http.client import HTTPResponse

# `http.client` and `ssl` take 20 ms to import: only whoever asks pays for them.

CONNECT, READ, TOTAL = 5.0, 10.0, 30.0
"""Seconds: to connect, for one read, for a call with its retries."""
RETRIES = 2
MAX_BODY = 1 << 20
_AGAIN = frozenset({429, 502, 503, 504})
_UNTAKEN = frozenset({429})
"""What says that a request was not even looked at. Behind a gateway's 502, 503 or 504 it may have been."""
_AGENT = "permlint"


class Call(NamedTuple):
    """One request that a provider allows."""

    method: str
    path: str
    once: bool = False
    """Whether it does something that must not be done twice: it is repeated only where the first was surely not taken."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Origin(NamedTuple):
    """Where requests go."""

    host: str
    port: int = 443
    tls: bool = True
    """Never without, but in tests."""
    alias: str = ""
    """What a sentence calls the host, where it is a secret."""

    def __str__(self) -> str:
        standard = self.port == (443 if self.tls else 80)
        return f"{'https' if self.tls else 'http'}://{self.host}{'' if standard else f':{self.port}'}"


class Response(NamedTuple):
    """What came back, or what was recorded of it."""

    request: str
    """"GET /api/auth.test"; empty where a recording does not say."""
    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Any
    """Parsed JSON; None where it was none."""


class Exchange(NamedTuple):
    """One request as it was made, for `-v`."""

    what: str
    """Method and URL, without query and without credential."""
    outcome: str
    """The status, or why there is none."""
    seconds: float

    def __str__(self) -> str:
        return f"{self.what}: {self.outcome} in {self.seconds:.2f} s"


class Limits(NamedTuple):
    """What a binding allows beyond the standard."""

    private: bool = False
    """Whether addresses of a private network may be asked."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""


class Transport:
    """Makes requests. What it takes here are a test's openings: production uses the defaults."""

    def __init__(
        self,
        *,
        instead: Origin | None = None,
        resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        connect: float = CONNECT,
        read: float = READ,
        total: float = TOTAL,
    ) -> None:
        self._instead = instead
        self._resolve = resolve
        self._clock = clock
        self._wait = wait
        self._connect, self._read, self._total = connect, read, total

    def session(self, title: str, origin: Origin, calls: Sequence[Call], limits: Limits) -> "Session":
        """Everything that is asked of one provider with one credential."""
        if self._instead is not None:
            return Session(self, title, self._instead, calls, limits._replace(private=True))
        return Session(self, title, origin, calls, limits)

    def addresses(self, origin: Origin, limits: Limits) -> list[tuple[Any, ...]]:
        """Where a host's name leads, each as `socket` takes it.

        Raises:
            Unverified: nowhere, or into a network that is not public.
        """
        try:
            found = self._resolve(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            name = origin.alias or f"the name {origin.host}"
            raise Unverified(f"{name} cannot be resolved") from None
        for entry in found:
            if not limits.private and not _public(entry[4][0]):
                raise Unverified(
                    f"{origin.alias or origin.host} leads to the address {entry[4][0]}, which is not public: no request was made "
                    "(private_network = true allows it)"
                )
        return [tuple(entry) for entry in found]


class Session:
    """The requests of one credential."""

    def __init__(self, transport: Transport, title: str, origin: Origin, calls: Sequence[Call], limits: Limits) -> None:
        self._transport = transport
        self._title = title
        self._origin = origin
        self._calls = frozenset(calls)
        self._limits = limits
        self.exchanges: list[Exchange] = []

    def ask(self, call: Call, headers: Mapping[str, str], body: bytes | None = None) -> Response:
        """One call, tried again where the provider asks for it.

        Raises:
            Unverified: it is not on the provider's list, cannot be made, or has no usable answer.
        """
        if call not in self._calls:
            raise Unverified(f"{call} is not among the calls that permlint makes to {self._title}")
        transport = self._transport
        end = transport._clock() + transport._total
        addresses = transport.addresses(self._origin, self._limits)
        for attempt in range(RETRIES + 1):
            last = attempt == RETRIES
            began = transport._clock()
            try:
                status, got, raw = self._once(call, headers, body, addresses, end)
            except _Failed as problem:
                self._note(call, str(problem), began)
                if last or call.once or not problem.again or transport._clock() >= end:
                    raise Unverified(f"{self._title}: {problem}") from None
                continue
            self._note(call, str(status), began)
            if status not in (_UNTAKEN if call.once else _AGAIN) or last:
                shown = {name: hide(value) for name, value in got.items()}
                try:
                    parsed = _parsed(raw, got.get("content-type", ""))
                except Twice as problem:
                    raise Unverified(f"{self._title}: its answer ({status}) {hide(str(problem))}") from None
                return Response(str(call), status, shown, hidden(parsed))
            pause = _pause(got.get("retry-after"), attempt)
            if pause is None or transport._clock() + pause > end:
                asked = f": it asks to wait {hide(got['retry-after'])[:20]!r}" if "retry-after" in got else ""
                raise Unverified(f"{self._title} answers {status}, too many requests or out of order{asked}")
            transport._wait(pause)
        raise AssertionError("the last attempt returns or raises")

    def _note(self, call: Call, outcome: str, began: float) -> None:
        seconds = self._transport._clock() - began
        self.exchanges.append(Exchange(f"{call.method} {self._origin}{call.path}", outcome, seconds))

    def _once(
        self, call: Call, headers: Mapping[str, str], body: bytes | None, addresses: list[tuple[Any, ...]], end: float
    ) -> tuple[int, dict[str, str], bytes]:
        from http.client import HTTPConnection, HTTPException

        left = end - self._transport._clock()
        sock = self._open(addresses, left)
        # Each read has its own limit, and a server that sends a byte every nine seconds keeps all of them: this ends it.
        watchdog = Timer(max(left, 0.001), _cut, [sock.dup()])
        watchdog.daemon = True
        watchdog.start()
        connection = HTTPConnection(self._origin.host)
        connection.auto_open = 0  # never a second connection, to an address that nobody judged
        try:
            connection.sock = self._secured(sock)
            host = str(self._origin).partition("//")[2]
            wanted = {"Host": host, "Accept": "application/json", "User-Agent": _AGENT, **headers}
            connection.request(call.method, call.path, body, wanted)
            with connection.getresponse() as answer:
                got: dict[str, str] = {}
                for name, value in answer.getheaders():  # a name that stands twice is one list (RFC 9110, 5.3)
                    got[name.lower()] = f"{got[name.lower()]}, {value}" if name.lower() in got else value
                raw = self._body(answer, end)
        except TimeoutError:
            raise _Failed(f"it did not answer within {self._transport._read:g} s") from None
        except (OSError, HTTPException, ValueError) as error:
            if self._transport._clock() >= end:
                raise _Failed(f"the answer was not complete after {self._transport._total:g} s") from None
            raise _Failed(_why(error), again=isinstance(error, ConnectionError)) from None
        finally:
            watchdog.cancel()
            for one in watchdog.args:
                one.close()
            sock.close()
            if connection.sock is not None:
                connection.close()
        return answer.status, got, raw

    def _open(self, addresses: list[tuple[Any, ...]], left: float) -> socket.socket:
        for family, kind, protocol, _, address in addresses:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(max(0.001, min(self._transport._connect, left)))
                sock.connect(address)
                sock.settimeout(self._transport._read)
            except OSError:
                sock.close()
                continue
            return sock
        raise _Failed("it cannot be connected to", again=False)

    def _secured(self, sock: socket.socket) -> socket.socket:
        if not self._origin.tls:
            return sock
        import ssl

        try:
            context = ssl.create_default_context(cafile=self._limits.ca_file)
        except (OSError, ssl.SSLError):
            raise _Failed("the ca_file of its binding holds no certificates") from None
        return context.wrap_socket(sock, server_hostname=self._origin.host)

    def _body(self, answer: "HTTPResponse", end: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        expected = answer.length
        while piece := answer.read1(1 << 16):
            parts.append(piece)
            size += len(piece)
            if size > MAX_BODY:
                raise _Failed("its answer is larger than 1 MiB")
            if self._transport._clock() >= end:
                break
        # A connection that is cut looks like the end of headers, or of a body without a length.
        if self._transport._clock() >= end:
            raise _Failed(f"the answer was not complete after {self._transport._total:g} s")
        if expected is not None and size < expected:
            raise ConnectionResetError
        return b"".join(parts)


class _Failed(Exception):
    """A request without an answer: a clause."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


def _cut(sock: socket.socket) -> None:
    """End a connection for every thread that waits for it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _why(error: Exception) -> str:
    import ssl
    from http.client import HTTPException

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no encrypted connection can be made"
    if isinstance(error, HTTPException) and not isinstance(error, ConnectionError):
        return "what it answers is not HTTP"
    return "it closed the connection without a complete answer"


def _parsed(raw: bytes, kind: str) -> Any:
    """The JSON of a body, or of the first event of a stream of events that has an `id`, as JSON-RPC answers have.

    Raises:
        Twice: it has a key twice in one object.
    """
    try:
        if not kind.lower().startswith("text/event-stream"):
            return loads(raw.decode())
        for event in raw.decode().replace("\r\n", "\n").split("\n\n"):
            lines = [line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:")]
            found = loads("\n".join(lines)) if lines else None
            if isinstance(found, dict) and "id" in found:
                return found
    except Twice:
        raise
    except (ValueError, RecursionError):
        pass
    return None


def hidden(value: Any) -> Any:
    """A JSON value without any known credential: what a provider sends back may quote the key."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [hidden(one) for one in value]
    if isinstance(value, dict):
        return {hide(key): hidden(one) for key, one in value.items()}
    return value


def _pause(asked: str | None, attempt: int) -> float | None:
    """Seconds before the next attempt; None where it is said in no number of seconds, or one that nobody waits for."""
    if asked is None:
        return float(2**attempt)
    if not asked.isascii() or not asked.strip().isdigit() or len(asked.strip()) > 4:
        return None
    return float(asked)


def _public(address: str) -> bool:
    """Whether an address is one of the public Internet; one that carries an IPv4 address within counts as that."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        translated = found.packed[:12] == bytes.fromhex("0064ff9b") + bytes(8)  # NAT64, RFC 6052
        inner = ip_address(found.packed[12:]) if translated else found.ipv4_mapped or found.sixtofour
        found = inner or found
    return found.is_global and not found.is_multicast


def usable(response: Response, title: str) -> Any:
    """The JSON of a successful answer.

    Raises:
        Unverified: any other answer, and what it means.
    """
    status, kind = response.status, response.headers.get("content-type", "")
    page = "html" in kind.lower() or response.body is None
    if status == 401:
        raise Unverified(f"{title} refuses the key (401): it is revoked, expired or mistyped", rejected=True)
    if status == 403 and page:
        raise Unverified(
            f"{title} answers 403 with a web page instead of its JSON: something between blocks the request"
        )
    if status == 403:
        raise Unverified(f"{title} does not let the key ask about itself (403)")
    if status == 429:
        raise Unverified(f"{title} answers 429: too many requests")
    if 300 <= status < 400:
        raise Unverified(f"{title} answers with a redirect ({status}), which permlint does not follow")
    if not 200 <= status < 300:
        raise Unverified(f"{title} answers {status}")
    if page:
        raise Unverified(f"{title} answers with {kind[:40] or 'something'} instead of its JSON")
    return response.body
