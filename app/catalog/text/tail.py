"""Where the text of a file ends: NUL and Ctrl-Z behind its last line are no text.

Programs that save in blocks fill the last one up with NUL; those of DOS end a text with Ctrl-Z.
"""

import os
from typing import BinaryIO

import numpy as np

_BLOCK_BYTES = 64 * 1024
_PADDING = (0x00, 0x1A)
_LAYOUT = (*_PADDING, 0x0A, 0x0D)
_UNITS = {"utf-16-le": "<u2", "utf-16-be": ">u2", "utf-32-le": "<u4", "utf-32-be": ">u4"}


def text_end(stream: BinaryIO, start: int, encoding: str) -> int:
    """The position behind the last byte of a file's text; leaves the stream anywhere.

    Args:
        start: where the text begins.
        encoding: by its name in Python; it says how many bytes a character has at least.
    """
    unit = np.dtype(_UNITS.get(encoding, "u1"))
    size = stream.seek(0, os.SEEK_END)
    end = at = max(size, start)
    odd = (end - start) % unit.itemsize
    if odd:
        stream.seek(end - odd)
        if any(byte not in _PADDING for byte in stream.read(odd)):
            return end
        end = at = end - odd
    while at > start:
        block = max(start, at - _BLOCK_BYTES)
        stream.seek(block)
        units = np.frombuffer(_read(stream, at - block), dtype=unit)
        others = np.flatnonzero(~np.isin(units, _LAYOUT))
        first = int(others[-1]) + 1 if others.size else 0
        padding = np.flatnonzero(np.isin(units[first:], _PADDING))
        if padding.size:
            end = block + (first + int(padding[0])) * unit.itemsize
        if others.size:
            break
        at = block
    return end


def _read(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data
