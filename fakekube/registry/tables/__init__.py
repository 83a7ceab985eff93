"""Tables: what `kubectl get` prints, made by the server. A row for each object, cells by a function for each kind."""

from fakekube.registry.tables.building import row, table

__all__ = ["row", "table"]
