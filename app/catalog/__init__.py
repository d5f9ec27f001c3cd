"""The CSV, as pure computation: bytes -> rows or every bad line, rows -> bytes; imports `domain`.

`reader` is the way in. `text/` are lines and records, `cells/` the addresses in one cell,
`layouts/` which column means what, `header/` which layout a file has, `rows/` its rows; `tally/`
counts them, `out/` writes them, and `workbook/` makes a CSV of an XLSX file.
"""
