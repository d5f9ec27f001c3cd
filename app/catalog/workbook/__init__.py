"""An XLSX workbook as a CSV: whether it may be unpacked, and its first sheet.

Imports `header`, `layouts` and `text`.
"""
