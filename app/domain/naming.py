"""Names of stored objects, stable between runs and safe on every file system and in every URL.

And what is kept of the names that uploads come with.
"""

import re
import unicodedata

SLUG_LENGTH_MAX = 60
FILENAME_LENGTH_MAX = 150
UPLOADS_PREFIX = "uploads/"
ORIGINALS_PREFIX = "originals/"

_UNSAFE = re.compile(r"[^a-z0-9]+")


def product_slug(product_name: str) -> str:
    """The product's name in `a-z`, `0-9` and `-`, at most 60 characters; `image` if none is left.

    >>> product_slug("Crème brûlée Set, 4 pièces")
    'creme-brulee-set-4-pieces'
    """
    plain = unicodedata.normalize("NFKD", product_name).encode("ascii", "ignore").decode()
    slug = _UNSAFE.sub("-", plain.lower())[: SLUG_LENGTH_MAX + 1].strip("-")
    return slug[:SLUG_LENGTH_MAX].strip("-") or "image"


def image_key(
    request_id: str, *, row: int, position: int, product_name: str, extension: str
) -> str:
    """The key of this place's compressed image: `{request_id}/{row}-{position}-{slug}.{ext}`.

    Row and position make it unique within the request, so that a repeat overwrites itself.
    """
    name = image_name(row=row, position=position, product_name=product_name, extension=extension)
    return f"{request_id}/{name}"


def image_name(*, row: int, position: int, product_name: str, extension: str) -> str:
    """What the image of this place is called within its request."""
    return f"{row}-{position}-{product_slug(product_name)}.{extension}"


def original_key(key: str) -> str:
    """The key of the downloaded file when originals are kept; outside the published prefix."""
    return ORIGINALS_PREFIX + key


def upload_key(request_id: str) -> str:
    """The key of the uploaded CSV; never published."""
    return f"{UPLOADS_PREFIX}{request_id}/input.csv"


def prefixes_of(request_id: str) -> tuple[str, ...]:
    """The prefixes of everything that belongs to a request."""
    return (f"{request_id}/", f"{ORIGINALS_PREFIX}{request_id}/", f"{UPLOADS_PREFIX}{request_id}/")


def clean_filename(filename: str) -> str:
    """The caller's name for an upload without folders and control characters."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        character for character in name if not unicodedata.category(character).startswith("C")
    ).strip()
    return name[-FILENAME_LENGTH_MAX:] or "products.csv"
