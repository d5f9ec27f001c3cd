"""What the API promises: documents, errors, examples, OpenAPI.

It imports `domain`, and of `samples`, `catalog` and the use cases what writes a moment or a CSV, so
that the promise is what they write.
"""
