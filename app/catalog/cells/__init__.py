"""The addresses in an image cell: where each is, and what is wrong with it.

Imports `text`.
"""
