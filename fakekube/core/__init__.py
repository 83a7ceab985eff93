"""Values and pure functions of the Kubernetes API; imports nothing else of the project, does no I/O, takes no time."""
