"""Use cases: one verb per file. A service opens the transactions and sends hints after them."""
