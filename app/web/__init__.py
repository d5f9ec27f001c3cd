"""The page: templates and a script beside a form that works without one.

It imports `api`, whose forms and keys it shares, `services`, `catalog`, `domain` and `config`, and
of `storage` the protocol. `start/` is the way to a request, `request/` the request itself.
"""
