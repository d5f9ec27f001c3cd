"""What keeps the house in order: the sweep, deleted requests, files without an owner, health.

`sweep` finds what a lost hint or a dead worker left and applies retention, `delete` removes
requests with the files that `shared_files` lets go, `orphans` removes files that belong to no
request where `store_owner` and `installation` allow it, and `health` says how the service does.

Imports `intake`, `ending`, `results`, `access`; `adapters`, `config`, `db`, `domain`.
"""
