"""The sample CSV and its pictures, which are read from this folder and never from a network."""

from functools import cache
from pathlib import Path

from app.catalog.layouts.columns import IMAGES, PRODUCT_NAME
from app.catalog.out.writer import encode_table

FILENAME = "sample.csv"
PATH = "/sample-images/"
# Product -> the numbers of its pictures.
PRODUCTS = {
    "Stoneware mug": (1, 2),
    "Linen cushion": (3, 4),
    "Oak stool": (5,),
    "Glass vase": (6, 7),
}
NUMBERS = frozenset(number for numbers in PRODUCTS.values() for number in numbers)
# Where a service listens that nobody has configured. The sample in the project's folder has these
# addresses, and works with any service.
DEFAULT_BASE_URLS = ("http://localhost:8000", "http://127.0.0.1:8000")

_FOLDER = Path(__file__).parent


def sample_csv(base_url: str) -> bytes:
    """A CSV that can be uploaded as it is, for people to put their own rows into.

    Args:
        base_url: of the service that is to show the pictures.
    """
    lines = [["S. No.", PRODUCT_NAME, IMAGES]]
    for number, (name, pictures) in enumerate(PRODUCTS.items(), start=1):
        urls = ",".join(f"{base_url}{PATH}{picture}.jpg" for picture in pictures)
        lines.append([str(number), name, urls])
    return b"".join(encode_table(lines))


@cache
def sample_picture(number: int) -> bytes:
    """A picture of the sample, as a JPEG.

    Raises:
        KeyError: there is none with this number.
    """
    if number not in NUMBERS:
        raise KeyError(number)
    return (_FOLDER / f"{number}.jpg").read_bytes()


class SamplePictures:
    """The sample's pictures by their addresses.

    Args:
        base_url: of this service, besides the usual ones.
    """

    def __init__(self, base_url: str) -> None:
        self._number_of = {
            f"{base}{PATH}{number}.jpg": number
            for base in (base_url, *DEFAULT_BASE_URLS)
            for number in NUMBERS
        }

    def find(self, url: str) -> bytes | None:
        """The picture at this address; None where it is an address like any other."""
        number = self._number_of.get(url)
        return None if number is None else sample_picture(number)
