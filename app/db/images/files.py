"""Queries on `image_files`: the files of images beside their outputs."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Row, Select, Text, and_, select
from sqlalchemy.types import TypeEngine

from app.db.dialect import json_rows, json_table, upsert, uuid_in_json
from app.db.models import SQL_TYPES, ImageFile, RequestId
from app.domain.results import FILE_FACTS, FileRole, StoredFile

Files = Mapping[FileRole, StoredFile]

_FACTS = [getattr(ImageFile, name) for name in FILE_FACTS]
_IMAGE: dict[str, TypeEngine[Any]] = {"request_id": RequestId, "seq": BigInteger()}
_COLUMNS: dict[str, TypeEngine[Any]] = {
    **_IMAGE,
    "role": Text(),
    "reused_from": RequestId,
    **{name: SQL_TYPES[of]() for name, of in FILE_FACTS.items()},
}


class FileOf(NamedTuple):
    """A file with its image; `reused_from` as in `Image.reused_from`."""

    request_id: str
    seq: int
    role: FileRole
    file: StoredFile
    reused_from: str | None


def write(connection: Connection, files: Iterable[FileOf]) -> None:
    """Note files of images; a file of the same role replaces the one before."""
    rows = [
        {
            "request_id": uuid_in_json(each.request_id),
            "seq": each.seq,
            "role": each.role.value,
            "reused_from": uuid_in_json(each.reused_from) if each.reused_from else None,
            **each.file._asdict(),
        }
        for each in files
    ]
    connection.execute(_write(connection.dialect.name), {"files": json_rows(rows)})


@cache
def _write(dialect: str) -> Any:
    files = json_table(dialect, "files", _COLUMNS)
    # SQLite needs some condition to tell ON CONFLICT from the ON of a join.
    query = select(*(files.c[name] for name in _COLUMNS)).where(files.c.seq.is_not(None))
    new = upsert(dialect, ImageFile).from_select(list(_COLUMNS), query)
    key = [ImageFile.request_id, ImageFile.seq, ImageFile.role]
    rest = _COLUMNS.keys() - {column.key for column in key}
    return new.on_conflict_do_update(
        index_elements=key, set_={name: new.excluded[name] for name in sorted(rest)}
    )


def of_images(
    connection: Connection, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Files]:
    """The files of these images, each named by its request and its `seq`."""
    rows = [{"request_id": uuid_in_json(request_id), "seq": seq} for request_id, seq in wanted]
    query = _of_images(connection.dialect.name)
    return _by_image(connection.execute(query, {"wanted": json_rows(rows)}))


@cache
def _of_images(dialect: str) -> Select[Any]:
    wanted = json_table(dialect, "wanted", _IMAGE)
    return _select().join(
        wanted,
        and_(ImageFile.request_id == wanted.c.request_id, ImageFile.seq == wanted.c.seq),
    )


def of_range(
    connection: Connection, request_id: str, *, after: int, up_to: int
) -> dict[int, Files]:
    """The files of those images of a request whose `seq` is in (after, up_to]."""
    query = _select().where(
        ImageFile.request_id == request_id, ImageFile.seq > after, ImageFile.seq <= up_to
    )
    return {seq: files for (_, seq), files in _by_image(connection.execute(query)).items()}


def _select() -> Select[Any]:
    # A newer version may have written other roles already.
    known = ImageFile.role.in_([role.value for role in FileRole])
    return select(ImageFile.request_id, ImageFile.seq, ImageFile.role, *_FACTS).where(known)


def _by_image(rows: Iterable[Row[Any]]) -> dict[tuple[str, int], Files]:
    found: dict[tuple[str, int], Files] = {}
    for row in rows:
        file = StoredFile._make(row[3:])
        image = (row.request_id, row.seq)
        found[image] = {**found.get(image, {}), FileRole(row.role): file}
    return found
