"""What becomes of an upload: checked, kept, accepted, and written into the tables row by row.

`submit` is the way in. `workbook` makes a CSV of the upload, `check` says what it holds,
`preview` and `bad_rows` answer without storing anything, `upload_copy` is its way into the store,
`idempotency` answers a repeat, and `ingest` writes the rows later, in a worker.

Imports `ending`, `results`, `access`; `adapters`, `config`, `outbound`, `storage`, `db`,
`catalog`, `confined`, `domain`, `memory`.
"""
