"""The messages between the service and a codec child.

To the child: the options as JSON, beside the file. From the child, once it is ready: the layers
that shut it in. Then for each picture: a frame with its number and the sizes of what follows, a
header as JSON and, if it went well, the new file. A child decodes hostile files and may have been
taken over by one, so its answer is data to be checked: nothing is unpickled, and every field has
its bounds.
"""

import json
import struct
from collections.abc import Container
from dataclasses import asdict
from functools import lru_cache
from typing import Any, NamedTuple

from app.confined.sandbox import Layer
from app.domain.errors import (
    CorruptImage,
    ImageError,
    InternalError,
    NotAnImage,
    TooManyPixels,
    UnsupportedFormat,
)
from app.domain.formats import FORMATS, WRITTEN, OutputFormat
from app.domain.picture_options import PictureOptions
from app.imaging.result import CompressedImage

_READY = b"ready"
READY_BYTES = len(_READY) + 1
MAX_HEADER_BYTES = 16_384
MAX_MESSAGE_CHARS, MAX_NOTES = 400, 20
MAX_SIDE_PX = 2**31 - 1
MEMORY_CODE = "memory"
# The errors that a child may report; crashes and timeouts are found by the parent.
CHILD_ERRORS: dict[str, type[ImageError]] = {
    error.code: error
    for error in (CorruptImage, InternalError, NotAnImage, TooManyPixels, UnsupportedFormat)
}


_FRAME = struct.Struct("!QdIQ")
FRAME_BYTES = _FRAME.size


class Frame(NamedTuple):
    """The head of an answer: the picture, the seconds it took, and the sizes of what follows.

    Nothing here is checked yet: the seconds may be NaN.
    """

    number: int
    seconds: float
    header_bytes: int
    data_bytes: int

    @classmethod
    def unpack(cls, message: bytes) -> "Frame":
        """The frame of `pack`."""
        return cls(*_FRAME.unpack(message))

    def pack(self) -> bytes:
        """FRAME_BYTES bytes."""
        return _FRAME.pack(*self)


def pack_ready(layers: Layer) -> bytes:
    """The first message of a child: what it is shut in by."""
    return _READY + bytes([layers.value])


def unpack_ready(message: bytes) -> Layer:
    """The layers of `pack_ready`; it comes before any picture, so it is our own code's word."""
    return Layer(message[-1])


class ChildOutOfMemory(Exception):
    """The child reached its memory limit and said so."""


class InvalidChildReply(Exception):
    """The child's answer breaks the rules above; it cannot be trusted any more."""


@lru_cache(maxsize=16)
def pack_options(options: PictureOptions) -> bytes:
    """The options for `unpack_options`."""
    return json.dumps(asdict(options)).encode()


def unpack_options(message: bytes) -> PictureOptions:
    """The options from `pack_options`."""
    values = json.loads(message)
    return PictureOptions(**values | {"format": OutputFormat(values["format"])})


def pack_header(image: CompressedImage) -> bytes:
    """All of a result but its bytes, which follow it."""
    fields = {name: getattr(image, name) for name in CompressedImage.__slots__ if name != "data"}
    fields["notes"] = list(image.notes)[:MAX_NOTES]
    return json.dumps(fields).encode()


def pack_error(code: str, message: str) -> bytes:
    """A failure of one image; `code` is a key of `CHILD_ERRORS` or `MEMORY_CODE`."""
    return json.dumps({"error": code, "message": message[:MAX_MESSAGE_CHARS]}).encode()


def unpack_header(message: bytes) -> dict[str, Any]:
    """The checked fields of a result, without `data`.

    Raises:
        ImageError: what the child found wrong with the picture.
        ChildOutOfMemory: it needed more memory than it has.
        InvalidChildReply: the header is not what a healthy child sends.
    """
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise InvalidChildReply from error
    if not isinstance(fields, dict):
        raise InvalidChildReply
    if "error" in fields:
        raise _error(fields.get("error"), fields.get("message"))
    notes = fields.get("notes")
    if not isinstance(notes, list) or len(notes) > MAX_NOTES:
        raise InvalidChildReply
    return {
        "format": _format(fields.get("format"), WRITTEN),
        "width": _side(fields.get("width")),
        "height": _side(fields.get("height")),
        "kept": fields.get("kept") is True,
        "source_format": _format(fields.get("source_format"), FORMATS),
        "source_width": _side(fields.get("source_width")),
        "source_height": _side(fields.get("source_height")),
        "notes": tuple(_text(note) for note in notes),
    }


def _error(code: object, message: object) -> Exception:
    if code == MEMORY_CODE:
        return ChildOutOfMemory()
    known = CHILD_ERRORS.get(code) if isinstance(code, str) else None
    return known(_text(message)) if known else InvalidChildReply()


def _format(value: object, known: Container[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    raise InvalidChildReply


def _side(value: object) -> int:
    if type(value) is int and 1 <= value <= MAX_SIDE_PX:
        return value
    raise InvalidChildReply


def _text(value: object) -> str:
    """A sentence that may be shown and logged: short, one line, printable."""
    if not isinstance(value, str):
        raise InvalidChildReply
    return "".join(char for char in value[:MAX_MESSAGE_CHARS] if char.isprintable())
