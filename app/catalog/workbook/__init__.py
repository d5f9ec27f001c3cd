"""An XLSX workbook as a CSV: whether it may be unpacked, and the sheet with products.

Imports `header`, `layouts`, `cells` and `text`.
"""
