"""The HTTP door: parse, call one use case, answer.

`routes/` are the addresses, `upload/` reads the form, `contract/` is what is promised; what all of
them share is here. Imports `upkeep`, `intake`, `ending`, `results`, `access`; `adapters`, `config`,
`metrics`, `samples`, `catalog`, `domain`, `memory`.
"""
