"""One request on the page: watched, steered and taken home."""
