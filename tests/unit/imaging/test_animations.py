"""Animations: the first frame for stills, all of them for `webp` and `keep`."""

import pytest
from PIL import Image, ImageSequence

from tests.unit.imaging import zoo

COLOURS = (zoo.RED, zoo.GREEN, zoo.BLUE, zoo.RED)


def frames_of(data: bytes) -> list[tuple[int, ...]]:
    """The colour in the middle of every frame."""
    image = Image.open(zoo.BytesIO(data))
    return [frame.convert("RGB").getpixel((20, 10)) for frame in ImageSequence.Iterator(image)]


def durations_of(data: bytes) -> list[int]:
    image = Image.open(zoo.BytesIO(data))
    found = []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        found.append(round(frame.info["duration"]))
    return found


@pytest.mark.parametrize("source", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("wanted", ["jpeg", "png", "avif"])
def test_still_output_is_the_first_frame(source: str, wanted: str) -> None:
    result = zoo.squeeze(zoo.animation(source), format=wanted, quality=90)
    assert getattr(zoo.opened(result), "n_frames", 1) == 1
    assert zoo.near(zoo.pixel(result, (20, 10)), zoo.RED, 12)


@pytest.mark.parametrize("source", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("wanted", ["webp", "keep"])
def test_frames_and_durations_stay(source: str, wanted: str) -> None:
    data = zoo.animation(source)
    result = zoo.squeeze(data, format=wanted, quality=90, scale=0.5)
    assert result.format == ("webp" if wanted == "webp" else source.lower())
    assert (result.width, result.height) == (24, 16)
    seen = frames_of(zoo.squeeze(data, format=wanted, quality=90).data)
    assert len(seen) == 4
    assert all(zoo.near(a, b, 14) for a, b in zip(seen, COLOURS, strict=True))
    assert durations_of(result.data) == [100, 200, 300, 400]


@pytest.mark.parametrize(
    ("source", "loop", "wanted", "expected"),
    [
        ("GIF", 0, "webp", 0),
        ("GIF", 2, "webp", 3),
        ("GIF", None, "webp", 1),
        ("WEBP", 0, "keep", 0),
        ("WEBP", 5, "keep", 5),
        ("PNG", 3, "webp", 3),
        ("GIF", 2, "keep", 2),
        ("GIF", None, "keep", None),
    ],
)
def test_number_of_plays_stays(
    source: str, loop: int | None, wanted: str, expected: object
) -> None:
    options = {} if loop is None else {"loop": loop}
    data = zoo.animation(source, **options)
    for scale in (1.0, 0.5):
        result = zoo.squeeze(data, format=wanted, scale=scale)
        assert Image.open(zoo.BytesIO(result.data)).info.get("loop") == expected


def test_transparent_frames_do_not_pile_up() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    first, second = clear.copy(), clear.copy()
    first.paste((*zoo.RED, 255), (0, 0, 20, 40))
    second.paste((*zoo.BLUE, 255), (20, 0, 40, 40))
    for source in ("GIF", "WEBP", "PNG"):
        data = zoo.save(
            first, source, save_all=True, append_images=[second], duration=200, disposal=2
        ) if source == "GIF" else zoo.save(
            first, source, save_all=True, append_images=[second], duration=200, lossless=True
        )  # fmt: skip
        for wanted in ("webp", "keep"):
            result = zoo.squeeze(data, format=wanted, quality=90, scale=0.5)
            image = Image.open(zoo.BytesIO(result.data))
            image.seek(1)
            seen = image.convert("RGBA")
            assert seen.getpixel((5, 10))[3] == 0
            assert zoo.near(seen.getpixel((15, 10)), (*zoo.BLUE, 255), 30)


def test_comments_in_animations_go_and_the_loop_stays() -> None:
    data = zoo.animation("GIF", comment=zoo.SECRET, loop=0)
    result = zoo.squeeze(data, format="keep")
    assert zoo.SECRET not in result.data
    assert len(frames_of(result.data)) == 4


def test_animation_meets_the_largest_file_size() -> None:
    images = [zoo.photo(160, 120, seed) for seed in range(6)]
    data = zoo.save(images[0], "GIF", save_all=True, append_images=images[1:], duration=100)
    for wanted in ("webp", "keep"):
        result = zoo.squeeze(data, format=wanted, max_bytes=8_000)
        assert len(result.data) <= 8_000
        assert len(frames_of(result.data)) == 6


def test_multi_page_tiff_gives_its_first_page() -> None:
    for wanted in ("jpeg", "keep", "webp"):
        result = zoo.squeeze(zoo.multi_page_tiff(), format=wanted, quality=95)
        assert zoo.near(zoo.pixel(result, (20, 10)), zoo.RED, 8)
        assert getattr(zoo.opened(result), "n_frames", 1) == 1
