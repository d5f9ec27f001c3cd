"""The CSVs that are written: the output, the replaced input, the report and the sample.

Imports `rows` and what is below it.
"""
