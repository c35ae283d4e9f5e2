"""A server on loopback that plays STS, IAM and Organizations for real boto3: it pages, throttles and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

ACCOUNT = "111122223333"


class Stub:
    """What the server answers, and what it was asked."""

    def __init__(self) -> None:
        self.pages: list[Mapping[str, Any]] = [{}]
        """Of GetAccountAuthorizationDetails."""
        self.errors: dict[str, list[tuple[int, str]]] = {}
        """Operation -> the errors to give before, or instead of, an answer; the last one is kept."""
        self.organizations: dict[str, Any] = {}
        """Operation -> its answer; a callable is given the request."""
        self.keys: dict[str, str] = {}
        self.asked: list[str] = []
        self.bodies: list[str] = []
        self.url = ""

    def fails(self, operation: str) -> tuple[int, str] | None:
        waiting = self.errors.get(operation)
        if not waiting:
            return None
        return waiting.pop(0)

    def answer(self, operation: str, given: Mapping[str, str]) -> Any:
        if operation == "GetCallerIdentity":
            return {"Arn": f"arn:aws:iam::{ACCOUNT}:user/auditor", "Account": ACCOUNT, "UserId": "AIDA"}
        if operation == "GetAccessKeyLastUsed":
            return {
                "UserName": self.keys.get(given["AccessKeyId"], ""),
                "AccessKeyLastUsed": {"ServiceName": "s3", "Region": "x"},
            }
        number = int(given.get("Marker", "0"))
        page = dict(self.pages[number])
        more = number + 1 < len(self.pages)
        return {**page, "IsTruncated": "true" if more else "false", **({"Marker": str(number + 1)} if more else {})}


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(
            f"<{key}>{quote(json.dumps(one)) if _document(key, one) else _xml(one)}</{key}>"
            for key, one in value.items()
        )
    if isinstance(value, list):
        return "".join(f"<member>{_xml(one)}</member>" for one in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _document(key: str, value: Any) -> bool:
    return key in ("PolicyDocument", "Document", "AssumeRolePolicyDocument") and isinstance(value, Mapping)


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """The server, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            stub.bodies.append(f"{self.headers}{body}")
            target = self.headers.get("X-Amz-Target", "")
            given = {key: one[0] for key, one in parse_qs(body).items()}
            operation = target.rpartition(".")[2] or given.get("Action", "")
            stub.asked.append(operation)
            failed = stub.fails(operation)
            if target:
                status, text = (failed[0], json.dumps({"__type": failed[1]})) if failed else (200, "")
                if not failed:
                    found = stub.organizations.get(operation)
                    if found is None:
                        status, text = 400, json.dumps({"__type": "AWSOrganizationsNotInUseException"})
                    else:
                        text = json.dumps(found(json.loads(body)) if callable(found) else found)
                kind = "application/x-amz-json-1.1"
            else:
                status, kind = 200, "text/xml"
                if failed:
                    status, text = failed[0], f"<ErrorResponse><Error><Code>{failed[1]}</Code></Error></ErrorResponse>"
                else:
                    result = _xml(stub.answer(operation, given))
                    text = f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_CONNECT = do_POST

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
