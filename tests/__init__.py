"""Tests: unit (no I/O), integration (one adapter room each), e2e (the whole service)."""
