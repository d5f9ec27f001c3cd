"""The worker's engine: claim images of a request, put each through fetch, codec and store, record.

`turn` drives it, `claims` holds what is taken from the queue, `attempt` is one image's way,
`context` is what all turns of a process share, and `runtime` is the process around them.
"""
