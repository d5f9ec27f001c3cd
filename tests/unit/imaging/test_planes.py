"""JPEGs of halved colour go from planes to planes; all others are left to the way through RGB."""

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from app.domain.options import ProcessingOptions
from app.imaging.compress import compress
from app.imaging.result import CompressedImage
from app.imaging.rungs import planes
from tests.unit.imaging import zoo

HALVED = 2  # Pillow's number of 4:2:0


def test_this_machine_has_turbojpeg() -> None:
    assert planes.load_library() is not None, "libturbojpeg is missing: ./setup.sh --dev gets it"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    "size", [(2, 2), (3, 5), (16, 16), (17, 31), (64, 9), (199, 131), (200, 130)]
)
def test_planes_lose_no_more_than_the_way_through_rgb(
    size: tuple[int, int], progressive: bool
) -> None:
    source = zoo.photo().resize(size)
    data = zoo.save(source, "JPEG", quality=95, subsampling=HALVED, progressive=progressive)
    shown = Image.fromarray(simplejpeg.decode_jpeg(data, "RGB"))
    taken = planes.decode_planes(data, size)
    assert taken is not None
    y, cb, cr = taken
    assert y.shape == (size[1], size[0])
    assert cb.shape == cr.shape == ((size[1] + 1) // 2, (size[0] + 1) // 2)

    direct = planes.encode_planes(taken, 50)
    through_rgb = simplejpeg.encode_jpeg(np.asarray(shown), 50, "RGB", "420", fastdct=False)
    assert simplejpeg.decode_jpeg_header(direct)[:2] == (size[1], size[0])
    loss = zoo.psnr(Image.fromarray(simplejpeg.decode_jpeg(direct, "RGB")), shown)
    assert loss > zoo.psnr(Image.fromarray(simplejpeg.decode_jpeg(through_rgb, "RGB")), shown) - 0.3


def test_planes_are_those_of_the_file() -> None:
    flat = Image.new("RGB", (40, 30), (200, 30, 60))
    taken = planes.decode_planes(zoo.save(flat, "JPEG", quality=100, subsampling=HALVED), (40, 30))
    assert taken is not None
    wanted = flat.convert("YCbCr").getpixel((0, 0))
    for plane, value in zip(taken, wanted, strict=True):
        assert np.abs(plane.astype(int) - value).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_a_single_column_or_row_is_left_to_the_other_way(size: tuple[int, int]) -> None:
    data = zoo.save(zoo.photo().resize(size), "JPEG", subsampling=HALVED)
    assert planes.decode_planes(data, size) is None
    assert zoo.opened(_compressed(data)).size == size


def test_what_is_not_of_halved_colour_or_not_whole_is_left_to_the_other_way() -> None:
    photo = zoo.photo()
    whole = zoo.save(photo, "JPEG", subsampling=HALVED)
    assert planes.decode_planes(whole, photo.size) is not None
    others = {
        "full colour": zoo.save(photo, "JPEG", subsampling=0),
        "colour halved one way": zoo.save(photo, "JPEG", subsampling=1),
        "gray": zoo.save(photo.convert("L"), "JPEG"),
        "four inks": zoo.save(photo.convert("CMYK"), "JPEG"),
        "cut off": whole[: len(whole) // 2],
        "cut off and closed again": whole[: len(whole) // 2] + b"\xff\xd9",
        "stray bytes": whole[:-2] + 20 * b"stray" + whole[-2:],
        "no picture": b"\xff\xd8 nothing behind it",
        "nothing": b"",
    }
    for name, data in others.items():
        assert planes.decode_planes(data, photo.size) is None, name


def test_a_header_of_another_size_than_was_checked_is_refused() -> None:
    data = zoo.save(zoo.photo(), "JPEG", subsampling=HALVED)
    width, height = zoo.photo().size
    assert planes.decode_planes(data, (width - 16, height)) is None
    assert planes.decode_planes(data, (width, height + 16)) is None


def test_a_system_without_the_library_gives_the_same_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = zoo.save(zoo.photo(), "JPEG", quality=95, subsampling=HALVED)
    with_library = _compressed(data)
    monkeypatch.setattr(planes, "LIBRARY", "libnowhere.so.0")
    planes.load_library.cache_clear()
    try:
        assert planes.decode_planes(data, zoo.photo().size) is None
        without = _compressed(data)
    finally:
        monkeypatch.undo()
        planes.load_library.cache_clear()
    assert without.data != with_library.data
    assert zoo.opened(without).quantization == zoo.opened(with_library).quantization
    assert zoo.psnr(zoo.opened(without), zoo.opened(with_library)) > 40


@pytest.mark.parametrize(("quality", "sampling"), [(50, "420"), (89, "420"), (90, "444")])
def test_the_quality_decides_on_the_sampling(quality: int, sampling: str) -> None:
    data = zoo.save(zoo.photo(), "JPEG", quality=98, subsampling=HALVED)
    result = compress(data, ProcessingOptions(quality=quality).pictures, max_pixels=zoo.MAX_PIXELS)
    assert not result.kept
    assert simplejpeg.decode_jpeg_header(result.data)[3] == sampling


def _compressed(data: bytes) -> CompressedImage:
    return compress(data, ProcessingOptions(quality=50).pictures, max_pixels=zoo.MAX_PIXELS)
