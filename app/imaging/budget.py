"""`max_bytes`: quality steps down first, then size, until the file fits."""

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

# Below this a lossy picture falls apart; a smaller one of this quality looks better.
LOWEST_QUALITY = 20
QUALITY_TRIES = 4
SHRINK_TRIES = 8
# Bytes shrink a little more slowly than pixels, so aim below the limit.
AIM = 0.92
LARGEST_STEP, SMALLEST_STEP = 0.85, 0.1


class Fitted(NamedTuple):
    """The file that fits, and what it took: `ratio` is the factor on both sides."""

    data: bytes
    quality: int
    ratio: float


def fit(encode: Callable[[int, float], bytes], quality: int, max_bytes: int | None) -> Fitted:
    """Find the best file that has at most `max_bytes`.

    At most `1 + 1 + QUALITY_TRIES + SHRINK_TRIES + 1` encodes. The last one is a picture of a pixel
    or so, which every format writes in fewer bytes than `ProcessingOptions.max_bytes` can ask for.

    Args:
        encode: makes the file for a quality and a factor on both sides.
        quality: the wanted quality, never exceeded.
        max_bytes: the limit, or None.
    """
    data = encode(quality, 1.0)
    if max_bytes is None or len(data) <= max_bytes:
        return Fitted(data, quality, 1.0)
    lowest = min(quality, LOWEST_QUALITY)
    if lowest < quality:
        data = encode(lowest, 1.0)
        if len(data) <= max_bytes:
            return _raise_quality(encode, Fitted(data, lowest, 1.0), quality, max_bytes)
    ratio = 1.0
    for _ in range(SHRINK_TRIES):
        step = AIM * sqrt(max_bytes / len(data))
        ratio *= min(LARGEST_STEP, max(SMALLEST_STEP, step))
        data = encode(lowest, ratio)
        if len(data) <= max_bytes:
            return Fitted(data, lowest, ratio)
    return Fitted(encode(lowest, 0.0), lowest, 0.0)


def _raise_quality(
    encode: Callable[[int, float], bytes], best: Fitted, too_high: int, max_bytes: int
) -> Fitted:
    """Halve the distance between a quality that fits and one that does not."""
    for _ in range(QUALITY_TRIES):
        middle = (best.quality + too_high) // 2
        if middle == best.quality:
            break
        data = encode(middle, 1.0)
        if len(data) <= max_bytes:
            best = Fitted(data, middle, 1.0)
        else:
            too_high = middle
    return best
