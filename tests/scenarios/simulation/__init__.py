"""Random lives of a cluster, each from a seed, and what must hold whenever it has come to rest."""
