"""What a message can ask a worker for."""

from enum import StrEnum


class Task(StrEnum):
    """The names of the tasks as messages carry them, each with one id: `noun.verb`.

    `worker/process/runtime.py` has the code of each, docs/workers.md what each promises.
    """

    INGEST = "request.ingest"
    WORK = "request.work"
    PURGE = "request.purge"
    DELIVER = "webhook.deliver"
