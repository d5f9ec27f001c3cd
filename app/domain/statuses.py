"""States of requests and images, and the moves between them.

A request::

    pending ──ingest starts──► processing ──last image ends──► completed | failed
       │                           │                               │
       └────────── cancel ─────────┴──► cancelled                  │
                                            └──── retry ◄──────────┘  (back to processing)

`completed` means that at least one image is done, or that none was asked for. `failed` means that
nothing could be done; the reason is in a field beside it.

An image::

    pending ──claim──► processing ──record──► completed | failed
       ▲                   │
       └── again, lease ───┘      cancel of the request: pending | processing ──► cancelled
                                  retry of the request: failed | cancelled ──► pending
"""

from enum import StrEnum


class RequestStatus(StrEnum):
    """The status of a request; the value is what the API answers."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when nothing will change any more unless somebody asks for a retry."""
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset({RequestStatus.COMPLETED, RequestStatus.FAILED, RequestStatus.CANCELLED})


class ImageStatus(StrEnum):
    """The status of one distinct URL of a request; the value is what the API answers."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


NOT_ENDED = (ImageStatus.PENDING, ImageStatus.PROCESSING)


def final_request_status(*, images_total: int, images_completed: int) -> RequestStatus:
    """The state in which a request ends when no image is left to do."""
    if images_completed > 0 or images_total == 0:
        return RequestStatus.COMPLETED
    return RequestStatus.FAILED
