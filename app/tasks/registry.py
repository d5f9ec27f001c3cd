"""The Celery tasks: `noun.verb`, ids as strings, one service call each."""

from collections.abc import Callable

from celery import Celery

from app.worker.process.runtime import Runtime

TASKS = ("request.ingest", "request.work", "request.purge", "webhook.deliver")


def register_tasks(celery: Celery, runtime: Callable[[], Runtime]) -> None:
    """Make the tasks known to this app; `runtime` is asked for when one runs."""
    for name in TASKS:
        celery.task(name=name, shared=False)(_task(name, runtime))


def _task(name: str, runtime: Callable[[], Runtime]) -> Callable[[str], None]:
    def run(an_id: str) -> None:
        runtime().run(name, an_id)

    run.__name__ = name.replace(".", "_")
    return run
