"""What a module of ours has logged."""

from collections.abc import MutableMapping
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture


def log_lines(monkeypatch: pytest.MonkeyPatch, module: str) -> list[MutableMapping[str, Any]]:
    """The events that this module logs from now on, also those that are still to come.

    Loggers keep how logs were configured when they were first used, perhaps by another test.
    """
    capture = LogCapture()
    monkeypatch.setattr(f"{module}.log", structlog.wrap_logger(None, processors=[capture]))
    return capture.entries
