import io
from pathlib import Path

import pytest
from PIL import Image

from app.samples.sample import (
    DEFAULT_BASE_URLS,
    NUMBERS,
    SamplePictures,
    sample_csv,
    sample_picture,
)

BASE = "https://images.example"
DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_picture_of_the_sample_is_there_and_no_other() -> None:
    for number in NUMBERS:
        with Image.open(io.BytesIO(sample_picture(number))) as picture:
            assert (picture.format, picture.size) == ("JPEG", (800, 600))
    # The last one is no name of a file on any system.
    for number in (-1, 0, max(NUMBERS) + 1, 10**400):
        with pytest.raises(KeyError):
            sample_picture(number)


def test_only_the_sample_s_own_addresses_are_read_from_the_folder() -> None:
    pictures = SamplePictures(BASE)
    assert pictures.find(f"{BASE}/sample-images/1.jpg") == sample_picture(1)
    assert pictures.find(f"{DEFAULT_BASE_URLS[0]}/sample-images/7.jpg") == sample_picture(7)
    for other in (
        f"{BASE}/sample-images/8.jpg",
        f"{BASE}/sample-images/1.jpg?x",
        f"{BASE}/sample-images/../1.jpg",
        "https://other.example/sample-images/1.jpg",
        "http://127.0.0.1:8001/sample-images/1.jpg",
    ):
        assert pictures.find(other) is None


def test_the_sample_among_the_documents_is_what_the_service_gives() -> None:
    assert (DOCS / "sample.csv").read_bytes() == sample_csv(DEFAULT_BASE_URLS[0])
