"""What the first bytes of a file say of a picture, without any decoder; imports `files`.

A worker reads these in its own process, so nothing here may load Pillow or another decoder.
"""
