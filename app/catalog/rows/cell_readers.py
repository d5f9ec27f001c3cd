"""The reader of image cells that a file's layout asks for."""

from app.catalog.cells.none_words import NONE_WORDS
from app.catalog.cells.reader import CellReader
from app.catalog.header.detected import Detected


def cell_reader(detected: Detected) -> CellReader:
    """A reader for the image cells of a file.

    Each row of a plain list needs a picture. A row of an export may have none, in any words.
    """
    return CellReader(detected.base_url, () if detected.layout.is_list else NONE_WORDS)
