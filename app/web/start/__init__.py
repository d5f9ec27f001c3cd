"""Before the work: a file is dropped, looked at and started; or the sample is.

It imports `api`, the use cases, `catalog`, `domain` and `config`.
"""
