"""From a file's parts to the pixels that will be written, one step a file; imports `files`."""
