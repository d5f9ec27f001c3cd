"""One request on the page: watched, steered and taken home.

It imports `api`, `services`, `catalog` and `domain`.
"""
