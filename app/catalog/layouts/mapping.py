"""What a caller says about a file that nothing else can tell: which columns, and before what."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.cells.checker import UrlChecker
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import origin_of
from app.catalog.layouts.columns import plain_name
from app.catalog.layouts.layout import ImageColumn, Layout
from app.domain.errors import OptionInvalid

# So that a mapping of every column of a wide file still fits.
_MAX_CHARS = 20_000
MAX_IMAGES = 200
_MAX_BASE_CHARS = 2_000
_FIELDS = ("product_name", "serial_number", "images")
_EXAMPLE = '{"product_name":"Title","serial_number":"SKU","images":["Photo 1","Photo 2"]}'


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Names of headers, in any spelling of them; rows are products of their own."""

    images: tuple[str, ...]
    product_name: str | None = None
    serial_number: str | None = None

    @classmethod
    def of_names(cls, columns: Mapping[str, Any]) -> "ColumnMapping":
        """The mapping that means the columns of `Detected.public`."""
        return cls(
            tuple(dict.fromkeys(columns["images"])),
            columns["product_name"],
            columns["serial_number"],
        )

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the header has to have."""
        others = (name for name in (self.product_name, self.serial_number) if name is not None)
        return (*others, *self.images)

    def missing(self, header: Sequence[str]) -> list[str]:
        """The names that a line does not have."""
        present = set(map(plain_name, header))
        return [name for name in self.names if plain_name(name) not in present]

    def layout(self, header: Sequence[str]) -> Layout:
        """The layout of a file with this header, which has all names.

        A name that occurs more than once means all of its columns where it is one of `images`, and
        the first one elsewhere.
        """
        plain = [plain_name(cell) for cell in header]
        wanted = set(map(plain_name, self.images))
        return Layout(
            images=tuple(
                ImageColumn(index, Separator.ANY)
                for index, name in enumerate(plain)
                if name in wanted
            ),
            product_name=_index(plain, self.product_name),
            serial_number=_index(plain, self.serial_number),
            because=tuple(header[plain.index(plain_name(name))].strip() for name in self.names),
        )

    def to_text(self) -> str:
        """The JSON that `parse_mapping` reads."""
        values = {
            "product_name": self.product_name,
            "serial_number": self.serial_number,
            "images": list(self.images),
        }
        given = {name: value for name, value in values.items() if value is not None}
        return json.dumps(given, ensure_ascii=False)


def parse_mapping(text: str) -> ColumnMapping:
    """Read the option `columns`.

    Raises:
        OptionInvalid: it is no JSON object of names, or names no image column.
    """
    if len(text) > _MAX_CHARS:
        raise _invalid(f"has more than {_MAX_CHARS:,} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid("is no JSON") from None
    if not isinstance(document, dict):
        raise _invalid("is no JSON object")
    unknown = [name for name in document if name not in _FIELDS]
    if unknown:
        raise _invalid(f"has {unknown[0][:100]!r}, which is none of {', '.join(_FIELDS)}")
    images = document.get("images")
    if isinstance(images, str):
        images = [images]
    if not isinstance(images, list) or not images:
        raise _invalid("names no image column: images is a list of at least one header")
    if len(images) > MAX_IMAGES:
        raise _invalid(f"names more than {MAX_IMAGES} image columns")
    return ColumnMapping(
        images=tuple(_name("images", each) for each in images),
        product_name=_optional(document, "product_name"),
        serial_number=_optional(document, "serial_number"),
    )


def parse_base_url(text: str) -> str:
    """Check the option `base_url`: the beginning of relative paths; without a slash at its end.

    Raises:
        OptionInvalid: it is no address, or one with a query.
    """
    origin = origin_of(text)
    usable = (
        origin
        and len(text) <= _MAX_BASE_CHARS
        and not any(each in text for each in "?#<>\"'\\")
        and len(text.split()) == 1
        and UrlChecker().is_valid_origin(origin)
    )
    if not usable:
        raise OptionInvalid(
            f"base_url is {text[:100]!r}, but must be the address that comes before the paths in "
            "the file, such as https://shop.example/media/catalog/product",
            option="base_url",
        )
    return text.rstrip("/")


def _optional(document: dict[str, Any], field: str) -> str | None:
    value = document.get(field)
    return None if value is None else _name(field, value)


def _name(field: str, value: object) -> str:
    if not isinstance(value, str) or not plain_name(value):
        raise _invalid(f"has something else than a header's name in {field}")
    return value.strip()


def _index(plain: Sequence[str], name: str | None) -> int | None:
    return None if name is None else plain.index(plain_name(name))


def _invalid(what: str) -> OptionInvalid:
    return OptionInvalid(f"columns {what}. Send, for example: {_EXAMPLE}", option="columns")
