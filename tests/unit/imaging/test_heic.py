"""HEIC, the photos of phones; the decoder never enters the service's own process."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from app.domain.errors import TooManyPixels
from tests.unit.imaging import zoo

ROOT = Path(__file__).resolve().parents[3]
COLOUR = (200, 100, 50)


@pytest.mark.parametrize("wanted", ["jpeg", "png", "webp", "avif", "keep"])
def test_heic_becomes_every_output(wanted: str) -> None:
    image = zoo.photo()
    result = zoo.squeeze(zoo.heic(image), format=wanted, quality=90)
    assert result.source_format == "heic"
    assert result.format == ("jpeg" if wanted == "keep" else wanted)
    assert zoo.psnr(zoo.opened(result), image) > 28


@pytest.mark.parametrize("turn", range(1, 9))
def test_heic_comes_out_upright(turn: int) -> None:
    data = zoo.heic(zoo.stored(zoo.quarters(), turn), exif=zoo.exif_block(turn))
    result = zoo.squeeze(data, quality=95)
    assert (result.width, result.height) == (96, 64)
    assert zoo.psnr(zoo.opened(result), zoo.quarters()) > 25


def test_heic_with_the_profile_of_a_phone_becomes_srgb() -> None:
    data = zoo.heic(Image.new("RGB", (64, 48), COLOUR), icc_profile=zoo.rgb_profile(zoo.P3))
    result = zoo.squeeze(data, quality=95)
    assert zoo.near(zoo.pixel(result, (30, 20)), zoo.in_srgb(COLOUR, zoo.P3, 2.2), 6)


def test_transparent_heic_stays_clear_or_lies_on_white() -> None:
    data = zoo.heic(Image.new("RGBA", (64, 48), (255, 0, 0, 0)))
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (5, 5)), (255, 255, 255), 3)
    assert zoo.pixel(zoo.squeeze(data, format="webp"), (5, 5))[3] == 0


def test_pixels_of_a_heic_are_counted_before_decoding() -> None:
    with pytest.raises(TooManyPixels, match="megapixels"):
        zoo.squeeze(zoo.heic(zoo.photo()), max_pixels=100_000)


def test_nothing_personal_in_a_heic_reaches_an_output() -> None:
    data = zoo.heic(zoo.photo(), exif=zoo.exif_block(1, zoo.SECRET), xmp=zoo.xmp_packet(1))
    assert zoo.SECRET[:8] in data
    for wanted in ("jpeg", "png", "webp", "avif"):
        assert zoo.SECRET[:8] not in zoo.squeeze(data, format=wanted).data


def test_heic_is_read_without_a_package_that_a_user_has_to_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert any(each.startswith("pillow-heif") for each in project["dependencies"])
    assert "\npillow-heif==" in (ROOT / "requirements.txt").read_text()


SERVICE = """
import asyncio, sys
from pathlib import Path
import app.main, app.worker.attempt
from app.domain.options import ProcessingOptions
from app.codecs.pool import CodecLimits, CodecPool
async def main():
    pool = CodecPool(1, CodecLimits(50_000_000, 630_000_000, 12, 14))
    pool.start()
    done = await pool.compress(Path(sys.argv[1]).read_bytes(), ProcessingOptions().pictures)
    print(done.source_format, done.width, done.height, "pillow_heif" in sys.modules)
    await pool.close()
asyncio.run(main())
"""


def test_heic_is_decoded_in_the_child_and_the_service_never_loads_the_decoder(
    tmp_path: Path,
) -> None:
    picture = tmp_path / "photo.heic"
    picture.write_bytes(zoo.heic(zoo.photo()))
    done = subprocess.run(
        [sys.executable, "-c", SERVICE, str(picture)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].split() == ["heic", "400", "300", "False"]
