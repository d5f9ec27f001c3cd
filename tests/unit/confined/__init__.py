"""What shuts a child in: tried from inside, layer by layer, and by the list."""
