"""What the bytes of a file say before they are decoded, one container a file; imports `domain`."""
