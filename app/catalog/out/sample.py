"""A CSV to begin with."""

from app.catalog.layouts.columns import IMAGES, PRODUCT_NAME
from app.catalog.out.writer import encode_table

_PICTURES = "https://www.example.com/images/"

_ROWS = (
    ("Cotton T-shirt, blue", ("t-shirt-front.jpg", "t-shirt-back.jpg")),
    ("Coffee mug", ("mug.png",)),
    ("Running shoes", ("shoes-1.jpg", "shoes-2.jpg", "shoes-3.jpg")),
)


def sample_csv() -> bytes:
    """A valid CSV that can be uploaded as it is, for people to put their own rows into."""
    lines = [["S. No.", PRODUCT_NAME, IMAGES]]
    for number, (name, pictures) in enumerate(_ROWS, start=1):
        lines.append([str(number), name, ",".join(_PICTURES + picture for picture in pictures)])
    return b"".join(encode_table(lines))
