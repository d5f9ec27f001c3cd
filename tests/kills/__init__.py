"""Whatever dies, whenever it dies: nothing is lost and nothing is done twice.

`python -m tests.kills --kills 200` is the long run; the files beside it are for pytest.
"""
