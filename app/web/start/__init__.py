"""Before the work: a file is dropped, looked at and started; or the sample is.

It imports `api`, `services`, `catalog`, `domain` and `config`.
"""
