"""What is known of an image that is done, said once.

The columns of `images` and `image_files`, the outcomes that a worker writes, what a later request
takes over, the image's document and the report are made from these types. A new fact is a field
here, a column in a new revision of the database and, if callers see it, a name in `SHOWN`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints


class FileRole(StrEnum):
    """What a file of an image is, beside its output."""

    ORIGINAL = "original"


class StoredFile(NamedTuple):
    """A picture's file in the store; sides in pixels as they are seen (upright).

    Sides and format are None only of originals of versions that did not keep them. The format is a
    key of `domain.formats.FORMATS`.
    """

    key: str
    bytes: int
    width: int | None
    height: int | None
    format: str | None


class Source(NamedTuple):
    """A picture as its host has it, fetched or looked at by a check; None: not known."""

    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None


class ImageResult(NamedTuple):
    """What came of an image.

    Attributes:
        file: the compressed picture; None after a check, which makes none.
        original: the picture as it was fetched, where it was kept.
        kept: the file has the source's own picture data, as a new encoding was not smaller.
        notes: sentences on what was ignored or had to give.
        etag, last_modified: what the host said of the source, to ask whether it is still the same.
        final_url: who said so, where that was not the source URL itself.
    """

    source: Source = Source()
    file: StoredFile | None = None
    original: StoredFile | None = None
    kept: bool | None = None
    notes: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    final_url: str | None = None

    @property
    def files(self) -> dict[FileRole, StoredFile]:
        """The files beside the output; each is a row of `image_files`."""
        return {FileRole.ORIGINAL: self.original} if self.original is not None else {}

    def all_files(self) -> tuple[StoredFile, ...]:
        """The output, where there is one, and the files beside it."""
        return (*((self.file,) if self.file is not None else ()), *self.files.values())

    @property
    def input_bytes(self) -> int:
        """Size of the source; 0 where it is not known."""
        return self.source.bytes or 0

    @property
    def output_bytes(self) -> int:
        """Size of the compressed picture; 0 where there is none."""
        return self.file.bytes if self.file is not None else 0


# The fields of a result that callers see, under these names and in this order.
SHOWN = (
    "input_bytes",
    "output_bytes",
    "width",
    "height",
    "format",
    "source_width",
    "source_height",
    "source_format",
)

_PREFIXES = {"file": "", "source": "source_"}
_OWN_NAMES = {
    ("file", "key"): "storage_key",
    ("file", "bytes"): "output_bytes",
    ("source", "bytes"): "input_bytes",
}


def _flat(part: str, fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(_OWN_NAMES.get((part, name), _PREFIXES[part] + name) for name in fields)


def _types(of: type) -> dict[str, type]:
    """The fields of one value with their types: `int` of `int | None`."""
    found: dict[str, type] = {}
    for name, hint in get_type_hints(of).items():
        (found[name],) = [each for each in get_args(hint) or (hint,) if each is not NoneType]
    return found


_SOURCE, _FILE = _flat("source", Source._fields), _flat("file", StoredFile._fields)
_PLAIN = tuple(name for name in ImageResult._fields if name not in {"source", "file", *FileRole})

FILE_FACTS = _types(StoredFile)
# All but `files`, by their flat names, which are those of their columns in `images`.
FACTS: dict[str, type] = {
    **dict(zip(_SOURCE, _types(Source).values(), strict=True)),
    **dict(zip(_FILE, FILE_FACTS.values(), strict=True)),
    **{name: of for name, of in _types(ImageResult).items() if name in _PLAIN},
}


def facts_of(result: ImageResult) -> dict[str, Any]:
    """The result's facts by their flat names; `files` are not among them."""
    facts = dict(zip(_SOURCE, result.source, strict=True))
    if result.file is not None:
        facts |= zip(_FILE, result.file, strict=True)
    for name in _PLAIN:
        facts[name] = getattr(result, name)
    return facts


def result_of(
    facts: Mapping[str, Any], files: Mapping[FileRole, StoredFile] | None = None
) -> ImageResult:
    """The result with these facts, of which others are ignored, and these files."""
    file = None
    if facts["storage_key"] is not None:
        file = StoredFile(*(facts[name] for name in _FILE))
    return ImageResult(
        source=Source(*(facts[name] for name in _SOURCE)),
        file=file,
        original=(files or {}).get(FileRole.ORIGINAL),
        **{name: facts[name] for name in _PLAIN},
    )


def joined(notes: Iterable[str]) -> str | None:
    """Sentences as one text; None where there are none."""
    return "; ".join(notes) or None
