"""One CSV through the whole pipeline in this process, without a service.

It imports `console`, `bootstrap`, `tasks`, the use cases, `catalog`, `domain`, `db` and `config`.
"""
