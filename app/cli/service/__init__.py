"""The processes of the service, and the operator's tasks."""
