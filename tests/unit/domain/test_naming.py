import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.naming import image_key, original_key, prefixes_of, product_slug, upload_key

REQUEST = "0190d3a0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Blue Shirt", "blue-shirt"),
        ("Crème brûlée Set, 4 pièces", "creme-brulee-set-4-pieces"),
        ("  --Ünï/../\\cödé--  ", "uni-code"),
        ("日本語", "image"),
        ("", "image"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 500, "a" * 60),
        ("word " * 30, "word-word-word-word-word-word-word-word-word-word-word-word"),
    ],
)
def test_a_product_s_name_becomes_a_plain_word(name: str, slug: str) -> None:
    assert product_slug(name) == slug


@given(st.text(max_size=300))
def test_any_name_is_safe_in_files_and_urls(name: str) -> None:
    slug = product_slug(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 60
    assert product_slug(slug) == slug


def test_all_objects_of_a_request_lie_under_its_prefixes() -> None:
    key = image_key(REQUEST, row=2, position=1, product_name="Blue Shirt", extension="jpg")
    assert key == f"{REQUEST}/2-1-blue-shirt.jpg"
    for each in (key, original_key(key), upload_key(REQUEST)):
        assert sum(each.startswith(prefix) for prefix in prefixes_of(REQUEST)) == 1


def test_places_of_one_product_have_names_of_their_own() -> None:
    keys = {
        image_key(REQUEST, row=row, position=position, product_name="Same", extension="jpg")
        for row in range(2, 15)
        for position in range(1, 15)
    }
    assert len(keys) == 13 * 14
