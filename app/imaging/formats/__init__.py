"""From pixels to the bytes of a new file, one output format a file; imports `steps` and `files`."""
