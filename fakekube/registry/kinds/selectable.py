"""Kinds whose selectable fields are listed by hand tell an unknown one in other words than the rest."""

from __future__ import annotations

from fakekube.registry.strategy import Strategy
from fakekube.schema.resources import Resource


class SelectableStrategy(Strategy):
    """A kind with fields of its own to select by."""

    def unknown_field_message(self, resource: Resource, path: str) -> str:
        """How such a kind refuses a field."""
        return f"field label not supported: {path}"
