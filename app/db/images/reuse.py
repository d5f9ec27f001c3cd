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
from collections.abc import Collection, Mapping
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
    select,
)

from app.db.dialect import json_rows, json_table
from app.db.images import files
from app.db.images.url_digest import digest_of
from app.db.models import Image, ProcessingRequest
from app.domain.results import FACTS, ImageResult, result_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose pictures of which options a request may take over.

    `look` is False where there is nothing to find, or where the caller wants all images made again.
    `more_files` is True where images have files beside their outputs: it is asked for in the
    options, and those of one scope are the same.
    """

    owner: str
    picture_digest: str
    look: bool
    more_files: bool = False

    def key_of(self, source_url: str) -> str:
        """The `reuse_key` of an image in this scope."""
        # Of the URL's digest and not of the URL, as what older versions have stored was made so.
        digest = hashlib.blake2b(digest_of(source_url.encode()), digest_size=16)
        digest.update(f"{self.picture_digest} {self.owner}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class EarlierImage:
    """What an earlier request made of the same URL, and what its host said of the file then.

    `request_id` names the row that this comes from, `made_by` the request that made the files.
    """

    request_id: str
    made_by: str
    result: ImageResult


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
    more_files = bool(request.options.get("keep_originals"))
    return Scope(request.owner, request.picture_digest, look, more_files)


def find(
    connection: Connection,
    request_id: str,
    reuse_keys: Mapping[int, str],
    *,
    more_files: bool = False,
) -> dict[int, EarlierImage]:
    """The newest earlier image of each key; `reuse_keys` and the result are by `seq`.

    Args:
        more_files: see `Scope`.
    """
    wanted = json_rows([{"seq": seq, "reuse_key": key} for seq, key in reuse_keys.items()])
    query = _find(connection.dialect.name)
    rows = connection.execute(query, {"wanted": wanted, "of_request": request_id}).all()
    more: dict[tuple[str, int], files.Files] = {}
    if more_files and rows:
        more = files.of_images(connection, [(row.request_id, row.seq) for row in rows])
    return {
        row.wanted_seq: EarlierImage(
            request_id=row.request_id,
            made_by=row.reused_from or row.request_id,
            result=result_of(row._asdict(), more.get((row.request_id, row.seq))),
        )
        for row in rows
    }


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
        found.c.seq.label("wanted_seq"),
        Image.request_id,
        Image.seq,
        Image.reused_from,
        *(getattr(Image, name) for name in FACTS),
    ).join(
        Image,
        and_(Image.reuse_key == found.c.reuse_key, Image.request_id == found.c.request_id),
    )


def hold(connection: Connection, request_ids: Collection[str]) -> set[str]:
    """Which of these requests are not deleted; they stay so until the transaction ends."""
    query = _not_deleted(request_ids).order_by(ProcessingRequest.id).with_for_update(read=True)
    return set(connection.execute(query).scalars())


def not_deleted(connection: Connection, request_ids: Collection[str]) -> set[str]:
    """Which of these requests are there and not deleted."""
    return set(connection.execute(_not_deleted(request_ids)).scalars())


def _not_deleted(request_ids: Collection[str]) -> Select[str]:
    return select(ProcessingRequest.id).where(
        ProcessingRequest.id.in_(request_ids), ProcessingRequest.deleted_at.is_(None)
    )
