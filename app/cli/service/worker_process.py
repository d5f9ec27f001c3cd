"""The worker as a child of `serve`: started again when it dies, gone when `serve` is."""

import subprocess
import sys
import threading
from types import TracebackType

import structlog

from app.config import PROJECT_FOLDER
from app.domain.retry import STANDING

log = structlog.get_logger(__name__)

COMMAND = "from app.cli.service.worker import worker_of_service as run; raise SystemExit(run())"


class WorkerProcess:
    """Use as a context: inside it a worker process runs, after it none does."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep_alive, name="worker-keeper")

    def __enter__(self) -> None:
        self._process = self._start()
        self._keeper.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._keeper.join()

    def kill(self) -> None:
        """End the worker at once, for a caller that is about to end at once itself."""
        self._stopping.set()
        if self._process is not None:
            self._process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (our own interpreter and code)
            [sys.executable, "-c", COMMAND],
            cwd=PROJECT_FOLDER,
            stdin=subprocess.PIPE,
            # Ctrl-C in the terminal is for `serve`, which then asks the worker to stop.
            start_new_session=True,
        )

    def _keep_alive(self) -> None:
        while self._process is not None:
            code = self._process.wait()
            if self._stopping.is_set():
                return
            log.error("worker_died", exit_code=code)
            self._stopping.wait(STANDING.pauses[0])
            if self._stopping.is_set():
                return
            self._process = self._start()
            if self._stopping.is_set():
                self._process.terminate()
