"""The database: the truth about requests and the queue of images, in queries that never commit.

Imports `domain`, `retrying`. A query takes a Connection; use cases own the transactions. One file
of queries per table, or one room where there is more to say of it; `dialect` is what Postgres and
SQLite need said differently.
"""
