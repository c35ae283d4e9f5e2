"""A server on loopback that plays AWS for real boto3: it pages, throttles, refuses, and gives policies of resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
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
        self.policies: dict[str, Any] = {}
        """Name of a bucket, queue, topic, ... -> its policy, None for none, or an error's code; others do not exist."""
        self.hangs: dict[str, Event] = {}
        """Operation -> until when it is not answered."""
        self.asked: list[str] = []
        self.bodies: list[str] = []
        self.url = ""

    def fails(self, operation: str) -> tuple[int, str] | None:
        waiting = self.errors.get(operation)
        if not waiting:
            return None
        return waiting.pop(0)

    def policy(self, operation: str, arn: str) -> dict[str, str]:
        """The policy of a resource, or of its name; nothing where it has none and the service says so.

        Raises:
            LookupError: an error's code.
        """
        name = arn.rpartition(":")[2].rpartition("/")[2] if arn.startswith("arn:") else arn
        found = self.policies.get(name, _NO_THING.get(operation, "NotFoundException"))
        if isinstance(found, str):
            raise LookupError(found)
        if found is None and operation in _NO_POLICY:
            raise LookupError(_NO_POLICY[operation])
        return {} if found is None else {"Policy": json.dumps(found)}

    def of_a_resource(self, operation: str, given: Mapping[str, Any]) -> Any:
        """The answer of the services that speak JSON."""
        if operation == "GetQueueUrl":
            self.policy(operation, given["QueueName"])
            return {"QueueUrl": f"https://sqs/{given['QueueName']}"}
        if operation == "GetQueueAttributes":
            return {"Attributes": self.policy(operation, given["QueueUrl"].rpartition("/")[2])}
        if "SecretId" in given:
            found = self.policy("secret", given["SecretId"])
            return {"Name": given["SecretId"], **({"ResourcePolicy": found["Policy"]} if found else {})}
        return self.policy(operation, given.get("ResourceArn") or given["KeyId"])

    def answer(self, operation: str, given: Mapping[str, str]) -> Any:
        if operation == "GetCallerIdentity":
            return {"Arn": f"arn:aws:iam::{ACCOUNT}:user/auditor", "Account": ACCOUNT, "UserId": "AIDA"}
        if operation == "GetAccessKeyLastUsed":
            return {
                "UserName": self.keys.get(given["AccessKeyId"], ""),
                "AccessKeyLastUsed": {"ServiceName": "s3", "Region": "x"},
            }
        if operation == "GetTopicAttributes":
            found = self.policy(operation, given["TopicArn"])
            return {"Attributes": [{"key": key, "value": value} for key, value in found.items()]}
        number = int(given.get("Marker", "0"))
        page = dict(self.pages[number])
        more = number + 1 < len(self.pages)
        whole = {"IsTruncated": "true" if more else "false", **({"Marker": str(number + 1)} if more else {}), **page}
        return {key: one for key, one in whole.items() if one is not None}


_NO_POLICY = {
    "GetBucketPolicy": "NoSuchBucketPolicy",
    "GetPolicy": "ResourceNotFoundException",
    "GetResourcePolicy": "PolicyNotFoundException",
}
_NO_THING = {
    "GetBucketPolicy": "NoSuchBucket",
    "GetPolicy": "ResourceNotFoundException",
    "GetQueueUrl": "QueueDoesNotExist",
}
_JSON = ("GetQueueUrl", "GetQueueAttributes", "GetResourcePolicy", "GetKeyPolicy")


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


class _Handler(BaseHTTPRequestHandler):
    stub: Stub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.stub.bodies.append(f"{self.headers}{body}")
        target = self.headers.get("X-Amz-Target", "")
        given = {key: one[0] for key, one in parse_qs(body).items()}
        operation = target.rpartition(".")[2] or given.get("Action", "") or self._of_path()
        operation = f"{self.command} of a bucket" if self.command == "HEAD" else operation
        self.stub.asked.append(operation)
        if operation in self.stub.hangs:
            self.stub.hangs[operation].wait(30)
        try:
            failed = self.stub.fails(operation)
            if failed:
                raise LookupError(failed[1])
            text, kind = self._answer(operation, given, body, target)
            status = 200
        except LookupError as error:
            status, code = failed[0] if failed else 400, str(error.args[0])
            if target or operation == "GetPolicy":
                text, kind = json.dumps({"__type": code}), "application/x-amz-json-1.1"
            elif operation == "GetBucketPolicy":
                text, kind = f"<Error><Code>{code}</Code></Error>", "text/xml"
            else:
                text, kind = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>", "text/xml"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if operation == "GetPolicy" and status != 200:
            self.send_header("x-amzn-ErrorType", json.loads(text)["__type"])
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(text.encode())

    def _of_path(self) -> str:
        path = urlsplit(self.path)
        return "GetBucketPolicy" if path.query == "policy" else "GetPolicy" if path.path.endswith("/policy") else ""

    def _answer(self, operation: str, given: Mapping[str, str], body: str, target: str) -> tuple[str, str]:
        if operation == "GetBucketPolicy":
            return self.stub.policy(operation, urlsplit(self.path).path.strip("/"))["Policy"], "application/json"
        if operation == "GetPolicy":
            return json.dumps(self.stub.policy(operation, unquote(self.path).split("/")[3])), "application/json"
        if operation in _JSON:
            return json.dumps(self.stub.of_a_resource(operation, json.loads(body))), "application/x-amz-json-1.0"
        if target:
            found = self.stub.organizations.get(operation)
            if found is None:
                raise LookupError("AWSOrganizationsNotInUseException")
            text = json.dumps(found(json.loads(body)) if callable(found) else found)
            return text, "application/x-amz-json-1.1"
        result = _xml(self.stub.answer(operation, given))
        result = (
            result.replace("<member>", "<entry>").replace("</member>", "</entry>") if "Topic" in operation else result
        )
        return (
            f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>",
            "text/xml",
        )

    do_GET = do_HEAD = do_CONNECT = do_POST

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """The server, while it runs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
