"""The page's words: complete, and readable."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import app.catalog
from app.api.contract.hosts import HostState
from app.domain.errors import IMAGE_ERROR_CODES
from app.domain.statuses import ImageStatus, RequestStatus
from app.web import words

# Whoever makes an error of a CSV -> which of its arguments is the code.
MAKERS = {"CellError": 3, "file_error": 2, "error": 3, "Broken": 1}


def test_every_error_of_a_csv_has_a_heading_on_the_page() -> None:
    codes = _codes_of_the_catalogue()
    assert {"missing_value", "invalid_url", "unclosed_quote", "ambiguous_platform"} <= codes
    assert codes == set(words.CELL_PROBLEMS)


def test_every_state_and_every_image_error_has_words() -> None:
    assert set(words.REASONS) == set(IMAGE_ERROR_CODES)
    assert set(words.HOST_STATES) == set(get_args(HostState))
    assert set(words.IMAGE_STATES) == {each.value for each in ImageStatus}
    assert set(words.REQUEST_STATES) == {each.value for each in RequestStatus}


@pytest.mark.parametrize(
    ("platform", "sentence"),
    [
        ("Shopify", "This is a Shopify export"),
        ("Etsy", "This is an Etsy export"),
        ("Amazon flat file", "This is an Amazon flat file"),
        ("BigCommerce (legacy export)", "This is a BigCommerce (legacy export)"),
        ("", "This is a list of products"),
    ],
)
def test_a_kind_of_file_is_a_sentence(platform: str, sentence: str) -> None:
    assert words.kind_of_file(platform, is_mapped=False) == sentence


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C", "D"], "A, B, C and D"),
        (["A", "B", "C", "D", "E", "F"], "A, B, C, D and 2 more"),
    ],
)
def test_long_lists_of_columns_are_cut(names: list[str], text: str) -> None:
    assert words.some(names) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (1_234.4, "1,234 a second"),
        (20, "20 a second"),
        (2.5, "2.5 a second"),
        (3.0, "3 a second"),
        (0.2, "12 a minute"),
    ],
)
def test_a_rate_has_no_more_digits_than_are_read(per_second: float, text: str) -> None:
    assert words.rate(per_second) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "next try now"),
        (8.2, "next try in 8 s"),
        (150, "next try in about 2 minutes"),
        (7_200, "next try in about 2 hours"),
    ],
)
def test_the_next_try_at_a_host_is_a_few_words(seconds: float, text: str) -> None:
    assert words.next_try(seconds) == text


def _codes_of_the_catalogue() -> set[str]:
    codes = set()
    for path in Path(app.catalog.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = MAKERS.get(name)
            named = [each.value for each in node.keywords if each.arg == "code"]
            given = named or node.args[place : place + 1] if place is not None else []
            codes |= {each.value for each in given if isinstance(each, ast.Constant)}
    return codes
