"""The addresses of the API, one file for each noun; imports all other rooms of `api`.

Besides it imports the use cases, `domain` and `metrics`.
"""
