"""Facts about kinds: the generated table, the kinds served now, and the walk of an object beside its type."""
