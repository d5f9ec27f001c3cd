"""The process around the engine: one event loop for all I/O, the sweep, and signs of life."""
