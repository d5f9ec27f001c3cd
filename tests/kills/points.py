"""The named points at which a process can be made to kill itself, wrapped around the product.

The product knows nothing of them: `arm` replaces one function by one that calls it and, before,
after or in the middle of that call, sends SIGKILL to its own process.
"""

import asyncio
import importlib
import inspect
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from app.domain.tasks import Task

API, WORKER = "api", "worker"
# How far a fetch gets that is killed in its middle; the image hosts of these tests take longer.
DURING_SECONDS = 0.03

Condition = Callable[[tuple[Any, ...], Any], bool]


@dataclass(frozen=True)
class Point:
    """Where a process dies: before, after or during the `nth` call that meets `only_if`.

    `target` is `module:name` or `module:Class.name`. `only_if` gets the call's arguments and, after
    the call, its result. `role` is the process that gets there; the embedded stack has only one.
    """

    target: str
    when: Literal["before", "after", "during"]
    role: str
    nth: int = 1
    only_if: Condition = lambda arguments, result: True


def _task(name: Task) -> Condition:
    return lambda arguments, result: arguments[1] == name


def _found_something(arguments: tuple[Any, ...], result: Any) -> bool:
    return bool(result)


def _has_claims(arguments: tuple[Any, ...], result: Any) -> bool:
    return len(arguments[0]) > 0


def _wrote_outcomes(arguments: tuple[Any, ...], result: Any) -> bool:
    # Of all transactions of a turn, the one of `Turn._record`.
    return "Turn._record" in arguments[1].__qualname__


def _holds(arguments: tuple[Any, ...], result: Any) -> bool:
    # `Hosts._take_in(self, name, grant, wanted)`: the host is paused, or answers nobody.
    return bool(arguments[2].held)


def _probes(arguments: tuple[Any, ...], result: Any) -> bool:
    return bool(arguments[2].probe)


SUBMIT = {
    "before the request's commit": Point("app.intake.submit:check_new_request", "after", API),
    "after the request's commit": Point("app.intake.submit:_write", "after", API),
    "before the hint": Point("app.broker.hints:Hints.send", "before", API, 1, _task(Task.INGEST)),
    "after the hint": Point("app.broker.hints:Hints.send", "after", API, 1, _task(Task.INGEST)),
}
INGEST = {
    "after the ingest's claim": Point("app.intake.ingest:_write_rows", "before", WORKER),
    "before a batch's commit": Point("app.db.requests:advance_ingest", "after", WORKER, 2),
    "between two batches": Point("app.intake.ingest:_flush", "after", WORKER, 2),
    "before the ingest's end": Point("app.db.requests:finish_ingest", "before", WORKER),
}
IMAGE = {
    "before the claim's commit": Point("app.db.queue:claim", "after", WORKER, 1, _found_something),
    "after the claim": Point("app.worker.claims:Claims.fill", "after", WORKER, 1, _has_claims),
    "during a fetch": Point("app.outbound.fetch:ImageFetcher.fetch", "during", WORKER, 2),
    "after a fetch": Point("app.outbound.fetch:ImageFetcher.fetch", "after", WORKER, 3),
    "after the codec": Point("app.codecs.pool:CodecPool.compress", "after", WORKER, 3),
    "before the put": Point("app.worker.attempt:_put", "before", WORKER, 2),
    "after the put": Point("app.worker.attempt:_put", "after", WORKER, 2),
    "before the sweep's commit": Point("app.upkeep.sweep:record_outcomes", "after", WORKER),
}
END = {
    "before the record's commit": Point("app.db.requests:add_counts", "after", WORKER),
    "after the record's commit": Point(
        "app.worker.context:WorkerContext._transact", "after", WORKER, 1, _wrote_outcomes
    ),
    "before the finish's commit": Point("app.db.deliveries:add", "after", WORKER),
    "after the finish's commit": Point(
        "app.broker.hints:Hints.send", "before", WORKER, 1, _task(Task.DELIVER)
    ),
    "before the webhook is sent": Point(
        "app.outbound.webhook:WebhookSender.send", "before", WORKER
    ),
    "after the webhook's 2xx": Point("app.outbound.webhook:WebhookSender.send", "after", WORKER),
    "after the webhook's note": Point("app.ending.deliver:_record", "after", WORKER),
}
AFTERWARDS = {
    "while the output CSV is sent": Point("app.db.images:places", "before", API, 2),
    "before the retry's commit": Point("app.ending.retry:check_reopened_request", "after", API),
    "after the retry's commit": Point("app.ending.retry:status", "before", API),
    "after the cancel's commit": Point("app.ending.cancel:mark_images", "before", API),
    "after the delete's commit": Point("app.upkeep.delete:purge", "before", API),
    "after the deleted files": Point("app.upkeep.delete:_delete_some_rows", "before", API),
}
# At a host that refuses; the last three when it has done so for too long.
HOSTS = {
    "before the permits' commit": Point("app.db.hosts:exchange", "after", WORKER, 3),
    "while a host is paused": Point(
        "app.worker.hosts.known:Hosts._take_in", "after", WORKER, 1, _holds
    ),
    "with a probe in hand": Point(
        "app.worker.hosts.known:Hosts._take_in", "after", WORKER, 1, _probes
    ),
}
GIVE_UP = {
    "before the give-up's commit": Point(
        "app.db.hosts.request_hosts:mark_given_up", "after", WORKER
    ),
    "after the give-up's commit": Point("app.ending.give_up:_fail_some", "before", WORKER),
    "before the failures' commit": Point("app.db.queue:fail_waiting", "after", WORKER),
}
POINTS = SUBMIT | INGEST | IMAGE | END | AFTERWARDS | HOSTS | GIVE_UP


def arm(name: str, marker: Path, number: int = signal.SIGKILL) -> None:
    """Let this process die at the point `name`, unless another one has died there before.

    Args:
        marker: a file that is made in the moment of death; where it exists, nobody dies.
        number: SIGSTOP has it freeze there instead.
    """
    point = POINTS[name]
    module_name, _, path = point.target.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, attribute = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    setattr(owner, attribute, _wrapped(original, point, _Executioner(point, marker, number)))


class _Executioner:
    def __init__(self, point: Point, marker: Path, number: int) -> None:
        self._point = point
        self._marker = marker
        self._number = number
        self._calls = 0

    def look(self, arguments: tuple[Any, ...], result: Any = None) -> None:
        """Count a call that is meant; die at the one that is asked for."""
        if not self._point.only_if(arguments, result):
            return
        self._calls += 1
        if self._calls < self._point.nth:
            return
        try:
            os.close(os.open(self._marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        # To this thread: another one might take it a moment later, while this one goes on.
        signal.pthread_kill(threading.get_ident(), self._number)


def _wrapped(original: Any, point: Point, executioner: _Executioner) -> Any:
    if not inspect.iscoroutinefunction(original):

        @wraps(original)
        def call(*arguments: Any, **values: Any) -> Any:
            if point.when == "before":
                executioner.look(arguments)
            result = original(*arguments, **values)
            if point.when == "after":
                executioner.look(arguments, result)
            return result

        return call

    @wraps(original)
    async def call_async(*arguments: Any, **values: Any) -> Any:
        if point.when == "before":
            executioner.look(arguments)
        running = asyncio.ensure_future(original(*arguments, **values))
        if point.when == "during":
            await asyncio.wait([running], timeout=DURING_SECONDS)
            executioner.look(arguments)
        result = await running
        if point.when == "after":
            executioner.look(arguments, result)
        return result

    return call_async
