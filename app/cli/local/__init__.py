"""One CSV through the whole pipeline in this process, without a service.

It imports `console`, `bootstrap`, `tasks`, `services`, `catalog`, `domain`, `db` and `config`.
"""
