"""The rules of a schema (x-kubernetes-validations), judged on objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.schema.custom.correlation import Correlated

Schema = Mapping[str, Any]


class Rules:
    """The rules of a schema and of what is below it."""

    def errors(self, obj: Obj, old: Obj | None, correlated: Correlated | None) -> list[FieldError]:
        """The rules that do not hold."""
        return []

    def errors_of_default(self, value: Any, path: str) -> list[FieldError]:
        """The rules that a default does not keep, as the value of a new field and as one that was there."""
        return []


def rules_of(schema: Schema) -> Rules | None:
    """The rules of a schema; None if it has none."""
    return None
