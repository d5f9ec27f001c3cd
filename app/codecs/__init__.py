"""The pool of child processes that compress pictures.

`pool` is the way in. `jobs` are the pictures given to it, `inbox` is where they wait, each in a
file of `memory_files`. `process` starts a child and hears of it, `in_hand` names the picture that
a child is at work on, `wire` is what the two sides say to each other, `child` is the other side.

Imports `imaging`, `retrying`, `confined`, `domain`.
"""
