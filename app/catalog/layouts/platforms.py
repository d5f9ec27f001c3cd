"""The shop platforms whose exports are known, from `platforms.toml`, and whose export a header is.

The file itself says what its fields mean; a new platform needs nothing here.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.catalog.cells.separator import Separator
from app.catalog.layouts.layout import ImageColumn, Layout
from app.catalog.layouts.names import HeaderCells, Names

PLATFORMS_FILE = Path(__file__).parents[1] / "platforms.toml"

_BLANK_KEYS = {"above": True, "own": False}


@dataclass(frozen=True, slots=True)
class ImageColumns:
    """Image columns of one kind."""

    names: Names
    separator: Separator
    fallback: bool


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of export."""

    id: str
    name: str
    required: tuple[Names, ...]
    strong: Names
    min_strong: int
    negative: Names
    key: Names
    above_without_key: bool
    group: Names
    parent: Names
    parent_id: Names
    row_type: Names
    product_types: tuple[str, ...]
    labels_below: bool
    product_name: Names
    serial_number: Names
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
    line = HeaderCells(header)
    found = [match for each in platforms() if (match := _match(each, header, line))]
    return sorted(found, key=lambda each: each.score, reverse=True)


def likeliest(found: Sequence[Match]) -> list[Match]:
    """The first of `matches`, and those that are about as likely.

    No real export has all that another platform requires. Where a header does, it has the columns
    of two files, and it takes twice as many of the one to say which of them is meant.
    """
    return [each for each in found if 2 * each.score > found[0].score]


def image_columns(platform_id: str | None, header: Sequence[str]) -> list[int]:
    """A platform's image columns in a header, also those that are only a fallback."""
    line = HeaderCells(header)
    return [
        index
        for platform in platforms()
        if platform.id == platform_id
        for columns in platform.images
        for index in range(len(header))
        if columns.names.has(line, index)
    ]


def _match(platform: Platform, header: Sequence[str], line: HeaderCells) -> Match | None:
    if not all(names.first_in(line) is not None for names in platform.required):
        return None
    if platform.negative.first_in(line) is not None:
        return None
    images = _images(platform, line)
    told_by = (platform.strong, *platform.required)
    strong = {line.keys[index] for index in range(len(header)) if platform.strong.has(line, index)}
    if len(strong) < platform.min_strong or not images:
        return None
    telling = [
        index for index in range(len(header)) if any(names.has(line, index) for names in told_by)
    ]
    layout = Layout(
        images=images,
        product_name=platform.product_name.first_in(line),
        serial_number=platform.serial_number.first_in(line),
        keys=tuple(platform.key.all_in(line)),
        above_without_key=platform.above_without_key,
        group=platform.group.first_in(line),
        parent=platform.parent.first_in(line),
        parent_id=platform.parent_id.first_in(line),
        row_type=platform.row_type.first_in(line),
        product_types=platform.product_types,
        labels_below=platform.labels_below,
        base_url_hint=platform.base_url_hint,
        because=tuple(dict.fromkeys(header[index].strip() for index in telling)),
    )
    return Match(platform, len({line.keys[index] for index in telling}), layout)


def _images(platform: Platform, line: HeaderCells) -> tuple[ImageColumn, ...]:
    found = {
        fallback: [
            ImageColumn(index, columns.separator)
            for index in range(len(line.keys))
            for columns in platform.images
            if columns.fallback is fallback and columns.names.has(line, index)
        ]
        for fallback in (False, True)
    }
    return tuple(found[False] or found[True])


def _platform(block: dict[str, Any]) -> Platform:
    def names(field: str) -> Names:
        return Names.of(block.get(field, []))

    unknown = block.keys() - _FIELDS
    if unknown:
        raise ValueError(f"{block['id']}: there is no field {min(unknown)}")
    return Platform(
        id=block["id"],
        name=block["name"],
        required=tuple(map(Names.of, block["required"])),
        strong=names("strong"),
        min_strong=block["min_strong"],
        negative=names("negative"),
        key=names("key"),
        above_without_key=_BLANK_KEYS[block["blank_key"]],
        group=names("group"),
        parent=names("parent"),
        parent_id=names("parent_id"),
        row_type=names("row_type"),
        product_types=tuple(each.casefold() for each in block.get("product_types", [])),
        labels_below=block.get("labels_below", False),
        product_name=names("product_name"),
        serial_number=names("serial_number"),
        base_url_hint=block.get("base_url_hint", ""),
        images=tuple(map(_image_columns, block["images"])),
    )


# What a block may have; `blank_key` is called by what it means once it is read.
_FIELDS = (frozenset(Platform.__dataclass_fields__) - {"above_without_key"}) | {"blank_key"}


def _image_columns(block: dict[str, Any]) -> ImageColumns:
    unknown = block.keys() - {"names", "separator", "fallback"}
    if unknown:
        raise ValueError(f"image columns: there is no field {min(unknown)}")
    return ImageColumns(
        names=Names.of(block["names"]),
        separator=Separator(block["separator"]),
        fallback=block.get("fallback", False),
    )
