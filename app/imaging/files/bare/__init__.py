"""A file's own picture data without what is around it, one container a file; imports `files`."""
