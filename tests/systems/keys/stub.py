"""An HTTP server on loopback that answers what a test says, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from linter.systems.http import Origin

Answer = bytes | Callable[[socket.socket], None]
"""What is sent before the connection is closed, or what does the sending."""


class Asked(NamedTuple):
    """One request."""

    line: str
    headers: Mapping[str, str]
    body: bytes


class Stub:
    """The server."""

    def __init__(self, answers: Sequence[Answer], context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.done = threading.Event()
        """Set when the test is over: what drips stops dripping."""
        self._answers = list(answers)
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> Origin:
        """Where it is, without encryption."""
        return Origin("127.0.0.1", self.port, tls=False)

    def stop(self) -> None:
        """End it."""
        self.done.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError), connection:
                connection.settimeout(5)
                self._one(self._context.wrap_socket(connection, server_side=True) if self._context else connection)

    def _one(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            line, *rest = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
            while len(body) < int(headers.get("content-length", 0)):
                body += connection.recv(65536)
            self.asked.append(Asked(line, headers, body))
            answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection)


@contextmanager
def stub(*answers: Answer, context: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """A server that gives these answers in order, the last of them again and again."""
    server = Stub(answers, context)
    try:
        yield server
    finally:
        server.stop()


def reply(
    body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None, *, kind: str = "application/json"
) -> bytes:
    """A whole answer: JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": kind, "Content-Length": str(len(raw)), "Connection": "close", **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + raw
