"""HEIC, the photos of phones: read where the `heic` extra (pillow-heif) is installed."""

from functools import lru_cache

from app.domain.errors import UnsupportedFormat
from app.imaging.files.sniff import USE_INSTEAD


@lru_cache(maxsize=1)
def load_reader() -> bool:
    """Teach Pillow to read HEIC and tell whether that worked.

    Imported here and not above: this module is known to the service's own process, too, and a
    decoder of hostile files has no place there.
    """
    try:
        import pillow_heif
    except ImportError:
        return False
    # libheif turns the picture upright while decoding. One thread, as there is a child per core.
    pillow_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )
    return True


def need_reader() -> None:
    """Make sure that HEIC can be read.

    Raises:
        UnsupportedFormat: the extra is not installed.
    """
    if not load_reader():
        raise UnsupportedFormat(f"This is a HEIC picture, which is not read. {USE_INSTEAD}")
