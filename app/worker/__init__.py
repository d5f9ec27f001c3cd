"""The worker's engine: claim images of a request, put each through fetch, codec and store, record.

`turn` drives it, `claims` holds what is taken from the queue, `attempt` is one image's way.
`slots` and `hosts/` are what is taken and given back, `context` is what all turns of a process
share, and `process/` is around them.

Imports `upkeep`, `intake`, `ending`; `adapters`, `codecs`, `outbound`, `storage`, `db`, `metrics`,
`imaging`, `retrying`, `domain`.
"""
