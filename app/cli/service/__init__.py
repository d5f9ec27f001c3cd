"""The processes of the service, and what an operator does with its store.

It imports `console`, `bootstrap`, `main`, `tasks`, `worker`, the use cases and `config`.
"""
