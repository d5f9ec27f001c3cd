"""Files of one request that others have taken over, and which of them still need them."""

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    exists,
    literal,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from app.db.dialect import json_rows, json_table, uuid_in_json
from app.db.models import Image, ImageFile, ProcessingRequest, RequestId

# A file by the request that made it, and its key.
MadeBy = tuple[str, str]


def lends(connection: Connection, request_id: str) -> bool:
    """True when a request that is not deleted names files of this one."""
    # A picture is taken over with all its files, so the images alone tell.
    query = select(_named_by_the_living(Image, Image.reused_from == request_id))
    return bool(connection.execute(query).scalar_one())


def named(connection: Connection, asked_for: Collection[MadeBy]) -> set[str]:
    """The keys of those files that requests which are not deleted have taken over."""
    rows = [{"made_by": uuid_in_json(made_by), "key": key} for made_by, key in asked_for]
    query = _named(connection.dialect.name)
    return set(connection.execute(query, {"asked": json_rows(rows)}).scalars())


@cache
def _named(dialect: str) -> Any:
    columns: dict[str, TypeEngine[Any]] = {"made_by": RequestId, "key": Text()}
    asked = json_table(dialect, "asked", columns)

    def among(table: type[Image | ImageFile], key: Any) -> Select[Any]:
        same = and_(table.reused_from == asked.c.made_by, key == asked.c.key)
        return select(asked.c.key).where(_named_by_the_living(table, same))

    # Two questions and not one with OR: for that, Postgres could read all files ever taken over.
    return union_all(among(Image, Image.storage_key), among(ImageFile, ImageFile.key))


def _named_by_the_living(
    table: type[Image | ImageFile], which: ColumnElement[bool]
) -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .select_from(table)
        .join(ProcessingRequest, ProcessingRequest.id == table.request_id)
        .where(which, ProcessingRequest.deleted_at.is_(None))
    )


class TakenOver(NamedTuple):
    """Files that some images of a request have taken over; go on behind `last_seq`, if any."""

    files: set[MadeBy]
    last_seq: int | None


def taken_over(connection: Connection, request_id: str, *, after: int, limit: int) -> TakenOver:
    """The files that images of a request have taken over: of up to `limit` images after `seq`."""
    # Also those that took nothing over: asking for the others only would invite Postgres to read
    # the index of all files that were ever taken over.
    images = connection.execute(
        select(Image.seq, Image.reused_from, Image.storage_key)
        .where(Image.request_id == request_id, Image.seq > after)
        .order_by(Image.seq)
        .limit(limit)
    ).all()
    if not images:
        return TakenOver(set(), None)
    last = images[-1].seq
    more = connection.execute(
        select(ImageFile.reused_from, ImageFile.key).where(
            ImageFile.request_id == request_id, ImageFile.seq > after, ImageFile.seq <= last
        )
    ).all()
    files = {(made_by, key) for _, made_by, key in images if made_by and key}
    files |= {(made_by, key) for made_by, key in more if made_by}
    return TakenOver(files, last if len(images) == limit else None)
