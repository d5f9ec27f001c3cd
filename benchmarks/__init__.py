"""Measurements of the service: `python -m benchmarks --help`. They print figures, never a verdict."""
