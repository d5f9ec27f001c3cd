"""Both rungs of the ladder give the same picture, and the right one is taken."""

import pytest

from app.domain.options import ProcessingOptions
from app.imaging.compress import LADDER, read_parts
from app.imaging.rungs import general as general_rung
from app.imaging.rungs import jpeg as jpeg_rung
from tests.unit.imaging import zoo


@pytest.mark.parametrize("quality", [10, 50, 80, 95])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_rungs_look_alike(quality: int, gray: bool, subsampling: int) -> None:
    image = zoo.photo().convert("L") if gray else zoo.photo()
    data = zoo.save(image, "JPEG", quality=100, subsampling=subsampling)
    parts = read_parts(data, zoo.MAX_PIXELS)
    options = ProcessingOptions(quality=quality).pictures  # type: ignore[call-arg]
    fast = jpeg_rung.compress(parts, options, zoo.MAX_PIXELS)
    general = general_rung.compress(parts, options, zoo.MAX_PIXELS)
    assert fast is not None
    assert zoo.opened(fast).quantization == zoo.opened(general).quantization
    assert zoo.opened(fast).layer == zoo.opened(general).layer
    assert zoo.psnr(zoo.opened(fast), zoo.opened(general)) > 40
    assert abs(zoo.psnr(zoo.opened(fast), image) - zoo.psnr(zoo.opened(general), image)) < 0.6
    assert not fast.kept


def test_fast_rung_takes_plain_jpegs_only() -> None:
    photo = zoo.photo()
    plain = zoo.save(photo, "JPEG")

    def takes(data: bytes, **options: object) -> bool:
        wanted = ProcessingOptions(**options).pictures  # type: ignore[arg-type]
        return (
            jpeg_rung.compress(read_parts(data, zoo.MAX_PIXELS), wanted, zoo.MAX_PIXELS) is not None
        )

    assert LADDER[0] is jpeg_rung.compress
    assert takes(plain)
    assert takes(plain, max_width=4_000)
    assert takes(zoo.save(photo, "JPEG", progressive=True))
    assert takes(zoo.save(photo.convert("L"), "JPEG"))
    assert takes(zoo.save(photo, "JPEG", exif=zoo.exif_block(1, zoo.SECRET)))
    assert not takes(zoo.save(photo, "JPEG", exif=zoo.exif_block(6)))
    assert not takes(zoo.save(photo, "JPEG", icc_profile=zoo.rgb_profile(zoo.P3)))
    assert not takes(zoo.save(photo.convert("CMYK"), "JPEG"))
    assert not takes(zoo.save(photo, "PNG"))
    assert not takes(plain, scale=0.5)
    assert not takes(plain, format="webp")
    assert not takes(plain, max_bytes=1_000)
