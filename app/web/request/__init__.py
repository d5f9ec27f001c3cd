"""One request on the page: watched, steered and taken home.

It imports `api`, the use cases, `catalog` and `domain`.
"""
