"""The parts of an ICC profile in a JPEG, joined.

Source: ICC.1:2010, annex B.4 for the numbers of the parts, 7.2 for the header of a profile.
"""

from app.imaging.files.limits import MAX_PROFILE_BYTES

INCOMPLETE_NOTE = "The colour profile is incomplete and was ignored."
TOO_LARGE_NOTE = "The colour profile is absurdly large and was ignored."
NUMBERS_NOTE = "The parts of the colour profile are wrongly numbered; it was joined all the same."
SIGNATURE, SIGNATURE_AT, HEADER_BYTES = b"acsp", 36, 128


def join(parts: list[bytes]) -> tuple[bytes | None, str | None]:
    """The profile, and a note for the report; None for what there is not.

    Wrong numbers are forgiven where the parts, in the order of their numbers or of the file, make
    just the profile whose length stands in its own header.

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
