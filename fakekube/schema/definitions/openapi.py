"""The rules of a definition's schema, node by node: keywords that may not be, list types, and its own rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.definitions.paths import PathError, follow
from fakekube.schema.definitions.rules import Surroundings, rule_errors
from fakekube.schema.definitions.structural import construction_error

Schema = Mapping[str, Any]

TYPES = ("array", "boolean", "integer", "number", "object", "string")
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
META_FIELDS = frozenset({"metadata", "kind", "apiVersion"})

_LIST_TYPE, _MAP_TYPE, _KEYS = "x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-list-map-keys"
_NOTED = frozenset(
    (
        *("default", "id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref", "items"),
        *("x-kubernetes-embedded-resource", "uniqueItems", "additionalProperties"),
    )
)
"""Keywords that may be wrong in themselves."""
_TOPOLOGY = frozenset({_LIST_TYPE, _MAP_TYPE, _KEYS, "x-kubernetes-preserve-unknown-fields"})
_HOLD_SCHEMAS = frozenset(
    (
        *("additionalProperties", "properties", "not", "allOf", "oneOf", "anyOf", "definitions", "items"),
        "dependencies",
    )
)
_NEW_LINE = re.compile(r"[\n\r]")


class Faults(NamedTuple):
    """Faults of schemas come before those of rules, wherever they are."""

    schema: list[FieldError]
    rules: list[FieldError]


class Options(NamedTuple):
    """Of what is not tightened on definitions that were accepted before."""

    valid_types: bool = True
    atomic_sets: bool = True
    map_keys: bool = True


class Here(NamedTuple):
    """What holds where the walk is."""

    options: Options
    no_defaults: str = ""
    """Why there may be no default here; '' if there may be."""
    inside_meta: bool = False
    uncorrelated: str = ""
    """The path from which on old and new values cannot be told to belong together; '' if they can."""


def errors(schema: Schema, path: str, options: Options, surroundings: Surroundings | None) -> list[FieldError]:
    """What is wrong with the schema; `surroundings` None: its rules are not judged."""
    found = _judge(schema, path, Here(options), True, surroundings)
    return found.schema + found.rules


def _judge(schema: Schema | None, path: str, here: Here, is_root: bool, surroundings: Surroundings | None) -> Faults:
    found = Faults([], [])
    if not isinstance(schema, dict):
        return found
    if not _NOTED.isdisjoint(schema) or schema.get("type") not in TYPES:
        found.schema.extend(_keywords(schema, path, here))
    for below, where, there, around in _children(schema, path, here, is_root, surroundings):
        deeper = _judge(below, where, there, False, around)
        if deeper.schema or deeper.rules:
            found.schema.extend(deeper.schema)
            found.rules.extend(deeper.rules)
    if not _TOPOLOGY.isdisjoint(schema):
        found.schema.extend(_list_and_map_types(schema, path, here.options))
    rules = schema.get("x-kubernetes-validations")
    if rules:
        for index, rule in enumerate(rules):
            found.schema.extend(_rule(schema, rule, f"{path}.x-kubernetes-validations[{index}]"))
        if not found.schema and surroundings is not None:
            found.rules.extend(rule_errors(schema, path, here.uncorrelated, surroundings))
    return found


Child = tuple[Any, str, Here, "Surroundings | None"]


def _children(
    schema: Schema, path: str, here: Here, is_root: bool, surroundings: Surroundings | None
) -> Iterator[Child]:
    if _HOLD_SCHEMAS.isdisjoint(schema):
        return  # most schemas are those of plain values
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        there = here
        if here.inside_meta:
            there = here._replace(no_defaults=" inside additionalProperties applying to object metadata")
        around = surroundings and surroundings.of_values(additional)
        yield additional, f"{path}.additionalProperties", there, around
    yield from _properties(schema, path, here, is_root, surroundings)
    yield schema.get("not"), f"{path}.not", here, None
    for keyword in ("allOf", "oneOf", "anyOf"):
        for index, part in enumerate(schema.get(keyword) or ()):
            yield part, f"{path}.{keyword}[{index}]", here, None
    for name, part in (schema.get("definitions") or {}).items():
        yield part, f"{path}.definitions[{name}]", here, None
    yield from _items(schema, path, here, surroundings)
    for name, part in (schema.get("dependencies") or {}).items():
        yield part, f"{path}.dependencies[{name}]", here, None


def _properties(
    schema: Schema, path: str, here: Here, is_root: bool, surroundings: Surroundings | None
) -> Iterator[Child]:
    properties = schema.get("properties") or {}
    atomic = schema.get(_MAP_TYPE) == "atomic"
    there = here._replace(uncorrelated=path) if atomic and not here.uncorrelated else here
    special = is_root or bool(schema.get("x-kubernetes-embedded-resource"))
    for name, part in properties.items():
        inner = there
        if special and name in META_FIELDS:
            no_defaults = f" in top-level {name}" if is_root else there.no_defaults
            inner = there._replace(inside_meta=True, no_defaults=no_defaults)
        around = surroundings and surroundings.of_property(part)
        yield part, f"{path}.properties[{name}]", inner, around


def _items(schema: Schema, path: str, here: Here, surroundings: Surroundings | None) -> Iterator[Child]:
    items = schema.get("items")
    if items is None:
        return
    correlated = schema.get(_LIST_TYPE) == "map" or here.uncorrelated
    there = here if correlated else here._replace(uncorrelated=path)
    if isinstance(items, dict):
        yield items, f"{path}.items", there, surroundings and surroundings.of_items(items)
        return
    for index, part in enumerate(items):
        yield part, f"{path}.items[{index}]", there, None


def _keywords(schema: Schema, path: str, here: Here) -> Iterator[FieldError]:
    kind, items, additional = schema.get("type") or "", schema.get("items"), schema.get("additionalProperties")
    if here.options.valid_types and kind and kind not in TYPES:
        yield not_supported(f"{path}.type", kind, TYPES)
    if schema.get("default") is not None and here.no_defaults:
        yield forbidden(f"{path}.default", f"must not be set{here.no_defaults}")
    for keyword in ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"):
        if schema.get(keyword) or (keyword in ("additionalItems", "dependencies") and schema.get(keyword) is not None):
            yield forbidden(f"{path}.{keyword}", f"{keyword} is not supported")
    if kind == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(items, list) and items:
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if here.inside_meta and schema.get("x-kubernetes-embedded-resource"):
        yield forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", text)
    if additional is not None and additional is not True and schema.get("properties"):
        text = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{path}.additionalProperties", text)


# --- lists and maps


def _list_and_map_types(schema: Schema, path: str, options: Options) -> Iterator[FieldError]:
    kind, map_type, list_type = schema.get("type") or "", schema.get(_MAP_TYPE), schema.get(_LIST_TYPE)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    if map_type is not None and kind != "object":
        yield _wrong_type(path, kind, f"must be object if {_MAP_TYPE} is specified")
    if map_type is not None and map_type not in ("atomic", "granular"):
        yield not_supported(f"{path}.{_MAP_TYPE}", map_type, ("atomic", "granular"))
    if list_type is not None and kind != "array":
        yield _wrong_type(path, kind, f"must be array if {_LIST_TYPE} is specified")
    elif options.atomic_sets and list_type == "set":
        yield from _set_items(schema, path)
    if list_type is not None and list_type not in ("atomic", "set", "map"):
        yield not_supported(f"{path}.{_LIST_TYPE}", list_type, ("atomic", "set", "map"))
    keys = schema.get(_KEYS) or []
    if keys and list_type != "map":
        text = f"must be map if {_KEYS} is non-empty"
        where = f"{path}.{_LIST_TYPE}"
        yield required(where, text) if list_type is None else invalid(where, list_type, text)
    if list_type == "map":
        yield from _map_items(schema, keys, path)
    if options.map_keys:
        yield from key_errors(schema, path)


def _wrong_type(path: str, kind: str, text: str) -> FieldError:
    return invalid(f"{path}.type", kind, text) if kind else required(f"{path}.type", text)


def _set_items(schema: Schema, path: str) -> Iterator[FieldError]:
    items = schema.get("items")
    if not isinstance(items, dict):
        return
    text = f"must be atomic as item of a list with {_LIST_TYPE}=set"
    shown = bad_value(items.get(_LIST_TYPE))  # the real server shows this one in both cases
    if items.get("type") == "array" and items.get(_LIST_TYPE) not in (None, "atomic"):
        yield FieldError("FieldValueInvalid", f"{path}.items.{_LIST_TYPE}", f"Invalid value: {shown}: {text}")
    if items.get("type") == "object" and items.get(_MAP_TYPE) != "atomic":
        yield FieldError("FieldValueInvalid", f"{path}.items.{_MAP_TYPE}", f"Invalid value: {shown}: {text}")


def _map_items(schema: Schema, keys: list[str], path: str) -> Iterator[FieldError]:
    items = schema.get("items")
    if not keys:
        yield required(f"{path}.{_KEYS}", f"must not be empty if {_LIST_TYPE} is map")
    if items is None:
        yield required(f"{path}.items", f"must have a schema if {_LIST_TYPE} is map")
    if not isinstance(items, dict):
        return
    kind = items.get("type") or ""
    if kind != "object":
        yield invalid(f"{path}.items.type", kind, f"must be object if parent array's {_LIST_TYPE} is map")
        return
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key not in properties:
            yield invalid(f"{path}.{_KEYS}", keys, "entries must all be names of item properties")
        elif properties[key].get("type") in ("array", "object"):
            text = f"must be a scalar type if parent array's {_LIST_TYPE} is map"
            yield invalid(f"{path}.items.properties[{key}].type", kind, text)
        if key in keys[:index]:
            yield invalid(f"{path}.{_KEYS}", keys, "must not contain duplicate entries")


def key_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Items of sets and maps are never null, and have all their keys."""
    items, list_type = schema.get("items"), schema.get(_LIST_TYPE)
    if not isinstance(items, dict) or list_type not in ("set", "map"):
        return
    if items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when {_LIST_TYPE} is {list_type}")
    if list_type != "map":
        return
    properties, needed = items.get("properties") or {}, set(items.get("required") or ())
    for key in schema.get(_KEYS) or ():
        if key not in properties:
            continue
        where = f"{path}.items.properties[{key}]"
        if key not in needed and properties[key].get("default") is None:
            text = f"this property is in {_KEYS}, so it must have a default or be a required property"
            yield required(f"{where}.default", text)
        if properties[key].get("nullable"):
            yield forbidden(f"{where}.nullable", f"this property is in {_KEYS}, so it cannot be nullable")


def has_loose_sets(schema: Schema) -> bool:
    """Whether this very schema is a set whose items are not atomic."""
    return schema.get(_LIST_TYPE) == "set" and any(True for _ in _set_items(schema, ""))


# --- rules, but for what they say


def _rule(schema: Schema, rule: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    text, message = rule.get("rule") or "", rule.get("message") or ""
    if not text.strip():
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _NEW_LINE.search(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif _NEW_LINE.search(text.strip()) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    reason = rule.get("reason")
    if reason is not None and reason not in REASONS:
        yield not_supported(f"{path}.reason", reason, REASONS)
    field = rule.get("fieldPath") or ""
    where = f"{path}.fieldPath"
    if field and not field.strip():
        yield invalid(where, field, "must be non-empty if specified")
    if _NEW_LINE.search(field):
        yield invalid(where, field, "must not contain line breaks")
    if field and not _leads_somewhere(field, schema):
        yield invalid(where, field, "must be a valid path")


def _leads_somewhere(path: str, schema: Schema) -> bool:
    if construction_error(schema):
        return True  # nobody can tell
    try:
        follow(path, schema)
    except PathError:
        return False
    return True
