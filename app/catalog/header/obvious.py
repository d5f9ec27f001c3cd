"""Files that are no list with serial numbers, and leave no doubt about their columns all the same.

Exports with columns of the owner's choice, of data bases with attachments, and data sets have a
name and images under the usual names, and a number of another kind or lists in their cells.
"""

from collections.abc import Sequence

from app.catalog.cells.separator import Separator
from app.catalog.header.column import ColumnSample, look_at
from app.catalog.header.lines import Candidate
from app.catalog.layouts.columns import GENERIC, PRODUCT_NAME, plain_name
from app.catalog.layouts.layout import ImageColumn, Layout

# What takes a serial number's place, the likeliest first.
_NUMBERS = (
    *("sku", "articlenumber", "articleno", "artikelnummer", "artikelnr", "itemnumber", "артикул"),
    *("productcode", "code", "handle", "asin", "productid", "itemid", "id"),
)
# What columns of names are called in the languages whose exports are known; English ones are found
# by `find_columns`.
_NAMES = (
    *("bezeichnung", "produktname", "artikelname", "nom", "nombre", "nome", "naam", "nazwa"),
    *("namn", "isim", "имя", "название", "наименование", "名前", "商品名", "名称"),
)
# What columns of images are called when they are called nothing else, but for a number behind it.
_IMAGES = frozenset(
    {
        *("img", "imgs", "pic", "pics", "photo", "picture", "bild", "bilder", "foto", "fotos"),
        *("imagen", "imágenes", "imagem", "imagens", "immagine", "immagini", "afbeelding"),
        *("afbeeldingen", "zdjęcie", "zdjęcia", "obrazek", "obrazki", "фото", "изображение"),
        *("изображения", "görsel", "görseller", "画像", "图片", "이미지"),
    }
).union(*GENERIC.images)
_DIGITS = "0123456789"


def obvious_layout(
    line: Candidate, rows: Sequence[Sequence[str]], *, has_base_url: bool
) -> Layout | None:
    """The layout of a file whose header has a name and images that cannot mean anything else.

    Args:
        rows: the first ones below the header.
        has_base_url: paths count as addresses.
    """
    found, cells = line.found, line.cells
    plain = [plain_name(cell) for cell in cells]
    name = found.places.get(PRODUCT_NAME, _first_of(_NAMES, plain))
    if found.is_clear or name is None:
        # A list in our own words has to be a whole one.
        return None
    number = _first_of(_NUMBERS, plain)
    columns = {
        index: column
        for index in range(len(cells))
        if plain[index] and index != name
        for column in [look_at(cells[index], (row[index] for row in rows if index < len(row)))]
        if column.is_readable and column.rank == 0 and (has_base_url or not column.has_paths)
    }
    images = [index for index, column in columns.items() if _holds_lists(column)]
    if not images and number is not None:
        images = [index for index in columns if plain[index].rstrip(_DIGITS) in _IMAGES]
    if not images:
        return None
    told_by = [index for index in (number, name, *images) if index is not None]
    return Layout(
        images=tuple(ImageColumn(index, Separator.ANY) for index in images),
        product_name=name,
        serial_number=number,
        because=tuple(dict.fromkeys(cells[index].strip() for index in told_by)),
    )


def obvious_warning(line: Candidate, layout: Layout) -> str:
    """What the owner has to know of a layout that `obvious_layout` has found."""
    plain = [plain_name(cell) for cell in line.cells]

    def name(index: int) -> str:
        place = f" in column {index + 1}" if plain.count(plain[index]) > 1 else ""
        return f'"{line.cells[index].strip()}"{place}'

    others = [name(index) for index in line.found.twice.get(PRODUCT_NAME, [])[1:]]
    roles = [f"{', '.join(map(name, layout.image_columns))} as images"]
    if layout.product_name is not None:
        instead = f" (not {', '.join(others)})" if others else ""
        roles.append(f"{name(layout.product_name)}{instead} as the products' names")
    if layout.serial_number is not None:
        roles.append(f"{name(layout.serial_number)} as their numbers")
    return (
        f"The file is read by its columns' names: {', '.join(roles)}; every row is a product. If "
        "other columns are meant, name them: "
        'columns={"product_name":"...","images":["..."]}'
    )


def _first_of(names: Sequence[str], plain: Sequence[str]) -> int | None:
    return next((plain.index(each) for each in names if each in plain), None)


def _holds_lists(column: ColumnSample) -> bool:
    """Whether every filled cell of a column is a list, or addresses behind their names."""
    return column.listed == column.cells
