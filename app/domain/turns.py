"""How many workers are called to a request when there is something to do."""

# More turns than a request can use only find nothing to do; workers also look for work themselves.
TURNS_MAX = 8
IMAGES_PER_TURN = 32


def turns_for(images: int) -> int:
    """The turns to hint at for this number of images: 1 at least, TURNS_MAX at most."""
    return min(TURNS_MAX, 1 + images // IMAGES_PER_TURN)
