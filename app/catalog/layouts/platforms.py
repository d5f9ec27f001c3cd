"""The shop platforms whose exports are known, from `platforms.toml`, and whose export a header is.

The file itself says what its fields mean; a new platform needs nothing here.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.catalog.cells.separator import Separator
from app.catalog.layouts.columns import plain_name
from app.catalog.layouts.layout import ImageColumn, Layout

PLATFORMS_FILE = Path(__file__).parents[1] / "platforms.toml"

_NUMBER = "{n}"
_BLANK_KEYS = {"above": True, "own": False}


@dataclass(frozen=True, slots=True)
class ImageColumns:
    """Image columns of one kind: those with one of `names`, and those that `pattern` describes."""

    names: frozenset[str]
    pattern: re.Pattern[str] | None
    separator: Separator
    fallback: bool

    def has(self, name: str) -> bool:
        """Whether a header, as `plain_name` gives it, is one of these."""
        return name in self.names or bool(self.pattern and self.pattern.fullmatch(name))


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of export. Names are as `plain_name` gives them, in the order in which they count."""

    id: str
    name: str
    required: tuple[frozenset[str], ...]
    strong: frozenset[str]
    min_strong: int
    negative: frozenset[str]
    key: tuple[str, ...]
    above_without_key: bool
    parent: tuple[str, ...]
    parent_id: tuple[str, ...]
    row_type: tuple[str, ...]
    product_types: tuple[str, ...]
    product_name: tuple[str, ...]
    serial_number: tuple[str, ...]
    empty: tuple[str, ...]
    base_url_hint: str
    images: tuple[ImageColumns, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A platform whose export a header may be; `score` counts the headers that speak for it."""

    platform: Platform
    score: int
    layout: Layout


@cache
def platforms() -> tuple[Platform, ...]:
    """All platforms of the data file.

    Raises:
        ValueError: the file is not as it describes itself; its test says so before anybody else.
    """
    document = tomllib.loads(PLATFORMS_FILE.read_text(encoding="utf-8"))
    return tuple(_platform(block) for block in document["platform"])


def platform_name(platform_id: str) -> str:
    """What a platform is called in a sentence."""
    return next(each.name for each in platforms() if each.id == platform_id)


def matches(header: Sequence[str]) -> list[Match]:
    """The platforms that a line may be the header of, the likeliest first."""
    names = [plain_name(cell) for cell in header]
    found = [match for each in platforms() if (match := _match(each, header, names))]
    return sorted(found, key=lambda each: each.score, reverse=True)


def likeliest(found: Sequence[Match]) -> list[Match]:
    """The first of `matches`, and those that are about as likely.

    No real export has all that another platform requires. Where a header does, it has the columns
    of two files, and it takes twice as many of the one to say which of them is meant.
    """
    return [each for each in found if 2 * each.score > found[0].score]


def is_image_column(platform_id: str | None, name: str) -> bool:
    """Whether a platform has an image column of this name, also one that is only a fallback."""
    plain = plain_name(name)
    return any(
        columns.has(plain)
        for platform in platforms()
        if platform.id == platform_id
        for columns in platform.images
    )


def _match(platform: Platform, header: Sequence[str], names: Sequence[str]) -> Match | None:
    present = set(names)
    if platform.negative & present or not all(group & present for group in platform.required):
        return None
    strong = platform.strong & present
    images = _images(platform, names)
    if len(strong) < platform.min_strong or not images:
        return None
    telling = [
        index
        for index, name in enumerate(names)
        if name in strong or any(name in group for group in platform.required)
    ]
    layout = Layout(
        images=images,
        product_name=_first(names, platform.product_name),
        serial_number=_first(names, platform.serial_number),
        keys=tuple(names.index(name) for name in platform.key if name in present),
        above_without_key=platform.above_without_key,
        parent=_first(names, platform.parent),
        parent_id=_first(names, platform.parent_id),
        row_type=_first(names, platform.row_type),
        product_types=platform.product_types,
        empty=platform.empty,
        base_url_hint=platform.base_url_hint,
        because=tuple(dict.fromkeys(header[index].strip() for index in telling)),
    )
    return Match(platform, len({names[index] for index in telling}), layout)


def _images(platform: Platform, names: Sequence[str]) -> tuple[ImageColumn, ...]:
    found = {
        fallback: [
            ImageColumn(index, columns.separator)
            for index, name in enumerate(names)
            for columns in platform.images
            if columns.fallback is fallback and columns.has(name)
        ]
        for fallback in (False, True)
    }
    return tuple(found[False] or found[True])


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _platform(block: dict[str, Any]) -> Platform:
    def plain(field: str) -> tuple[str, ...]:
        return tuple(plain_name(name) for name in block.get(field, []))

    unknown = block.keys() - _FIELDS
    if unknown:
        raise ValueError(f"{block['id']}: there is no field {min(unknown)}")
    return Platform(
        id=block["id"],
        name=block["name"],
        required=tuple(frozenset(map(plain_name, group)) for group in block["required"]),
        strong=frozenset(plain("strong")),
        min_strong=block["min_strong"],
        negative=frozenset(plain("negative")),
        key=plain("key"),
        above_without_key=_BLANK_KEYS[block["blank_key"]],
        parent=plain("parent"),
        parent_id=plain("parent_id"),
        row_type=plain("row_type"),
        product_types=tuple(each.casefold() for each in block.get("product_types", [])),
        product_name=plain("product_name"),
        serial_number=plain("serial_number"),
        empty=tuple(each.casefold() for each in block.get("empty", [])),
        base_url_hint=block.get("base_url_hint", ""),
        images=tuple(map(_image_columns, block["images"])),
    )


# What a block may have; `blank_key` is called by what it means once it is read.
_FIELDS = (frozenset(Platform.__dataclass_fields__) - {"above_without_key"}) | {"blank_key"}


def _image_columns(block: dict[str, Any]) -> ImageColumns:
    unknown = block.keys() - {"names", "pattern", "separator", "fallback"}
    if unknown:
        raise ValueError(f"image columns: there is no field {min(unknown)}")
    pattern = None
    if "pattern" in block:
        before, _, behind = block["pattern"].partition(_NUMBER)
        pattern = re.compile(
            f"{re.escape(plain_name(before))}[0-9]{{1,3}}{re.escape(plain_name(behind))}"
        )
    return ImageColumns(
        names=frozenset(map(plain_name, block.get("names", []))),
        pattern=pattern,
        separator=Separator(block["separator"]),
        fallback=block.get("fallback", False),
    )
