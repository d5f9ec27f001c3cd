"""The codec child with one thing changed: a picture names an action, and is not decoded but done.

How it ends is in the message of the error that a picture always gets.
"""

import errno
import json
import os
import sys

from app.codecs import child
from app.confined.sandbox import Layer
from app.domain.errors import CorruptImage
from app.domain.picture_options import PictureOptions
from tests.unit.confined.actions import ACTIONS, Around


def attempt(data: bytes, _options: PictureOptions, *, max_pixels: int) -> None:
    """Do what the picture says."""
    assert max_pixels
    name, around = json.loads(data)
    try:
        said = ACTIONS[name].attempt(Around(*around, answers=ANSWERS, tickets=TICKETS))
    except OSError as error:
        raise CorruptImage(errno.errorcode[error.errno or 0]) from error
    raise CorruptImage(f"it got {said!r}")


ANSWERS, TICKETS = int(sys.argv[1]), int(sys.argv[3])
child.compress = attempt  # type: ignore[assignment]
if os.environ.get("WITHOUT_SANDBOX"):
    child.shut_in_with_sockets = lambda: Layer(0)
child.main(sys.argv[1:])
