"""Further image columns beside the one that is known: found by their names and what they hold.

A name alone decides nothing: `Image Alt Text` is named as images are, and `Image 3` may be
empty for the first thousand rows.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import is_address_of_picture, looks_like_path, looks_like_url
from app.catalog.cells.wrapped.find import may_be_wrapped

# Parts of names, without accents, in the languages whose exports are known and some more.
_IMAGE_PARTS = (
    *("image", "imag", "img", "immagin", "photo", "foto", "picture", "bild", "billede"),
    *("afbeelding", "zdjec", "obraz", "gorsel", "resim", "фото", "изображ", "картин"),
    *("画像", "写真", "图片", "圖片", "图像", "이미지", "사진"),
)
_IMAGE_WORDS = frozenset({"pic", "pics"})
# Whoever writes these may mean something else: they count where pictures are below them.
_GALLERY_PARTS = ("galler", "galeri", "hover", "lifestyle", "swatch", "thumbnail", "media")
# Below these are pages and films, whatever else the name says.
_PAGE_WORDS = frozenset(
    {
        *("video", "videos", "film", "movie", "page", "seite", "pagina"),
        *("credit", "license", "licence", "photographer", "fotograf"),
    }
)
# Facts about an image that are no address of one; for columns that show nothing else.
_ABOUT_WORDS = frozenset(
    {
        *("alt", "text", "texts", "tag", "tags", "title", "caption", "label", "labels", "name"),
        *("description", "position", "sort", "order", "count", "number", "width", "height"),
        *("size", "id", "type", "format", "date", "is", "delete", "color", "colour"),
    }
)
_MAIN_WORDS = frozenset(
    {"main", "primary", "first", "cover", "featured", "base", "default", "haupt", "principal"}
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_LETTERS = re.compile(r"[\W\d_]+")


def is_named_as_images(name: str) -> bool:
    """Whether a header says that addresses below it are those of pictures."""
    words = words_of(name)
    return (
        any(part in word for word in words for part in _IMAGE_PARTS)
        or not _IMAGE_WORDS.isdisjoint(words)
    ) and _PAGE_WORDS.isdisjoint(words)


def is_named_as_gallery(name: str) -> bool:
    """Whether a header may say that addresses below it are those of pictures, or of something else.

    Its cells have to say that.
    """
    words = words_of(name)
    return any(
        part in word for word in words for part in _GALLERY_PARTS
    ) and _PAGE_WORDS.isdisjoint(words)


def is_named_as_main(name: str) -> bool:
    """Whether a header says that the picture below it comes before the others."""
    return not _MAIN_WORDS.isdisjoint(words_of(name)) or _folded(name).startswith("hauptbild")


def is_sibling(name: str, cells: Iterable[str], *, has_base_url: bool) -> bool:
    """Whether a column is a further image column.

    Args:
        cells: those of the file's first rows.
        has_base_url: paths count as addresses.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return is_named_as_images(name) and _ABOUT_WORDS.isdisjoint(words_of(name))
    reader = CellReader()
    addresses = [
        address
        for cell in filled
        for address in _addresses(cell, reader, has_base_url=has_base_url)
    ]
    if is_named_as_images(name):
        return bool(addresses)
    return is_named_as_gallery(name) and any(map(is_address_of_picture, addresses))


def find_siblings(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    taken: Iterable[int | None],
    *,
    has_base_url: bool,
) -> tuple[int, ...]:
    """The further image columns of a file, in its order.

    Args:
        rows: the first ones of the file.
        taken: columns that mean something else, or are read already.
    """
    others = set(range(len(header))).difference(index for index in taken if index is not None)
    return tuple(
        index
        for index in sorted(others)
        if is_sibling(
            header[index],
            (row[index] for row in rows if index < len(row)),
            has_base_url=has_base_url,
        )
    )


def _addresses(cell: str, reader: CellReader, *, has_base_url: bool) -> list[str]:
    """What in a cell is an address; of a cell that begins with one, all of it."""
    if looks_like_url(cell) or (has_base_url and looks_like_path(cell)):
        return [cell]
    return reader.read(cell, Separator.ANY).urls if may_be_wrapped(cell) else []


def words_of(name: str) -> set[str]:
    """The words of a header, in small letters and without accents."""
    return set(_NO_LETTERS.split(_folded(_HUMP.sub(" ", name)))) - {""}


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    # Hangul falls into its parts above, which have to come together again.
    return unicodedata.normalize("NFKC", plain).casefold()
