"""Where files lie: compressed images, uploaded CSVs, kept originals."""
