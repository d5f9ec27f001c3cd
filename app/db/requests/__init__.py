"""The table `requests`: what a request is, counts and goes through; imports `models`, `dialect`.

`usage` and `totals` add up many requests: of one API key, and of everybody.
"""

from app.db.requests.counters import Counts, add_counts, note_speed
from app.db.requests.ingest import (
    advance_ingest,
    claim_ingest,
    finish_ingest,
    holds_ingest,
    release_ingest,
)
from app.db.requests.lifecycle import add, end, hide, hold, remove, reopen
from app.db.requests.read import RequestRow, error_counts, get, known, page, time_span

__all__ = [
    "Counts",
    "RequestRow",
    "add",
    "add_counts",
    "advance_ingest",
    "claim_ingest",
    "end",
    "error_counts",
    "finish_ingest",
    "get",
    "hide",
    "hold",
    "holds_ingest",
    "known",
    "note_speed",
    "page",
    "release_ingest",
    "remove",
    "reopen",
    "time_span",
]
