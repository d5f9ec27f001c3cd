"""The columns that the service needs, and the names under which people send them.

A spelling that is missing here is one more string in `GENERIC`. Names are compared without case,
spaces, dots, underscores and other punctuation, so `S. No.`, `s_no` and `SNo` are one name.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.catalog.layouts.layout import Layout, plain_list

SERIAL_NUMBER = "Serial Number"
PRODUCT_NAME = "Product Name"
IMAGES = "Input Image Urls"
# What the output adds, or replaces where an output is uploaded again.
OUTPUT_COLUMN = "Output Image Urls"

# The first line that a file without a header needs, as it is shown in messages.
EXAMPLE_HEADER = f"S. No.,{PRODUCT_NAME},{IMAGES}"

# Exports put a title, a date and a blank line above the header, seldom more.
MAX_LINES_BEFORE_HEADER = 30

_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one kind of file, as tiers: a later tier counts where no earlier one is found.

    So a file with `Product Name` and `Name` is clear, while two columns of one tier are not.
    """

    serial_number: tuple[frozenset[str], ...]
    product_name: tuple[frozenset[str], ...]
    images: tuple[frozenset[str], ...]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


GENERIC = Names(
    serial_number=(
        _names(
            "serialnumber serialnumbers serialno serialnum serialnr sno snum snumber srno srnum "
            "srnumber srlno slno slnum slnumber sn"
        ),
        _names("serial sr sl no nr number"),
    ),
    product_name=(
        _names("productname productnames nameofproduct nameoftheproduct"),
        _names("product productlabel producttitle itemname name title"),
    ),
    images=(
        _names(
            "inputimageurls inputimageurl inputimagesurls inputimagesurl inputimageslinks "
            "inputimagelinks inputimagelink inputimages inputimage inputurls inputurl"
        ),
        _names(
            "imageurls imageurl imagesurls imagesurl imagelinks imagelink imageslinks images image "
            "productimageurls productimageurl productimages productimage pictureurls pictureurl "
            "photourls photourl pictures photos"
        ),
    ),
)


@dataclass(slots=True)
class Found:
    """What one line offers as a header.

    `places` has the index of each needed column that was found, by its canonical name; `twice` the
    indexes of columns that compete for one place; `ignored` those whose name would also do, but
    that a better name has beaten; `first_choice` the canonical names of those found by their own.
    """

    places: dict[str, int] = field(default_factory=dict)
    twice: dict[str, list[int]] = field(default_factory=dict)
    ignored: dict[str, list[int]] = field(default_factory=dict)
    first_choice: set[str] = field(default_factory=set)

    @property
    def missing(self) -> list[str]:
        """The canonical names of needed columns that the line does not have."""
        return [name for name in (SERIAL_NUMBER, PRODUCT_NAME, IMAGES) if name not in self.places]

    @property
    def is_clear(self) -> bool:
        """True when name or images have the name that the service itself gives them.

        Other names for them are also those of shops' exports.
        """
        return PRODUCT_NAME in self.first_choice or IMAGES in self.first_choice

    def layout(self, gallery: Sequence[int] = ()) -> Layout:
        """The layout of a plain list; only where nothing but a serial number is `missing`.

        Args:
            gallery: see `plain_list`.
        """
        places = self.places
        return plain_list(places.get(SERIAL_NUMBER), places[PRODUCT_NAME], places[IMAGES], gallery)


def plain_name(name: str) -> str:
    """A column's name without case, spaces and punctuation, for comparing."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", name).casefold())


def find_column(header: Sequence[str], name: str) -> int | None:
    """The index of the first column that has this name, in any spelling of it."""
    wanted = plain_name(name)
    return next((i for i, cell in enumerate(header) if plain_name(cell) == wanted), None)


def find_columns(header: Sequence[str], names: Names = GENERIC) -> Found:
    """Look for the needed columns among the cells of one line."""
    plain = [plain_name(cell) for cell in header]
    found = Found()
    for canonical, tiers in (
        (SERIAL_NUMBER, names.serial_number),
        (PRODUCT_NAME, names.product_name),
        (IMAGES, names.images),
    ):
        for tier in tiers:
            indexes = [index for index, name in enumerate(plain) if name in tier]
            if not indexes:
                continue
            if canonical in found.places:
                found.ignored.setdefault(canonical, []).extend(indexes)
                continue
            found.places[canonical] = indexes[0]
            if tier is tiers[0]:
                found.first_choice.add(canonical)
            if len(indexes) == 1:
                continue
            # `S. No.` beside `Serial Number` is a counter beside a device's number: the first one
            # will do, as nothing is done with either. Names and images must not be a guess.
            if canonical == SERIAL_NUMBER and len({plain[index] for index in indexes}) > 1:
                found.ignored.setdefault(canonical, []).extend(indexes[1:])
            else:
                found.twice[canonical] = indexes
    return found
