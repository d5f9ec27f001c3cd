"""The bytes of a file -> text, lines and records, whatever their columns mean.

Imports `domain`.
"""
