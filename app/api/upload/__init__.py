"""An upload as it comes: a form with a file and options, and what is done with it.

It imports `contract`, the use cases, `catalog`, `domain` and `config`.
"""
