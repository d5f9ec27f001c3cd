"""Entity tags and file names in headers."""

import pytest

from app.api.answers import attachment, matches_tag, state_tag
from app.api.contract.health import Health


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        (None, False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
    ],
)
def test_if_none_match_compares_every_named_tag(header: str | None, matches: bool) -> None:
    assert matches_tag(header, '"abc"') is matches


def test_equal_documents_have_equal_tags_and_others_do_not() -> None:
    one = state_tag(Health(status="ok").model_dump_json())
    assert one == state_tag(Health(status="ok").model_dump_json())
    assert one != state_tag(Health(status="away").model_dump_json())


def test_a_plain_file_name_stands_in_the_header_as_it_is() -> None:
    assert attachment("shoes-output.csv") == 'attachment; filename="shoes-output.csv"'


@pytest.mark.parametrize("name", ['a"b.csv', "a\\b.csv", "Größe.csv", "商品.csv", "a\r\nX: y.csv"])
def test_an_awkward_file_name_is_encoded_and_breaks_no_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "filename*=UTF-8''" in header
