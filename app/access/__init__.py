"""Who may call, and how much: API keys and their limits.

`key_ring` knows the keys that are good now, `keys` makes and revokes them, `sessions` are the
browsers that signed in with one, `wrong_keys` slows down who tries them out, `limits` holds uploads
and open images of a key.

Imports `adapters`, `config`, `db`, `domain`.
"""
