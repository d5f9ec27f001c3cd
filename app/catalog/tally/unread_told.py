"""What is said of columns that hold addresses of pictures and are not read."""

from collections.abc import Container, Sequence

from app.catalog.header.detected import Detected
from app.catalog.layouts.columns import plain_name
from app.catalog.layouts.mapping import MAX_IMAGES, ColumnMapping
from app.catalog.tally.unread import SeenColumn, UnreadColumns

# A file with thousands of such columns is told of by the first ones.
_MAX_TOLD = 20


def addable_columns(detected: Detected, seen: UnreadColumns) -> list[str]:
    """The names of the unread columns that need nothing but to be named in order to be read."""
    if seen.wide is not None or _has_nameless(detected):
        return []
    names = [detected.header[each.index].strip() for each in seen.unread() if each.other is None]
    room = min(MAX_IMAGES - len(detected.layout.image_columns), _MAX_TOLD)
    return [name for name in dict.fromkeys(names) if plain_name(name)][: max(room, 0)]


def unread_warnings(
    detected: Detected, seen: UnreadColumns, *, told: Container[str] = ()
) -> list[str]:
    """A sentence for each thing that the owner should know of the columns beside the images.

    Args:
        told: names of columns that another warning tells of.
    """
    addable = addable_columns(detected, seen)
    name_of = detected.column_name
    unread = seen.unread()
    together = [each for each in unread if name_of(each.index) in addable]
    others = [each for each in unread if each not in together and name_of(each.index) not in told]
    sentences = []
    if together:
        names = ", ".join(
            f'"{name_of(each.index)}" (first in line {each.first:,})' for each in together
        )
        one = len(together) == 1
        sentences.append(
            f"The column{'' if one else 's'} {names} {'holds' if one else 'hold'} addresses of "
            f"pictures and {'is' if one else 'are'} not read. To read {'it' if one else 'them'}, "
            f"too, {_to_send(detected, addable)}"
        )
    sentences += [
        f'The column "{name_of(each.index)}" holds addresses of pictures (first in line '
        f"{each.first:,}) and is not read. To read it as well, {_remedy(detected, seen, each)}"
        for each in others[:_MAX_TOLD]
    ]
    if len(others) > _MAX_TOLD:
        sentences.append(
            f"{len(others) - _MAX_TOLD:,} more columns hold addresses of pictures and are not read."
        )
    sentences += [
        f'The image column "{name_of(each.index)}" has cells without a web address (first in line '
        f'{each.other[0]:,}: "{each.other[1]}"). They are kept as they are.'
        for each in seen.mixed_siblings()[:_MAX_TOLD]
        if each.other is not None
    ]
    return sentences


def _remedy(detected: Detected, seen: UnreadColumns, column: SeenColumn) -> str:
    name = detected.header[column.index].strip()
    if not plain_name(name):
        return 'give it a name in the header, such as "Image 2".'
    first = []
    if column.other is not None:
        line, text = column.other
        first.append(f'empty its cells that hold something else (first in line {line:,}: "{text}")')
    if seen.wide is not None:
        first.append(
            "put quotes around the image addresses of rows that have more cells than the header "
            f"(first in line {seen.wide:,})"
        )
    if _has_nameless(detected):
        first.append("give the columns behind the image addresses names")
    then = f"{' and '.join(first)}, then " if first else ""
    return then + _to_send(detected, [name])


def _to_send(detected: Detected, names: Sequence[str]) -> str:
    mapping = ColumnMapping.of_names(detected.public()["columns"])
    header = [name.strip() for name in detected.header]
    images = sorted({*(name.strip() for name in mapping.images), *names}, key=header.index)
    text = ColumnMapping(tuple(images), mapping.product_name, mapping.serial_number).to_text()
    grouped = detected.platform is not None
    return f"send columns={text}{' (each row is then a product of its own)' if grouped else ''}"


def _has_nameless(detected: Detected) -> bool:
    """Whether columns without a name belong to the images, which nobody can name."""
    return bool(detected.layout.nameless(detected.header))
