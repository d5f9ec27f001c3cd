"""Rows in the binary format of Postgres' COPY, made from whole columns.

psycopg makes such rows one by one, which costs a few microseconds each; a million rows of a file
are seven million rows of the tables.
Source: Postgres' documentation, "COPY", "Binary Format".
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = struct.pack(">h", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Rows made at a time: what they are made of is several times as large as they are.
_PIECE_ROWS = 1_000


class Column(NamedTuple):
    """A column whose values take the same number of bytes; one value serves all rows."""

    kind: str
    values: Any


def same_uuid(value: str) -> Column:
    """This `uuid` in every row."""
    return Column("V16", np.void(UUID(value).bytes))


def same_text(value: str) -> Column:
    """This `text` in every row."""
    data = value.encode()
    return Column(f"V{len(data)}", np.void(data))


def same_moment(value: datetime) -> Column:
    """This `timestamptz` in every row."""
    return Column(">i8", (value - _EPOCH) // timedelta(microseconds=1))


def bigints(values: Sequence[int] | NDArray[np.int64]) -> Column:
    """A `bigint` for each row."""
    return Column(">i8", np.asarray(values, dtype=np.int64))


def digests(values: Sequence[bytes]) -> Column:
    """A `bytea` of 16 bytes for each row."""
    return Column("V16", np.frombuffer(b"".join(values), "V16"))


def packed(
    count: int,
    columns: Sequence[Column],
    first_text: Sequence[bytes] = (),
    texts: Sequence[Sequence[str]] = (),
) -> Iterator[bytes]:
    """A whole COPY of these rows, in pieces to send one after the other.

    Args:
        columns: come first in each row.
        first_text: a `text` column in UTF-8 behind them, best the one with the most different ones.
        texts: further `text` columns.
    """
    layout = [("columns", ">i2")]
    for number, column in enumerate(columns):
        layout += [(f"size {number}", ">i4"), (f"value {number}", column.kind)]
    if first_text:
        layout.append(("size of the text", ">i4"))
    # What is the same in all rows is written once, and then copied with them.
    record = np.empty(1, layout)
    record["columns"] = len(columns) + bool(first_text) + len(texts)
    for number, column in enumerate(columns):
        record[f"size {number}"] = record.dtype[f"value {number}"].itemsize
        if np.ndim(column.values) == 0:
            record[f"value {number}"] = column.values
    yield _SIGNATURE
    for start in range(0, count, _PIECE_ROWS):
        rows = slice(start, min(start + _PIECE_ROWS, count))
        records = np.repeat(record, rows.stop - rows.start)
        for number, column in enumerate(columns):
            if np.ndim(column.values):
                records[f"value {number}"] = column.values[rows]
        if first_text:
            yield _with_texts(records, first_text[rows], [text[rows] for text in texts])
        else:
            yield records.tobytes()
    yield _TRAILER


def _with_texts(
    records: NDArray[Any], first_text: Sequence[bytes], texts: Sequence[Sequence[str]]
) -> bytes:
    records["size of the text"] = list(map(len, first_text))
    parts = [_as_bytes(records), first_text, *chain.from_iterable(map(_with_sizes, texts))]
    pieces = [b""] * (len(records) * len(parts))
    for number, part in enumerate(parts):
        pieces[number :: len(parts)] = part
    return b"".join(pieces)


def _with_sizes(texts: Sequence[str]) -> list[list[bytes]]:
    """A column of texts as one part of the rows, or as two: the sizes and the texts."""
    different = set(texts)
    if len(different) <= len(texts) // 4:
        # A batch has few different hosts, and each is packed once.
        known = {}
        for text in different:
            data = text.encode()
            known[text] = struct.pack(">i", len(data)) + data
        return [list(map(known.__getitem__, texts))]
    encoded = list(map(str.encode, texts))
    return [_as_bytes(np.array(list(map(len, encoded)), ">i4")), encoded]


def _as_bytes(values: NDArray[Any]) -> list[bytes]:
    # `tolist` of a type without fields makes them far quicker than slicing would.
    return cast("list[bytes]", values.view(f"V{values.itemsize}").tolist())
