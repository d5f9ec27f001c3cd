"""Where files are kept: compressed images, uploaded CSVs, kept originals; on disk or in S3.

Imports `domain`.
"""
