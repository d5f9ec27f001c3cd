"""What the compression of one picture gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompressedImage:
    """A picture fit for the web.

    Attributes:
        data: the file; it holds pixels and what is needed to show them, no metadata.
        format: a key of `domain.formats.FORMATS`; with `keep`, BMP and ICO come out as PNG.
        width, height: in pixels.
        kept: the source's own picture data, without its metadata, because a new encoding was not
            smaller.
        source_format: a key of `domain.formats.FORMATS`.
        source_width, source_height: of the source in pixels, as it is seen (upright).
        notes: sentences for the report on what was ignored or had to give.
    """

    data: bytes
    format: str
    width: int
    height: int
    kept: bool
    source_format: str
    source_width: int
    source_height: int
    notes: tuple[str, ...] = ()
