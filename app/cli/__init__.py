"""The command line. Files at the top name the commands; what they share stands beside them.

Heavy imports happen inside of the commands, so that `--help` answers at once.
"""
