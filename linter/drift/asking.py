"""Systems asked, several at the same time: each is an independent unit of work, which any `concurrent.futures.Executor` can take."""

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.drift.recordings import iso
from linter.exits import where
from linter.systems.live import Adapter, AuditLog, Failure, Observation, Target, Unverified

if TYPE_CHECKING:
    from linter.manifest.model import Resource

AT_ONCE = 8
"""Systems asked at the same time."""
LIMIT = 300.0
"""Seconds that one system may take, whatever its own limits add up to: a night's run does not wait for one server."""
_TICK = 0.5
"""Seconds between two looks at what is still waited for."""


class Unit(NamedTuple):
    """One system to be asked, once for all principals. It can be pickled; a live one carries its credential along."""

    adapter: Adapter
    target: Target
    principals: tuple[str, ...] = ()
    declared: "tuple[Resource | AuditLog, ...]" = ()
    """What manifests name there."""
    recorded: Mapping[str, Any] | None = None
    """What a recording has of it, instead of asking."""
    limit: float = LIMIT


class Answer(NamedTuple):
    """What a system said, or why it said nothing, and how long that took in seconds."""

    said: Observation | Failure
    seconds: float
    at: str
    """When it was there, ISO in UTC."""


class Standing(NamedTuple):
    """How far the asking is."""

    answered: tuple[tuple[str, float], ...]
    """(label, seconds), in the order of the answers."""
    running: tuple[str, ...]
    """The labels of those being asked."""
    of: int
    seconds: float
    """Since the first was asked."""


def answer(unit: Unit) -> Answer:
    """Ask one system: never longer than its limit, and never an exception."""
    began = time.monotonic()
    said: list[Observation | Failure] = []
    # In a thread of its own, so that the one who asks is free again at the limit whatever the server, or the library, does.
    asker = Thread(target=lambda: said.append(_said(unit)), daemon=True)
    asker.start()
    asker.join(unit.limit)
    late = f"{unit.target.label}: there was no complete answer within {unit.limit:g} s"
    return Answer(said[0] if said else Failure(late), time.monotonic() - began, iso(datetime.now(UTC)))


def _said(unit: Unit) -> Observation | Failure:
    try:
        if unit.recorded is not None:
            return unit.adapter.recorded(unit.recorded)
        return unit.adapter.observe(unit.target, unit.principals, unit.declared)
    except Unverified as problem:
        return Failure.of(problem)
    except ValueError as problem:
        return Failure(f"{unit.target.label}: {problem}")
    except Exception as error:  # the other systems go on
        return _bug(unit, error)


def _bug(unit: Unit, error: Exception) -> Failure:
    return Failure(f"{unit.target.label}: asking it failed, which is permlint's own bug: {where(error)}")


def asked(
    units: Iterable[Unit], executor: Executor, watch: Callable[[Standing], None] | None = None
) -> Generator[tuple[Unit, Answer], None, None]:
    """Ask every system; each answer as it comes. Whoever stops listening leaves the rest unasked, and waits for none.

    Args:
        watch: told how far it is, at every answer and about twice a second.
    """
    began = time.monotonic()
    waiting = {executor.submit(answer, unit): unit for unit in units}
    of = len(waiting)
    answered: list[tuple[str, float]] = []
    try:
        while waiting:
            done, _ = wait(waiting, _TICK if watch else None, FIRST_COMPLETED)
            for future in [one for one in waiting if one in done]:
                unit = waiting.pop(future)
                found = _result(unit, future, began)
                answered.append((unit.target.label, found.seconds))
                yield unit, found
            if watch is not None:
                running = tuple(unit.target.label for future, unit in waiting.items() if future.running())
                watch(Standing(tuple(answered), running, of, time.monotonic() - began))
    finally:
        for future in waiting:
            future.cancel()


def _result(unit: Unit, future: "Future[Answer]", began: float) -> Answer:
    try:
        return future.result()
    except Exception as error:  # the executor's: a process of its own that died, an answer that cannot be sent back
        return Answer(_bug(unit, error), time.monotonic() - began, iso(datetime.now(UTC)))


class Daemons(Executor):
    """A pool of threads that keep no process alive.

    `ThreadPoolExecutor` joins its threads when the interpreter ends, so that an interrupted run would wait for a server that
    may never answer.
    """

    def __init__(self, size: int = AT_ONCE) -> None:
        """Take the most calls that run at the same time."""
        self._size = size
        self._threads = 0
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Take a call; one thread more, while there are fewer than the pool may have."""
        future: Future[Any] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        if self._threads < self._size:
            self._threads += 1
            Thread(target=self._work, daemon=True).start()
        return future

    def _work(self) -> None:
        while (taken := self._calls.get()) is not None:
            future, call = taken
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # the one who waits must be told, whatever it is
                    future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let idle threads end. It never waits, whatever is asked: that is what this pool is for."""
        for _ in range(self._threads):
            self._calls.put(None)
