"""Where a file's header is, by which delimiter, and which layout it has; else why it has none.

Imports `layouts`, `cells` and `text`.
"""
