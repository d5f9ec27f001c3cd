"""What is there to begin with: a CSV of four products, and their seven pictures, which come along.

Imports `catalog`.
"""
