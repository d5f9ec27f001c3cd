"""The ways from a file's parts to a compressed picture, one rung of the ladder a file.

Imports `formats`, `steps` and `files`.
"""
