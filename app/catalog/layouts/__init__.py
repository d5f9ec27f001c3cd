"""Which column means what: a plain list's, a platform's by `platforms.toml`, or a caller's.

Imports `cells`.
"""
