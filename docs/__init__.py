"""The documents, and in `generate/` what makes the parts of them that are derived from the code."""
