"""The core: what the words of this service mean. No I/O, no clock, no framework.

It imports nothing of ours.
"""
