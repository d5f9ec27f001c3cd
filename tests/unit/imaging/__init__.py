"""Pictures: what goes wrong with them, and what has to come out."""
