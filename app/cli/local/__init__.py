"""One CSV through the pipeline in this process."""
