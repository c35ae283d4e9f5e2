"""A session on a server, and what is told when there is none: one sentence, without the connection string or its password."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg

OLDEST = 130000
"""server_version_num of the oldest server whose catalog permlint knows."""


class Limits(NamedTuple):
    """How long a scan waits, in seconds."""

    connect: int = 10
    statement: float = 60
    lock: float = 5


class Unavailable(Exception):
    """The server could not be asked. The text is one sentence that may be shown anywhere."""

    def __init__(self, sentence: str, *, rejected: bool = False) -> None:
        super().__init__(sentence)
        self.rejected = rejected
        """Whether it answered, and refused the login itself."""


class MissingExtra(Unavailable):
    """psycopg is not installed."""


class Session:
    """A connection that sends batches of statements, one round trip each."""

    def __init__(self, connection: "psycopg.Connection[Any]", place: str, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self.place = place
        self.version = connection.info.server_version
        self.host = connection.info.host
        self.port = connection.info.port
        self.address = _address(connection.info.get_parameters(), self.host, self.port)

    def batch(self, statements: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
        """Run statements as one simple query; the rows of each that returns rows.

        Raises:
            psycopg.Error: `explained` turns it into a sentence.
        """
        results = []
        with self._deadline(), self._connection.cursor() as cursor:
            cursor.execute(";\n".join(statements).encode())
            more: bool | None = True
            while more:
                if cursor.description is not None:
                    results.append(cursor.fetchall())
                more = cursor.nextset()
        return results

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """Hang up when no answer has come long after the server's own limit: it, or something between, is gone."""
        with socket.socket(fileno=socket.dup(self._connection.fileno())) as line:
            late = threading.Event()

            def hang_up() -> None:
                late.set()
                line.shutdown(socket.SHUT_RDWR)

            timer = threading.Timer(self._limits.statement * 1.5 + self._limits.connect, hang_up)
            timer.start()
            try:
                yield
            except Exception:
                if late.is_set():
                    raise Unavailable(f"{self.place} stopped answering in the middle of the scan") from None
                raise
            finally:
                timer.cancel()


