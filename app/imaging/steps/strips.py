"""A picture in strips: copies of a strip cost little memory, copies of a large picture a lot."""

from collections.abc import Iterator

from PIL import Image

STRIP_ROWS = 256


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The picture in strips, each with the row where it starts."""
    for top in range(0, image.height, STRIP_ROWS):
        yield top, image.crop((0, top, image.width, min(top + STRIP_ROWS, image.height)))
