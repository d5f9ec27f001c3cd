"""What every store holds its keys to, and how long others may cache the objects."""

import re

# Published images never change under their name, so browsers and CDNs may keep them for a year.
IMAGE_CACHE_CONTROL = "public, max-age=31536000, immutable"

# The store's note of whom it belongs to. It starts with a dot, as no key does.
NOTE_NAME = ".installation"
# Nobody's note is longer: what is read of one that a stranger wrote.
NOTE_BYTES_MAX = 1_000

# A character that none has, or a segment that is empty or starts with a dot.
_NO_KEY = re.compile(r"[\\\x00-\x1f\x7f]|(?:\A|/)(?:[./]|\Z)")


def checked_key(key: str) -> str:
    """Return the key if it is a plain relative path.

    Raises:
        ValueError: it is empty or absolute, has a backslash, a control character, an empty segment
            or one that starts with a dot (`..` would leave the store, `.tmp-` is never listed).
    """
    if _NO_KEY.search(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """Return the prefix if every folder in it is part of a possible key; its end may be partial."""
    folder, slash, _ = prefix.rpartition("/")
    if slash:
        checked_key(folder)
    return prefix
