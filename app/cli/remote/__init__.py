"""Calls to a running service."""
