"""Colours that a file names by numbers instead of a profile: PNG's cICP, AVIF's and HEIC's nclx."""

WIDE_NOTE = "The colours are marked as wide gamut or HDR, but have no profile; taken as sRGB."
# Numbers of ITU-T H.273 that screens show like sRGB: its own, unnamed, and those of television.
SRGB_PRIMARIES, SRGB_TRANSFERS = frozenset({1, 2, 5, 6, 7}), frozenset({1, 2, 6, 13, 14, 15})


def code_points_note(primaries: int, transfer: int) -> tuple[str, ...]:
    """The note for the report where these colours will not look as meant; else none."""
    return () if primaries in SRGB_PRIMARIES and transfer in SRGB_TRANSFERS else (WIDE_NOTE,)
