"""Celery as a carrier of hints: what it loses costs one sweep, never data.

Imports `domain`.
"""
