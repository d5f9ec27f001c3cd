"""Before the work: a file is dropped, looked at and started."""
