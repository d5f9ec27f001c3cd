"""One log line per event: readable on a console, JSON for machines."""

import logging
import re
import sys
from typing import Any

import structlog

from app.config import Settings

# Signed addresses carry their signature there, webhooks' addresses their token. It takes a little
# more than queries, which harms nobody, and never looks at a character twice.
_QUERY = re.compile(r"""\?[^\s"'<>]+""")
_USER = re.compile(r"""(\w://)[^\s/"'<>@]*@""")
_DEPTH_MAX = 4


def without_secrets(text: str) -> str:
    """The text without queries of addresses, and without names and passwords in them."""
    return _USER.sub(r"\1…@", _QUERY.sub("?…", text))


def configure_logs(settings: Settings) -> None:
    """Send structlog's and the standard library's records through one chain to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # To text before anything looks at it. The pretty tracebacks of the console would
                # show local variables as well, and those may hold secrets.
                structlog.processors.format_exc_info,
                _clean,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # Libraries speak at info about every message and connection; our own events say it once.
    for noisy in (
        "alembic",
        "celery",
        "httpx",
        "uvicorn.error",
        "kombu",
        "botocore",
        "boto3",
        "urllib3",
        "aiohttp",
        "PIL",
        "s3transfer",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True


def _clean(
    _logger: Any, _method: str, event_dict: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The last step before the line is written: whatever a library has put into a message."""
    return {name: _cleaned(value, 0) for name, value in event_dict.items()}


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if depth < _DEPTH_MAX and isinstance(value, dict):
        return {key: _cleaned(each, depth + 1) for key, each in value.items()}
    if depth < _DEPTH_MAX and isinstance(value, list | tuple):
        return [_cleaned(each, depth + 1) for each in value]
    return value if isinstance(value, int | float | None) else without_secrets(str(value))
