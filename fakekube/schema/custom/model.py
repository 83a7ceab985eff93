"""One version's schema at work on objects; what it needs of the schema is made when first asked for, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.schema.custom import defaults, judging, listtypes, pruning
from fakekube.schema.custom.correlation import Correlated
from fakekube.schema.custom.fitting import Fits, fits_of

Schema = Mapping[str, Any]

EMBEDS = "x-kubernetes-embedded-resource"


class Model:
    """A schema, and the checks and changes that follow from it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def prune(self, obj: Obj) -> list[str]:
        """Drop from an object, in place, what the schema does not know; the paths that were dropped, sorted."""
        unknown: list[str] = []
        pruning.prune(obj, self.schema, unknown)
        return unknown

    def default(self, obj: Obj) -> None:
        """Fill in the defaults, in place."""
        if self._filler is not None:
            self._filler(obj)

    @cached_property
    def _filler(self) -> defaults.Fill | None:
        return defaults.filler_of(self.schema)

    @cached_property
    def has_list_types(self) -> bool:
        return listtypes.has_list_types(self.schema)

    @cached_property
    def embeds(self) -> bool:
        """Whether whole objects may stand in its objects."""
        return _embeds(self.schema)

    @cached_property
    def _fits(self) -> Fits:
        return fits_of(self.schema)

    @cached_property
    def status(self) -> Model | None:
        """The model of its status alone; None if the schema does not tell of one."""
        found = (self.schema.get("properties") or {}).get("status")
        return None if found is None else Model(found)

    def errors(self, value: Any, base: str | None = None, correlated: Correlated | None = None) -> list[FieldError]:
        """What is wrong with a value (an object, or with `base` a part of one) beside types, limits and formats.

        With `correlated`, faults of what is unchanged are tolerated.
        """
        if self._fits(value):
            return []
        return judging.errors(self.schema, value, base, correlated)

    def duplicates(self, obj: Obj) -> list[FieldError]:
        """What stands twice in lists of type set or map."""
        return listtypes.duplicates(self.schema, obj) if self.has_list_types else []


def _embeds(schema: Schema) -> bool:
    if schema.get(EMBEDS):
        return True
    parts: list[Any] = list((schema.get("properties") or {}).values())
    parts += [schema.get("items"), schema.get("additionalProperties")]
    return any(_embeds(part) for part in parts if isinstance(part, dict))
