"""The pool of child processes that compress pictures.

`pool` is the way in. `jobs` are the pictures given to it, `inbox` the memory in which they wait,
`process` starts a child and hears of it, `in_hand` names the picture that a child is at work on,
`wire` is what the two sides say to each other, and `child` is the other side.

Imports `imaging`, `retrying`, `confined`, `domain`.
"""
