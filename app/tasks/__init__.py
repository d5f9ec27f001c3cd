"""The worker: Celery tasks that carry ids, and the process that they run in.

`celery -A app.tasks worker` finds the app below; `python -m app worker` starts the same. Imports
`bootstrap`, `logs`, `worker`, `adapters`, `config`, `domain`.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    # Made on demand: importing a module of this package must not read the settings.
    if name in {"app", "celery"}:
        from app.tasks.worker import worker_app

        return worker_app()
    raise AttributeError(name)
