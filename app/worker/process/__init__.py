"""The process around the engine: one event loop for all I/O, the sweep, and signs of life.

`runtime` starts and stops what runs in it. Imports `ending`, `intake`, `upkeep` and `domain`; of
the worker, `turn` and `context`.
"""
