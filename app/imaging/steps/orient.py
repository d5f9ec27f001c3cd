"""Turn pixels upright."""

from PIL import Image

# By the orientation of `files.orientation`; 1 is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as its maker saw it; the same object where it is upright already."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
