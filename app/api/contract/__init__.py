"""What the API promises: documents, errors, examples, OpenAPI."""
