"""Cells whose addresses are in something else, a list or a formula: which form, and where in it.

Imports nothing.
"""
