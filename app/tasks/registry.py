"""The Celery tasks: `noun.verb`, ids as strings, one service call each."""

from collections.abc import Callable

from celery import Celery

from app.domain.tasks import Task
from app.worker.process.runtime import Runtime


def register_tasks(celery: Celery, runtime: Callable[[], Runtime]) -> None:
    """Make the tasks known to this app; `runtime` is asked for when one runs."""
    for task in Task:
        celery.task(name=task.value, shared=False)(_run(task, runtime))


def _run(task: Task, runtime: Callable[[], Runtime]) -> Callable[[str], None]:
    def run(an_id: str) -> None:
        runtime().run(task, an_id)

    run.__name__ = task.value.replace(".", "_")
    return run
