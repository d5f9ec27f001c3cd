"""Colours that a file tells beside its pixels: the parts of a profile, or numbers instead of one.

Source: ICC.1:2010, annex B.4 for the parts in a JPEG, 7.2 for the header of a profile; ITU-T H.273
for the numbers of PNG's cICP, AVIF's and HEIC's nclx.
"""

from app.imaging.files.limits import MAX_PROFILE_BYTES

WIDE_NOTE = "The colours are marked as wide gamut or HDR, but have no profile; taken as sRGB."
# Numbers that screens show like sRGB: its own, unnamed, and those of television.
SRGB_PRIMARIES, SRGB_TRANSFERS = frozenset({1, 2, 5, 6, 7}), frozenset({1, 2, 6, 13, 14, 15})
INCOMPLETE_NOTE = "The colour profile is incomplete and was ignored."
TOO_LARGE_NOTE = "The colour profile is absurdly large and was ignored."
NUMBERS_NOTE = "The parts of the colour profile are wrongly numbered; it was joined all the same."
SIGNATURE, SIGNATURE_AT, HEADER_BYTES = b"acsp", 36, 128


def code_points_note(primaries: int, transfer: int) -> tuple[str, ...]:
    """The note for the report where these colours will not look as meant; else none."""
    return () if primaries in SRGB_PRIMARIES and transfer in SRGB_TRANSFERS else (WIDE_NOTE,)


def join_profile(parts: list[bytes]) -> tuple[bytes | None, str | None]:
    """The profile, and a note for the report; None for what there is not.

    Wrong numbers are forgiven where the parts, in the order of their numbers or of the file, make
    just the profile whose length its own header says.

    Args:
        parts: each with its number and the count of all in the first two bytes.
    """
    parts = [part for part in parts if len(part) > 2]
    if not parts:
        return None, INCOMPLETE_NOTE
    if sum(map(len, parts)) > MAX_PROFILE_BYTES:
        return None, TOO_LARGE_NOTE
    ordered = sorted(parts, key=lambda part: part[0])
    counted = [part[0] for part in ordered] == list(range(1, len(parts) + 1))
    if counted and ordered[0][1] == len(parts):
        return b"".join(part[2:] for part in ordered), None
    # The same part twice is one part; the same number twice may be two.
    for some in (ordered, parts, list(dict.fromkeys(ordered))):
        profile = b"".join(part[2:] for part in some)
        if _is_whole(profile):
            return profile, NUMBERS_NOTE
    return None, INCOMPLETE_NOTE


def _is_whole(profile: bytes) -> bool:
    length = int.from_bytes(profile[:4], "big")
    signed = profile.startswith(SIGNATURE, SIGNATURE_AT)
    return signed and HEADER_BYTES < length == len(profile)
