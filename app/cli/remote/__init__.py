"""Calls to a running service over HTTP; imports `console`, `domain` and `config`."""
