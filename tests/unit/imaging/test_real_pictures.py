"""Pictures that other people made: those which the packages of this environment ship.

`python -m benchmarks real-pictures FOLDER` takes any folder.
"""

import sysconfig
from pathlib import Path

import pytest

from tests.unit.imaging import zoo
from tests.unit.imaging.reference import Verdict, judge, pictures

MOST_BYTES = 1_000_000
SHIPPED = [
    path
    for path in pictures(Path(sysconfig.get_path("purelib")))
    if path.stat().st_size <= MOST_BYTES
]


def test_there_are_pictures_to_look_at() -> None:
    assert SHIPPED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_picture_looks_as_pillow_and_imagecms_make_it(path: Path) -> None:
    verdict = judge(path.read_bytes())
    assert verdict.word in ("same", "both refuse"), verdict


def test_a_picture_that_differs_is_called_different(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zoo.save(zoo.photo(), "PNG")
    assert judge(data) == Verdict("same", "png")
    other = zoo.squeeze(zoo.save(zoo.photo(seed=2), "PNG"))
    monkeypatch.setattr(zoo, "squeeze", lambda data, **options: other)
    assert judge(data).word == "different"
