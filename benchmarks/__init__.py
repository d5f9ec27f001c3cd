"""Measurements of the service: `python -m benchmarks --help`. They give figures, no verdict."""
