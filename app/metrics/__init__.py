"""What Prometheus reads: counted where it happens, collected where it is asked for.

Imports `domain`.
"""
