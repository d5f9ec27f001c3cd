"""Counting a whole file: products, addresses and hosts, and what its owner should be told.

Imports `rows` and what is below it.
"""
