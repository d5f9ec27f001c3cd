"""Counting a whole file: products, addresses and hosts, and what its owner should know.

Imports `rows` and what is below it.
"""
