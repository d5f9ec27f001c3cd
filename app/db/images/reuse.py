"""Pictures that one request made and later ones take over: finding, holding and counting on them.

Each image that a host gave validators for has a `reuse_key`, made of the request's owner, its
picture options and the URL. Equal keys mean: the same picture was asked for by the same API key.

An image that was taken over names the files of the request that made them (`reused_from`). While a
request that is not deleted names a file, it stays in the store. What holds this together:

- `hold` locks the row of the request that an image is taken over from until the image's own row is
  written, and sees that it is not deleted.
- A delete marks the request first and commits; only then it looks for others that name its files.
  So it sees every row that was written under such a lock, and afterwards there can be no new one.
- Requests take over from earlier ones only, and locks are taken in the order of the ids, so that
  two of them never wait for each other.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.db.dialect import json_rows, json_table, uuid_in_json
from app.db.images.url_digest import digest_of
from app.db.models import Image, ProcessingRequest, RequestId


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose pictures of which options a request may take over.

    `look` is False where there is nothing to find, or where the caller wants every image anew.
    """

    owner: str
    picture_digest: str
    look: bool

    def key_of(self, source_url: str) -> str:
        """The `reuse_key` of an image in this scope."""
        # Of the URL's digest and not of the URL, as what older versions have stored was made so.
        digest = hashlib.blake2b(digest_of(source_url.encode()), digest_size=16)
        digest.update(f"{self.picture_digest} {self.owner}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class EarlierImage:
    """What an earlier request made of the same URL, and what its host said of the file then.

    `request_id` names the row that this comes from, `made_by` the request that made the files. What
    the source was like is None in rows that were written before it was kept.
    """

    request_id: str
    made_by: str
    etag: str | None
    last_modified: str | None
    final_url: str | None
    storage_key: str
    original_key: str | None
    kept: bool
    format: str
    width: int
    height: int
    source_format: str | None
    source_width: int | None
    source_height: int | None
    input_bytes: int
    output_bytes: int
    notes: str | None


def scope(connection: Connection, request: Any, *, fresh: bool) -> Scope | None:
    """The scope of a request, given its row; None where no pictures are to be taken over.

    That is a check, and a request of a version that kept no digest.
    """
    if request.picture_digest is None:
        return None
    earlier = exists(
        select(ProcessingRequest.id).where(
            ProcessingRequest.owner == request.owner,
            ProcessingRequest.picture_digest == request.picture_digest,
            ProcessingRequest.id < request.id,
            ProcessingRequest.deleted_at.is_(None),
        )
    )
    look = not fresh and bool(connection.execute(select(earlier)).scalar_one())
    return Scope(request.owner, request.picture_digest, look)


def find(
    connection: Connection, request_id: str, reuse_keys: Mapping[int, str]
) -> dict[int, EarlierImage]:
    """The newest earlier image of each key; `reuse_keys` and the result are by `seq`."""
    wanted = json_rows([{"seq": seq, "reuse_key": key} for seq, key in reuse_keys.items()])
    query = _find(connection.dialect.name)
    earlier: dict[int, EarlierImage] = {}
    for row in connection.execute(query, {"wanted": wanted, "of_request": request_id}):
        values = row._asdict()
        seq, made_by = values.pop("seq"), values.pop("reused_from")
        earlier[seq] = EarlierImage(**values, made_by=made_by or row.request_id)
    return earlier


@cache
def _find(dialect: str) -> Select[Any]:
    wanted = json_table(dialect, "wanted", {"seq": BigInteger(), "reuse_key": Text()})
    # A sub-query for each row, as Postgres may turn a join round and begin with every request.
    not_deleted_one = (
        select(ProcessingRequest.id)
        .where(ProcessingRequest.id == Image.request_id, ProcessingRequest.deleted_at.is_(None))
        .correlate(Image)
        .scalar_subquery()
    )
    newest = (
        select(Image.request_id)
        .where(
            Image.reuse_key == wanted.c.reuse_key,
            Image.request_id < bindparam("of_request"),
            not_deleted_one.is_not(None),
        )
        # The newest comes first in the index: however long the history is, one step finds it.
        .order_by(Image.request_id.desc())
        .limit(1)
        .correlate(wanted)
        .scalar_subquery()
    )
    found = select(wanted.c.seq, wanted.c.reuse_key, newest.label("request_id")).cte("found")
    return select(
        found.c.seq,
        Image.request_id,
        Image.reused_from,
        Image.etag,
        Image.last_modified,
        Image.final_url,
        Image.storage_key,
        Image.original_key,
        Image.kept,
        Image.format,
        Image.width,
        Image.height,
        Image.source_format,
        Image.source_width,
        Image.source_height,
        Image.input_bytes,
        Image.output_bytes,
        Image.notes,
    ).join(
        Image,
        and_(Image.reuse_key == found.c.reuse_key, Image.request_id == found.c.request_id),
    )


def hold(connection: Connection, request_ids: Collection[str]) -> set[str]:
    """Which of these requests are not deleted; they stay so until the transaction ends."""
    query = _not_deleted(request_ids).order_by(ProcessingRequest.id).with_for_update(read=True)
    return set(connection.execute(query).scalars())


# --- what may be deleted --------------------------------------------------------------------------


def lends(connection: Connection, request_id: str) -> bool:
    """True when a request that is not deleted names files of this one."""
    query = select(_named_by_the_living(Image.reused_from == request_id))
    return bool(connection.execute(query).scalar_one())


def named(
    connection: Connection,
    column: InstrumentedAttribute[str | None],
    asked_for: Collection[tuple[str, str]],
) -> set[str]:
    """The keys of those files that requests which are not deleted have taken over.

    Args:
        column: `Image.storage_key` or `Image.original_key`.
        asked_for: the request that made a file, and its key.
    """
    columns: dict[str, TypeEngine[Any]] = {"made_by": RequestId, "key": Text()}
    rows = [{"made_by": uuid_in_json(made_by), "key": key} for made_by, key in asked_for]
    asked = json_table(connection.dialect.name, "asked", columns)
    is_named = _named_by_the_living(
        and_(Image.reused_from == asked.c.made_by, column == asked.c.key)
    )
    query = select(asked.c.key).where(is_named)
    return set(connection.execute(query, {"asked": json_rows(rows)}).scalars())


def _named_by_the_living(which: Any) -> Any:
    return exists(
        select(literal(1))
        .select_from(Image)
        .join(ProcessingRequest, ProcessingRequest.id == Image.request_id)
        .where(which, ProcessingRequest.deleted_at.is_(None))
    )


def files(connection: Connection, request_id: str, *, after: int, limit: int) -> Sequence[Any]:
    """What images of a request name, after `seq`: (seq, reused_from, storage_key, original_key).

    Also those that took nothing over: asking for the others only would invite Postgres to read the
    index of all files that were ever taken over.
    """
    query = (
        select(Image.seq, Image.reused_from, Image.storage_key, Image.original_key)
        .where(Image.request_id == request_id, Image.seq > after)
        .order_by(Image.seq)
        .limit(limit)
    )
    return connection.execute(query).all()


def not_deleted(connection: Connection, request_ids: Collection[str]) -> set[str]:
    """Which of these requests are there and not deleted."""
    return set(connection.execute(_not_deleted(request_ids)).scalars())


def _not_deleted(request_ids: Collection[str]) -> Select[str]:
    return select(ProcessingRequest.id).where(
        ProcessingRequest.id.in_(request_ids), ProcessingRequest.deleted_at.is_(None)
    )
