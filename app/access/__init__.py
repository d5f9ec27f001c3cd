"""Who may call, and how much: API keys and their limits.

`key_ring` knows the keys that are good now, `keys` makes and revokes them, `limits` holds uploads
and open images of a key.

Imports `adapters`, `config`, `db`, `domain`.
"""
