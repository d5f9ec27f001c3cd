"""The HTTP door: parse, call one service, answer.

It imports `services`, `catalog`, `domain`, `metrics` and `config`. `routes/` are the addresses,
`upload/` reads the form, `contract/` is what is promised; what all of them share is here.
"""
