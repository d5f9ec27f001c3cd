"""A shop with pictures, and the CSV that names them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost

WriteCsv = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path, image_host: ImageHost) -> WriteCsv:
    """Write products.csv for pictures that the image host has, each after `delay` seconds."""

    def write(rows: int = 3, *, missing: tuple[str, ...] = (), delay: float = 0) -> Path:
        picture = make_jpeg(300, 200)
        for row in range(1, rows + 1):
            for position in (1, 2):
                name = f"{row}-{position}.jpg"
                if name not in missing:
                    image_host.add(name, picture, delay=delay)
        path = tmp_path / "products.csv"
        path.write_bytes(make_csv(rows, base_url=image_host.base_url))
        return path

    return write
