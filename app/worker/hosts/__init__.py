"""The image hosts as one worker sees them: who may be asked now, and what each answered.

`known` are all hosts of the worker and its exchange with the database, `host` is one of them,
`answers` are gathered for the database, and a `permit` is the leave to send one request. Imports
`adapters`, `db`, `domain`, and of the worker nothing else.
"""
