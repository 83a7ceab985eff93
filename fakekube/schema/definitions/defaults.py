"""The defaults of a definition's schema must be valid values of it, with nothing that it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fakekube.core.fielderrors import FieldError
from fakekube.schema.custom import judging, pruning
from fakekube.schema.custom.fitting import fits_of
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.custom.rules import rules_of
from fakekube.schema.definitions.structural import everything

Schema = Mapping[str, Any]

UNKNOWN_FIELDS = "must not have unknown fields"


def errors(schema: Schema, path: str, *, pruned: bool = True) -> list[FieldError]:
    """What is wrong with the defaults in a whole object's schema; `pruned`: they may hold nothing unknown."""
    if all(part.get("default") is None for part in everything(schema)):
        return []
    return list(_walk(schema, path, pruned))


def _walk(schema: Schema, path: str, pruned: bool) -> Iterator[FieldError]:
    default = schema.get("default")
    if default is not None:
        yield from _judge(schema, default, f"{path}.default", pruned)
    if isinstance(schema.get("items"), dict):
        yield from _walk(schema["items"], f"{path}.items", pruned)
    for name, part in (schema.get("properties") or {}).items():
        yield from _walk(part, f"{path}.properties[{name}]", pruned)


def _judge(schema: Schema, default: Any, path: str, pruned: bool) -> list[FieldError]:
    found: list[FieldError] = []
    if pruned and has_unknown(schema):
        found.append(FieldError("FieldValueInvalid", path, f"Invalid value: {bad_value(default)}: {UNKNOWN_FIELDS}"))
    if not fits_of(schema)(default) and (faults := judging.errors(schema, default, path)):
        return found + faults
    rules = rules_of(schema, root=bool(schema.get("x-kubernetes-embedded-resource")))
    return found + (rules.errors_of_default(default, path) if rules is not None else [])


def has_unknown(schema: Schema) -> bool:
    """Whether the schema's own default holds what the schema does not know."""
    default = schema.get("default")
    if not isinstance(default, dict | list):
        return False
    copy = orjson.loads(orjson.dumps(default))
    unknown: list[str] = []
    pruning.prune_value(copy, schema, unknown)
    return bool(unknown)
