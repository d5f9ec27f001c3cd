"""An unknown file -> the columns that its owner may have meant."""

from collections.abc import Sequence

from app.catalog.cells.urls import ends_as_picture, looks_like_path, looks_like_url
from app.catalog.layouts.columns import GENERIC, plain_name
from app.catalog.layouts.mapping import ColumnMapping

_MAX_PROPOSED = 50
# Parts of names that image columns have, in the languages whose exports are known.
_IMAGE_WORDS = ("image", "img", "imag", "photo", "foto", "picture", "bild", "afbeelding", "media")
_NAME_WORDS = (
    *("name", "title", "titel", "titre", "titulo", "nombre", "nome", "naam", "nom", "label"),
    *("bezeichnung", "product", "article", "artikel", "item"),
)
_NUMBER_WORDS = ("sku", "serial", "number", "code", "handle", "reference", "artikelnummer", "id")


def propose(header: Sequence[str], rows: Sequence[Sequence[str]]) -> ColumnMapping | None:
    """The columns whose cells are addresses or paths, images before others, and likely ones beside.

    None where at most half of every column's filled cells are addresses.
    """
    names = [cell.strip() for cell in header]
    if len(rows) == 0:
        return None
    addresses, pictures = [], []
    for index, name in enumerate(names):
        cells = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        found = sum(looks_like_url(cell) or looks_like_path(cell) for cell in cells)
        if not plain_name(name) or not cells or 2 * found <= len(cells):
            continue
        addresses.append(name)
        is_named = any(word in plain_name(name) for word in _IMAGE_WORDS)
        if is_named or 2 * sum(map(ends_as_picture, cells)) > len(cells):
            pictures.append(name)
    images = (pictures or addresses)[:_MAX_PROPOSED]
    if not images:
        return None
    others = [name for name in names if plain_name(name) and name not in addresses]
    product_name = _likely(others, *GENERIC.product_name) or _with_word(others, _NAME_WORDS)
    others = [name for name in others if name != product_name]
    serial_number = _likely(others, *GENERIC.serial_number) or _with_word(others, _NUMBER_WORDS)
    return ColumnMapping(tuple(dict.fromkeys(images)), product_name, serial_number)


def _likely(names: Sequence[str], *tiers: frozenset[str]) -> str | None:
    return next((name for tier in tiers for name in names if plain_name(name) in tier), None)


def _with_word(names: Sequence[str], words: Sequence[str]) -> str | None:
    return next((name for word in words for name in names if word in plain_name(name)), None)
