"""Image Processing Service: a CSV of image URLs in, the same CSV with compressed images out."""
