"""Custom objects beside the schema of their definition: pruning, defaults, validation, ratcheting, list rules."""