@contextmanager
def session(dsn: str, limits: Limits) -> Iterator[Session]:
    """A session that ends with the block, in whatever way the block ends.

    Raises:
        Unavailable: no connection, not a PostgreSQL that permlint knows, or a statement that failed inside the block.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError:
        raise MissingExtra("PostgreSQL needs psycopg: python -m pip install 'permlint[postgres]'") from None
    try:
        given = conninfo_to_dict(dsn)
    except (psycopg.Error, UnicodeError, ValueError):
        # The message would quote a piece of the connection string.
        raise Unavailable(
            "its connection string is malformed: neither postgresql://USER@HOST/DATABASE nor host=... dbname=..."
        ) from None
    place = _place(given)
    settings: dict[str, Any] = {
        "application_name": "permlint",
        "client_encoding": "UTF8",
        "connect_timeout": min(_seconds(given.get("connect_timeout"), limits.connect), limits.connect),
    }
    connection = _open(make_conninfo(dsn, **settings), place, limits)
    if isinstance(connection, Unavailable):
        # Raised here, not where it was caught: the first error would keep the half-open connection, and the string.
        raise connection
    with connection:
        if connection.info.server_version < OLDEST:
            major = connection.info.server_version // 10000
            raise Unavailable(f"{place} says it is PostgreSQL {major}; permlint knows 13 and later")
        try:
            yield Session(connection, place, limits)
        except psycopg.Error as error:
            raise Unavailable(_failed(error, place, limits)) from None
        except UnicodeDecodeError:
            raise Unavailable(f"{place} has names that are not in its declared encoding") from None


def _open(conninfo: str, place: str, limits: Limits) -> "psycopg.Connection[Any] | Unavailable":
    """A connection, or what says why there is none."""
    import psycopg

    try:
        return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        # The error and its frames hold each other, and with them the half-open connection, until garbage is collected.
        error.__context__ = error.__traceback__ = None
        return _no_connection(error, place, limits)
    except UnicodeError:
        return Unavailable(f"{place} has a host name that does not resolve")
    except (ValueError, OSError):
        return Unavailable(f"{place} cannot be connected to: its connection string has values that make no sense")


_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}|/[\w./-]{0,200}", re.ASCII)


def _place(given: "dict[str, Any]") -> str:
    """How sentences name the server. A mangled string can have a piece of the password for a host: then there is no name."""
    hosts = str(given.get("host") or given.get("hostaddr") or "")
    port = str(given.get("port") or "")
    if hosts and _HOST.fullmatch(hosts) and port.isdecimal():
        return f"the server at {hosts}, port {port},"
    if hosts and _HOST.fullmatch(hosts) and not port:
        return f"the server at {hosts}"
    return "the server"


def _address(given: "dict[str, str]", host: str, port: int) -> str:
    """The hosts of the connection string: of several that stand for each other, whichever it was that answered."""
    hosts = given.get("host", "")
    named = hosts and all(_HOST.fullmatch(one) for one in hosts.split(","))
    return f"{hosts if named else host}:{given.get('port') or port}"


def _seconds(given: Any, default: int) -> int:
    try:
        return max(int(given), 2) if given else default
    except ValueError:
        return default


_SIGNS = (
    ("could not translate host name|failed to resolve host|name or service not known|nodename nor servname|name resolution",
     "has a host name that does not resolve"),
    ("timeout expired|connection timeout", "did not answer within {seconds} s"),
    ("server does not support SSL", "offers no TLS, which the connection string demands"),
    ("certificate verify failed|root certificate|certificate .*not trusted|does not match host name",
     "has a TLS certificate that does not satisfy the connection string's sslmode"),
    ("SSL error|SSL connection|GSS", "refused the TLS handshake"),
    ("received invalid response|expected authentication request|unsupported frontend protocol|invalid response to",
     "does not speak PostgreSQL's protocol"),
    ("connection refused|no such file or directory", "refuses connections: nothing listens there"),
    ("no password supplied", "demands a password, and none was given"),
    ("no pg_hba.conf entry|pg_hba.conf rejects", "does not admit this login from here (pg_hba.conf)"),
    ("password authentication failed", "refuses the login: wrong user or password"),
    ("authentication failed", "refuses the login"),
    ('role ".*" does not exist', "has no such login role"),
    ('database ".*" does not exist', "has no such database"),
    ("is not permitted to log in", "refuses the login: that role has no LOGIN"),
    ("permission denied for database", "refuses the login: that role has no CONNECT on the database"),
    ("not currently accepting connections", "does not let anybody connect to that database"),
    ("starting up|shutting down|recovery mode|not yet accepting", "is starting up or shutting down"),
    ("too many clients|remaining connection slots|too many connections", "has no connection left"),
    ("server closed the connection|connection reset|EOF detected|connection is lost",
     "closed the connection before a session began: it is down, or is not a PostgreSQL"),
    ("network is unreachable|no route to host", "cannot be reached from this network"),
    ("permission denied", "has a socket that this user may not open"),
    ("invalid .*value|invalid port|invalid integer", "cannot be connected to: its connection string has values that make no sense"),
)  # fmt: skip
"""What libpq and servers say, and the sentence for it; the first that matches counts. Nothing of theirs is quoted."""

_REFUSALS = (
    "password authentication failed",
    "authentication failed",
    'role ".*" does not exist',
    "is not permitted to log in",
)
"""Those of them that mean the login itself."""


def _no_connection(error: "psycopg.Error", place: str, limits: Limits) -> Unavailable:
    said = str(error)
    for sign, sentence in _SIGNS:
        if re.search(sign, said, re.IGNORECASE):
            return Unavailable(f"{place} {sentence.format(seconds=limits.connect)}", rejected=sign in _REFUSALS)
    code = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return Unavailable(f"{place} cannot be connected to{code}")


def _failed(error: "psycopg.Error", place: str, limits: Limits) -> str:
    """A sentence for an error in mid-scan."""
    code = error.sqlstate or ""
    if code == "57014":
        return f"{place} needed more than {limits.statement:g} s for a statement of the scan"
    if code == "55P03":
        return f"{place} kept a catalog locked for more than {limits.lock:g} s"
    if code in ("57P01", "57P02", "57P03") or not code:
        return f"{place} went down in the middle of the scan"
    if code == "40001":
        return f"{place}, a standby, could not keep its snapshot: it was in the way of replaying changes"
    if re.search("statement pooling|transaction blocks not allowed", str(error)):
        return f"{place} is a pooler in statement mode, which has no transactions: connect to the database itself"
    return f"{place} cannot be scanned: {error.diag.message_primary} (SQLSTATE {code})"
