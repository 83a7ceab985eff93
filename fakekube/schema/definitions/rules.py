"""The rules of a schema (x-kubernetes-validations) as a definition states them: that they compile, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core.fielderrors import FieldError

Schema = Mapping[str, Any]


class Surroundings:
    """What the rules of a schema may count on: how often they may be judged, and what all rules cost together."""

    @classmethod
    def of_root(cls, schema: Schema, known: frozenset[str], unchanged: bool) -> Surroundings:
        """Those of a whole schema; `known`: rules that were there before, `unchanged`: and all of the schema was."""
        return cls()

    def of_property(self, schema: Schema, name: str) -> Surroundings:
        """Those of a property's schema."""
        return self

    def of_values(self, schema: Schema) -> Surroundings:
        """Those of the schema of additional properties."""
        return self

    def of_items(self, schema: Schema) -> Surroundings:
        """Those of the schema of items."""
        return self


def total_cost_errors(surroundings: Surroundings | None, path: str) -> list[FieldError]:
    """What all rules cost together may not be too much."""
    return []


def rule_errors(schema: Schema, path: str, uncorrelated: str, surroundings: Surroundings) -> list[FieldError]:
    """What is wrong with the rules of this very schema."""
    return []
