"""The processes of the service, and what an operator does with its store.

`server` is the web server, `connections` what its clients may do with a connection.

It imports `console`, `bootstrap`, `main`, `api`, `tasks`, `worker`, the use cases and `config`.
"""
