"""Claims that are held, as a condition on `images`: the one thing that lets a worker write there.

A claim is a `seq` with the fence that was its own. Whoever claims the image after the lease has
ended gets a higher fence, and a cancelled request's images are no longer being processed, so that
what comes too late finds nothing to write to.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, bindparam
from sqlalchemy.types import TypeEngine

from app.db.dialect import json_rows, json_table
from app.db.models import Image
from app.db.queue.waiting import PROCESSING

COLUMNS: dict[str, TypeEngine[Any]] = {"seq": BigInteger(), "fence": BigInteger()}


class Claim(Protocol):
    """What proves that an image is ours."""

    @property
    def seq(self) -> int:
        """Its number in the request."""

    @property
    def fence(self) -> int:
        """How often the image had been claimed, this claim included."""


def held_claims(dialect: str) -> FromClause:
    """The claims of `parameters` as a table."""
    return json_table(dialect, "held", COLUMNS)


def still_ours(held: FromClause) -> ColumnElement[bool]:
    """True for the images of a request of which `held` has a claim that still counts.

    Needs what `bounds` gives as parameters.
    """
    return and_(
        Image.request_id == bindparam("of_request"),
        # Redundant; lets the planner use the range. Before its first ANALYZE, Postgres would
        # otherwise read the request's whole index for every batch.
        Image.seq.between(bindparam("first_seq"), bindparam("last_seq")),
        Image.seq == held.c.seq,
        Image.fence == held.c.fence,
        Image.status == PROCESSING,
    )


def bounds(request_id: str, claims: Sequence[Claim]) -> dict[str, Any]:
    """Which request, and the lowest and the highest `seq` of at least one claim."""
    numbers = [claim.seq for claim in claims]
    return {"of_request": request_id, "first_seq": min(numbers), "last_seq": max(numbers)}


def parameters(request_id: str, claims: Sequence[Claim]) -> dict[str, Any]:
    """`bounds`, and the rows of `held_claims`."""
    rows: list[Mapping[str, Any]] = [{"seq": one.seq, "fence": one.fence} for one in claims]
    return {**bounds(request_id, claims), "held": json_rows(rows)}
