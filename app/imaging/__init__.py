"""Bytes of a picture in, bytes of a smaller one out, as pure computation; imports `domain` only.

`compress` is the way in; `rungs/` are the ways through, from `files/` over `steps/` to `formats/`.
"""
