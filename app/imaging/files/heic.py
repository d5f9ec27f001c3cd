"""HEIC, the photos of phones: read by pillow-heif (docs/decisions/0017)."""

from functools import lru_cache


@lru_cache(maxsize=1)
def load_reader() -> None:
    """Register the HEIC reader with Pillow, once.

    We import it here and not above, so that a process that imports this module without decoding
    loads no decoder of hostile files.
    """
    import pillow_heif

    # libheif turns the picture upright while decoding. One thread, as there is a child per core.
    pillow_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )
