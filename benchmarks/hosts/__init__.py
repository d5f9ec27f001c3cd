"""What the hosts' behaviour does to a request: hosts that limit, that are silent, that do neither.

Each module is a family of rows with a table of its own; `stand.py` is the service that they share.
"""
