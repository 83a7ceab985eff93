"""Lists of type set and map hold nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fakekube.core.fielderrors import FieldError
from fakekube.schema.custom.correlation import member_schema
from fakekube.schema.custom.judging import bad_value

Schema = Mapping[str, Any]

_ABSENT = object()


def has_list_types(schema: Schema) -> bool:
    """Whether there is anything to check below."""
    if schema.get("x-kubernetes-list-type") in ("set", "map"):
        return True
    parts: list[Any] = list((schema.get("properties") or {}).values())
    parts += [schema.get("items"), schema.get("additionalProperties")]
    return any(has_list_types(part) for part in parts if isinstance(part, dict))


def duplicates(schema: Schema, value: Any, path: str = "") -> list[FieldError]:
    """Each value, or set of keys, that stands twice in a list; it is told once."""
    if isinstance(value, dict):
        found: list[FieldError] = []
        for name, each in value.items():
            if not isinstance(each, dict | list):
                continue
            below = member_schema(schema, name)
            if below is not None:
                known = name in (schema.get("properties") or {})
                found += duplicates(below, each, _child(path, name) if known else f"{path}[{name}]")
        return found
    return _in_list(schema, value, path) if isinstance(value, list) else []


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _in_list(schema: Schema, values: list[Any], path: str) -> list[FieldError]:
    found: list[FieldError] = []
    match schema.get("x-kubernetes-list-type"):
        case "set":
            found += [_duplicate(path, index, values[index]) for index in _repeated(values)]
        case "map":
            found += _in_map(schema.get("x-kubernetes-list-map-keys") or [], values, path)
    items = schema.get("items")
    if isinstance(items, dict):
        for index, each in enumerate(values):
            if isinstance(each, dict | list):
                found += duplicates(items, each, f"{path}[{index}]")
    return found


def _in_map(keys: list[str], values: list[Any], path: str) -> list[FieldError]:
    for index, each in enumerate(values):
        if each is not None and not isinstance(each, dict):
            detail = "must be an object for an array of list-type map"
            text = f"Invalid value: {bad_value(each)}: {detail}"
            return [FieldError("FieldValueInvalid", f"{path}[{index}]", text)]
    shown = [{key: each[key] for key in keys if key in each} if each is not None else {} for each in values]
    return [_duplicate(path, index, shown[index]) for index in _repeated(shown)]


def _duplicate(path: str, index: int, value: Any) -> FieldError:
    return FieldError("FieldValueDuplicate", f"{path}[{index}]", f"Duplicate value: {bad_value(value)}")


def _repeated(values: Iterable[Any]) -> list[int]:
    """The places where something is met for the second time."""
    times: dict[Any, int] = {}
    found = []
    for index, each in enumerate(values):
        key = json.dumps(each, sort_keys=True) if isinstance(each, dict | list) else (type(each), each)
        times[key] = times.get(key, 0) + 1
        if times[key] == 2:
            found.append(index)
    return found
