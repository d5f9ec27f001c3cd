"""The database: the truth about requests and the queue of images. One file of queries per table.

Queries take a Connection and never commit; services own the transactions.
"""
