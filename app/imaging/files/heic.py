"""HEIC, the photos of phones: read where the `heic` extra (pillow-heif) is installed."""

from functools import lru_cache
from importlib.util import find_spec

from app.domain.errors import UnsupportedFormat
from app.imaging.files.sniff import USE_INSTEAD

NOT_READ = f"This is a HEIC picture, which is not read. {USE_INSTEAD}"


@lru_cache(maxsize=1)
def load_reader() -> bool:
    """Register the HEIC reader with Pillow; returns whether it is installed.

    We import it here and not above, so that a process that imports this module without decoding
    loads no decoder of hostile files.
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


def need_installed() -> None:
    """Check that HEIC can be read elsewhere, without loading a decoder here.

    Raises:
        UnsupportedFormat: the extra is not installed.
    """
    if find_spec("pillow_heif") is None:
        raise UnsupportedFormat(NOT_READ)


def need_reader() -> None:
    """Check that HEIC can be read.

    Raises:
        UnsupportedFormat: the extra is not installed.
    """
    if not load_reader():
        raise UnsupportedFormat(NOT_READ)
