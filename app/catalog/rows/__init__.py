"""From records to the rows of the file, each with its addresses or with its errors.

Imports `header`, `layouts`, `cells` and `text`.
"""
