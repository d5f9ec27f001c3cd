"""The commands, one file each: arguments in, one call, an exit code out.

At the top of a file it imports `console` and `domain`; the rest when a command runs.
"""
