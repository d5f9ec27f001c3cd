"""`max_bytes`: quality steps down first, then size, until the file fits."""

from collections.abc import Callable
from math import log, sqrt
from typing import NamedTuple

# Below this a lossy picture shows artefacts; fewer pixels of this quality look better.
LOWEST_QUALITY = 20
QUALITY_TRIES = 4
# Shares of the limit: the aim, and what is good enough, as another encode would gain little.
QUALITY_AIM, ENOUGH = 0.97, 0.94
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
    fitted, smallest = lower_quality(lambda each: encode(each, 1.0), data, quality, max_bytes)
    if fitted is not None:
        return fitted
    lowest = min(quality, LOWEST_QUALITY)
    data, ratio = smallest, 1.0
    for _ in range(SHRINK_TRIES):
        step = AIM * sqrt(max_bytes / len(data))
        ratio *= min(LARGEST_STEP, max(SMALLEST_STEP, step))
        data = encode(lowest, ratio)
        if len(data) <= max_bytes:
            return Fitted(data, lowest, ratio)
    return Fitted(encode(lowest, 0.0), lowest, 0.0)


def lower_quality(
    encode: Callable[[int], bytes], data: bytes, quality: int, max_bytes: int
) -> tuple[Fitted | None, bytes]:
    """Find the best quality whose file fits, without changing the size of the picture.

    Args:
        encode: makes the file for a quality.
        data: the file of `quality`, which is too large.
    Returns:
        What fits, or None; and the smallest file that was made.
    """
    lowest = min(quality, LOWEST_QUALITY)
    if lowest == quality:
        return None, data
    low = Fitted(encode(lowest), lowest, 1.0)
    if len(low.data) > max_bytes:
        return None, low.data
    smallest, high = low.data, Fitted(data, quality, 1.0)
    for _ in range(QUALITY_TRIES):
        between = range(low.quality + 1, high.quality)
        if not between or len(low.data) >= ENOUGH * max_bytes:
            break
        share = _share(len(low.data), QUALITY_AIM * max_bytes, len(high.data))
        guess = low.quality + int(share * (high.quality - low.quality))
        middle = min(max(guess, between[0]), between[-1])
        tried = Fitted(encode(middle), middle, 1.0)
        if len(tried.data) <= max_bytes:
            low = tried
        else:
            high = tried
    return low, smallest


def _share(low: int, wanted: float, high: int) -> float:
    """Where between two qualities the bytes will be `wanted`: 0 at the lower one, 1 at the other.

    The bytes rise faster than a straight line and slower than an exponential; between both, the
    first guess is mostly the last. Halving the distance takes twice as many encodes.
    """
    straight = (wanted - low) / (high - low)
    exponential = log(wanted / low) / log(high / low)
    return (straight + exponential) / 2
