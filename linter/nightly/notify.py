"""Telling: what waits in the state is sent, and noted as sent only once it has arrived.

A message that may have arrived, though no answer came back, is not repeated in the same run: it is sent again the next
night, when nobody mistakes it for two. An address is a secret, and in no output.
"""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from linter.nightly import messages, outbox
from linter.nightly.store import StateError, transaction
from linter.reports.totals import plural
from linter.systems.http import Call, Limits, Origin, Transport
from linter.systems.live import Unverified
from linter.systems.secret import BadSecret, Secret, hide

if TYPE_CHECKING:
    from linter.nightly.events import Event
    from linter.nightly.routing import Destination

_URL = re.compile(
    r"https://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[!-\"$-\[\]-~]*)?"
)
_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
_WANTED = {
    "slack": "the whole address that Slack shows under Incoming Webhooks, https://...",
    "webhook": "the receiver's address, https://HOST/PATH",
}
"""Kind -> what its variable must hold."""
_GONE = (401, 403, 404, 410)
_BODIES: dict[str, "Callable[[Sequence[Event]], bytes]"] = {"slack": messages.slack, "webhook": messages.webhook}


class _Address(NamedTuple):
    origin: Origin
    path: str


class NotSent(Exception):
    """Why a message was not sent, or nobody knows whether it arrived: a clause without the address."""


def send(
    path: str,
    destinations: "Sequence[Destination]",
    root: str,
    clock: Callable[[], datetime],
    transport: Transport | None = None,
) -> list[str]:
    """Send to each destination what waits for it; a sentence for each that could not be told.

    Args:
        path: the state's file.
        root: what the files that configuration names are relative to.
        transport: a test's; production uses the standard one.
    """
    problems = []
    for one in destinations:
        events: list[Event] = []
        try:
            address = _address(one)
            with transaction(path) as connection:
                events = outbox.claim(connection, one.name, clock())
            if not events:
                continue
            _post(one, address, events, root, transport or Transport())
            with transaction(path) as connection:
                outbox.settle(connection, one.name, events, clock())
        except StateError as problem:
            problems.append(f"notify.{one.name}: {path} {problem}")
        except NotSent as problem:
            kept = f"; {plural(len(events), 'event')} will be sent another night" if events else ""
            problems.append(hide(f"notify.{one.name}: {problem}{kept}"))
            with suppress(StateError), transaction(path) as connection:
                outbox.settle(connection, one.name, events, None)
    return problems


def _address(one: "Destination") -> _Address:
    given = os.environ.get(one.url_env)
    if given is None:
        raise _unfit(one, "is not set")
    text = given.strip()
    if not text:
        raise _unfit(one, "is empty")
    with suppress(BadSecret):  # whatever it is, nobody sees it
        Secret(text)
    if not text.startswith("https://"):
        raise _unfit(one, "holds no https address")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _unfit(one, "holds a blank, a line end or a character that is not ASCII within the address")
    found = _URL.fullmatch(text)
    if found is None or int(found["port"] or 443) > 65535:
        raise _unfit(one, "holds no address that can be sent to")
    host, path = found["host"].lower(), found["path"] or "/"
    if one.kind == "slack" and (host not in _SLACK or path == "/"):
        raise _unfit(one, "holds no address of Slack's incoming webhooks")
    for part in (path, "" if one.kind == "slack" else host):
        with suppress(BadSecret):  # too short to be one
            Secret(part)
    return _Address(Origin(host, int(found["port"] or 443), alias=f"the host in the variable {one.url_env}"), path)


def _unfit(one: "Destination", problem: str) -> NotSent:
    return NotSent(f"the variable {one.url_env} {problem}: set it to {_WANTED[one.kind]}")


def _post(one: "Destination", address: _Address, events: "Sequence[Event]", root: str, transport: Transport) -> None:
    call = Call("POST", address.path, once=True)
    limits = Limits(one.private_network, os.path.join(root, one.ca_file) if one.ca_file else None)
    session = transport.session("the receiver", address.origin, (call,), limits)
    try:
        response = session.ask(call, {"Content-Type": "application/json"}, _BODIES[one.kind](events))
    except Unverified as problem:
        raise NotSent(str(problem)) from None
    if not 200 <= response.status < 300:
        gone = f": the address in the variable {one.url_env} is mistyped, or was withdrawn"
        raise NotSent(f"the receiver answers {response.status}{gone if response.status in _GONE else ''}")
