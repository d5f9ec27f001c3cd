"""The CSVs that are written: the output, the replaced input and the report.

Imports `rows` and what is below it.
"""
