"""The command line: `app` puts the commands together, each of which registers itself.

It imports everything but `api` and `web`. Heavy imports happen inside of the commands, so that
`--help` answers at once.
"""
