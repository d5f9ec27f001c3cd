"""Bodies that a host compressed although it was asked not to, unpacked within a limit."""

import zlib

from app.domain.errors import CorruptImage, NotAnImage, ResponseTooLarge

# zlib itself distinguishes gzip's headers from its own.
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS

# `aws-chunked` describes how an object once came into an S3 bucket, and buckets repeat it.
_NO_ENCODINGS = frozenset({"", "identity", "aws-chunked"})


def encodings(header: str | None) -> list[str]:
    """Return the encodings that have to be undone, in the order in which they were applied."""
    named = (each.strip().lower() for each in (header or "").split(","))
    return [each for each in named if each not in _NO_ENCODINGS]


def unpack(data: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """Undo gzip or deflate, stopping as soon as the result would exceed `max_bytes`.

    Raises:
        NotAnImage: another encoding, which nobody asked for.
        ResponseTooLarge: a small body that unpacks to a large one.
        CorruptImage: the data is not what its header says, or is cut.
    """
    # One byte more than allowed tells "exactly at the limit" from "beyond".
    unpacked, is_whole = _inflated(data, encoding, max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise ResponseTooLarge("The image's file unpacks to more bytes than are allowed.")
    if not is_whole:
        raise _broken()
    return unpacked


def unpack_start(data: bytes, encoding: str, *, at_most: int) -> bytes:
    """Undo gzip or deflate of a file's first bytes, as far as they go.

    Raises:
        NotAnImage, CorruptImage: see `unpack`; that the rest is missing is no damage.
    """
    return _inflated(data, encoding, at_most)[0]


def _inflated(data: bytes, encoding: str, at_most: int) -> tuple[bytes, bool]:
    """The unpacked bytes, and whether the compressed data is there to its end."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise NotAnImage("The image's host sent the file in a compressed form that was not asked.")
    try:
        try:
            return _inflate(data, _GZIP_OR_ZLIB, at_most)
        except zlib.error:
            if encoding != "deflate":
                raise
            # RFC 9110 8.4.1.2: some servers send deflate without the zlib wrapper.
            return _inflate(data, _RAW_DEFLATE, at_most)
    except zlib.error as error:
        raise _broken() from error


def _inflate(data: bytes, window_bits: int, at_most: int) -> tuple[bytes, bool]:
    inflater = zlib.decompressobj(window_bits)
    return inflater.decompress(data, at_most), inflater.eof


def _broken() -> CorruptImage:
    return CorruptImage("The image's host sent a compressed file that is broken.")
