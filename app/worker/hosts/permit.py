"""The leave to send one request to a host, as the database granted it."""

from typing import NamedTuple


class Permit(NamedTuple):
    """One request may be sent; `sent_at` is by the clock of all workers, in seconds since 1970."""

    host: str
    sent_at: float
    probe: bool = False
    limited: bool = True
