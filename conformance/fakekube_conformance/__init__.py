"""Checks that any Kubernetes API server can be put to, over the wire and knowing nothing else of it."""
