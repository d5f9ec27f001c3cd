"""How images and requests end, and begin again: outcomes, the end, its webhook, cancel, retry.

`record` writes outcomes with the counters that follow, `finish` ends the request they complete,
`deliver` sends its webhook; `cancel`, `give_up` and `retry` change what is left to do.

Imports `results`, `access`; `adapters`, `outbound`, `db`, `domain`.
"""
