"""Rows in the binary format of Postgres' COPY, made from whole columns.

psycopg makes such rows one by one, which costs a few microseconds each; a million rows of a file
are seven million rows of the tables.
Source: Postgres' documentation, "COPY", "Binary Format".
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = struct.pack(">h", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Column(NamedTuple):
    """A column whose values take the same number of bytes; one value stands for all rows."""

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
    return Column(">i8", values)


def digests(values: Sequence[bytes]) -> Column:
    """A `bytea` of 16 bytes for each row."""
    return Column("V16", np.frombuffer(b"".join(values), "V16"))


def packed(count: int, columns: Sequence[Column], texts: Sequence[Sequence[bytes]] = ()) -> bytes:
    """A whole COPY with so many rows.

    Args:
        columns: stand first in each row.
        texts: `text` columns in UTF-8, which stand behind them.
    """
    layout = [("columns", ">i2")]
    for number, column in enumerate(columns):
        layout += [(f"size {number}", ">i4"), (f"value {number}", column.kind)]
    if texts:
        layout.append(("size of the first text", ">i4"))
    records = np.empty(count, layout)
    records["columns"] = len(columns) + len(texts)
    for number, column in enumerate(columns):
        records[f"size {number}"] = records.dtype[f"value {number}"].itemsize
        records[f"value {number}"] = column.values
    if not texts:
        return b"".join((_SIGNATURE, records.tobytes(), _TRAILER))
    first, *others = texts
    records["size of the first text"] = list(map(len, first))
    # As plain bytes: `tolist` of a type without fields makes them far quicker than slicing would.
    starts = records.view(f"V{records.itemsize}").tolist()
    pieces = chain.from_iterable(zip(starts, first, *map(_with_sizes, others), strict=True))
    return b"".join((_SIGNATURE, *pieces, _TRAILER))


def _with_sizes(texts: Sequence[bytes]) -> list[bytes]:
    # A batch has few different hosts, and each is packed once.
    known = {text: struct.pack(">i", len(text)) + text for text in set(texts)}
    return [known[text] for text in texts]
