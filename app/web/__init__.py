"""The page: templates and a script beside a form that works without one.

`start/` is the way to a request, `request/` the request itself. Imports `api`, whose forms and keys
it shares, `upkeep`, `intake`, `ending`, `results`, `access`, and `adapters`, `config`, `storage`,
`samples`, `catalog`, `domain`.
"""
