"""A picture format is added to one table, and nothing that should know it misses it in silence."""

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.catalog.cells.urls import looks_like_path
from app.catalog.tally.unread import _has_ending
from app.domain.formats import (
    CATALOG_EXTENSIONS,
    FORMATS,
    WRITTEN,
    OutputFormat,
    output_choices,
)
from app.imaging import compress
from app.imaging.formats.animation import encode_animation
from app.imaging.formats.encode import ENCODERS, encode
from app.imaging.heads import look
from app.imaging.steps.animation import Animation
from tests.unit.imaging import zoo

APP = Path(__file__).resolve().parents[1] / "app"
TABLE = APP / "domain" / "formats.py"
OFFERED = [each for each in OutputFormat if each is not OutputFormat.KEEP]


def test_what_may_be_asked_for_is_in_the_table_and_on_the_page() -> None:
    assert [FORMATS[each].name for each in OFFERED] == [each.value for each in OFFERED]
    assert {name for name, entry in FORMATS.items() if entry.suits} == set(OFFERED)
    assert [value for value, _ in output_choices()] == list(OutputFormat)
    assert all(entry.kept_as in FORMATS for entry in FORMATS.values())


def test_each_written_format_has_an_encoder_and_no_other_has() -> None:
    assert set(ENCODERS) == WRITTEN


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_each_written_format_is_what_the_table_says(name: str) -> None:
    entry = FORMATS[name]
    data = encode(zoo.photo(32, 24), name, 80)
    assert zoo.opened(data).format == entry.pillow
    frames = (zoo.photo(32, 24), zoo.quarters(32, 24))
    animation = Animation(frames, (100, 100), 0, recoloured=False, notes=())
    if entry.animated:
        moving = zoo.opened(encode_animation(animation, name, 80, (32, 24)))
        assert (moving.format, moving.n_frames) == (entry.pillow, 2)
    else:
        with pytest.raises(ValueError, match="not written as an animation"):
            encode_animation(animation, name, 80, (32, 24))


def test_each_format_that_is_read_is_known_by_its_head() -> None:
    assert {*look.READERS, *look.SIZES} == set(FORMATS)
    assert set(compress.READERS) <= set(FORMATS)


def test_names_endings_and_media_types_are_told_apart() -> None:
    endings = [ending for entry in FORMATS.values() for ending in entry.extensions]
    assert len(endings) == len(set(endings))
    types = [entry.content_type for entry in FORMATS.values()]
    assert len(types) == len(set(types))
    assert all(name == entry.name for name, entry in FORMATS.items())


@pytest.mark.parametrize("ending", CATALOG_EXTENSIONS)
def test_a_catalogue_knows_a_picture_by_the_ending_of_each_format(ending: str) -> None:
    assert looks_like_path(f"photos/shirt.{ending}")
    assert _has_ending(f"photos/shirt.{ending.upper()}?v=2")


def test_no_other_module_lists_formats() -> None:
    """A list of endings, names or media types elsewhere is one that the next format is missing in.

    Readers and encoders are registered by name, each in the one place that the tests above hold to
    the table.
    """
    registers = {"imaging/compress.py", "imaging/heads/look.py", "imaging/formats/encode.py"}
    types = {entry.content_type for entry in FORMATS.values()}
    words = {*CATALOG_EXTENSIONS, *FORMATS, *types}
    found = []
    for path in sorted(APP.rglob("*.py")):
        place = path.relative_to(APP).as_posix()
        if path == TABLE or place in registers:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [word for word in listed(node) if word.removeprefix(".") in words]
            if len(named) > 2:
                found.append(f"{place}:{node.lineno} {named}")
    assert found == []


def listed(node: ast.AST) -> list[str]:
    """The texts that a literal lists: those of a sequence, or the keys of a dictionary."""
    parts: Sequence[ast.expr | None] = ()
    if isinstance(node, ast.Dict):
        parts = node.keys
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = node.elts
    values = [each.value for each in parts if isinstance(each, ast.Constant)]
    return [value for value in values if isinstance(value, str)]
