"""Whether a schema is structural: every value has its type outside of allOf, anyOf, oneOf and not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fakekube.core.fielderrors import FieldError, forbidden, invalid, required
from fakekube.core.patterns import PatternError, compiled

Schema = Mapping[str, Any]

ROOT, ITEM, FIELD = "at the root", "for specified array items", "for specified object fields"
EITHER = [{"type": "integer"}, {"type": "string"}]
"""The anyOf that x-kubernetes-int-or-string may be written with."""

_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_EMBEDS = "x-kubernetes-embedded-resource"
_EITHER = "x-kubernetes-int-or-string"

_RESTRICT = frozenset({"anyOf", "allOf", "oneOf", "not", "pattern"})
"""Keywords of what restricts values, as far as it can be wrong."""

_FORBIDDEN_BELOW = (
    # keyword, what it must be; the order is the API server's
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (_PRESERVES, "must be false to be structural"),
    (_EMBEDS, "must be false to be structural"),
    (_EITHER, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)
"""What a schema within allOf, anyOf, oneOf or not may not say."""


def errors(schema: Schema, path: str) -> list[FieldError]:
    """Where the schema is not structural, sorted by text."""
    found = [*_invariants(schema, ROOT, path), *_completeness(schema, schema, path, path)]
    return sorted(found, key=str)


def construction_error(schema: Schema) -> str:
    """Why no structural schema can be made of it at all; '' if one can."""
    for keyword in () if _UNSUPPORTED.isdisjoint(schema) else _IN_ORDER:
        if schema.get(keyword):
            shown = keyword.removeprefix("$") if keyword == "$schema" else keyword
            return f"OpenAPIV3Schema '{shown}' is not supported"
    if schema.get(_PRESERVES) is False:
        return f"internal error: '{_PRESERVES}' must be true or undefined"
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    for part in parts(schema):
        if text := construction_error(part):
            return text
    return ""


_HOLD_SCHEMAS = frozenset(
    (
        *("items", "not", "additionalProperties", "additionalItems", "allOf", "anyOf", "oneOf"),
        *("properties", "patternProperties", "definitions", "dependencies"),
    )
)
_IN_ORDER = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")
_UNSUPPORTED = frozenset(_IN_ORDER)


def parts(schema: Schema) -> Iterator[Schema]:
    """The schemas directly within a schema."""
    if _HOLD_SCHEMAS.isdisjoint(schema):
        return  # most schemas are those of plain values
    for keyword in ("items", "not", "additionalProperties", "additionalItems"):
        part = schema.get(keyword)
        if isinstance(part, dict):
            yield part
        elif isinstance(part, list):
            yield from part
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword) or ()
    for keyword in ("properties", "patternProperties", "definitions"):
        yield from (schema.get(keyword) or {}).values()
    yield from (part for part in (schema.get("dependencies") or {}).values() if isinstance(part, dict))


def everything(schema: Schema) -> Iterator[Schema]:
    """The schema and all within it."""
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        yield found
        if not _HOLD_SCHEMAS.isdisjoint(found):
            waiting += parts(found)


def _invariants(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    kind, items, additional = schema.get("type") or "", schema.get("items"), schema.get("additionalProperties")
    if kind == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if isinstance(items, dict):
        yield from _invariants(items, ITEM, f"{path}.items")
    for name, part in (schema.get("properties") or {}).items():
        yield from _invariants(part, FIELD, f"{path}.properties[{name}]")
    if additional is not None:
        if level is ROOT:
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if isinstance(additional, dict):
            yield from _invariants(additional, FIELD, f"{path}.additionalProperties")
    yield from _extensions(schema, path)
    if not _RESTRICT.isdisjoint(schema):
        all_of: Sequence[Schema] = schema.get("allOf") or ()
        skip_first = bool(all_of) and _is_either(all_of[0])
        yield from _values(schema, path, skip_any=_is_either(schema), skip_first=skip_first)
    yield from _types(schema, kind, level, path)
    yield from _meta(schema, level, path)
    if schema.get(_EMBEDS) and not schema.get(_PRESERVES) and not schema.get("properties"):
        yield required(f"{path}.properties", f"must not be empty if {_EMBEDS} is true without {_PRESERVES}")


def _is_either(schema: Schema) -> bool:
    return schema.get("anyOf") == EITHER


def _extensions(schema: Schema, path: str) -> Iterator[FieldError]:
    if not schema.get(_EITHER):
        return
    for keyword in (_PRESERVES, _EMBEDS):
        if schema.get(keyword):
            yield invalid(f"{path}.{keyword}", True, f"must be false if {_EITHER} is true")


def _types(schema: Schema, kind: str, level: str, path: str) -> Iterator[FieldError]:
    where = f"{path}.type"
    if schema.get(_EMBEDS) and kind != "object":
        text = f"must be object if {_EMBEDS} is true"
        yield invalid(where, kind, text) if kind else required(where, text)
    elif not kind and not schema.get(_EITHER) and not schema.get(_PRESERVES):
        yield required(where, f"must not be empty {level}")
    if schema.get(_EMBEDS) and schema.get("additionalProperties") is not None:
        yield forbidden(f"{path}.additionalProperties", f"must not be used if {_EMBEDS} is set")
    if level is ROOT and kind and kind != "object":
        yield invalid(where, kind, "must be object at the root")


def _meta(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    properties, checked = schema.get("properties") or {}, level is ROOT or bool(schema.get(_EMBEDS))
    for name in ("kind", "apiVersion"):
        if checked and name in properties and properties[name].get("type") != "string":
            where = f"{path}.properties[{name}].type"
            yield invalid(where, properties[name].get("type") or "", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    where = f"{path}.properties[metadata]"
    if checked and metadata.get("type") != "object":
        yield invalid(f"{where}.type", metadata.get("type") or "", "must be object")
    if level is ROOT and _says_more(metadata):
        text = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden(where, text)


def _says_more(metadata: Schema) -> bool:
    """Whether a schema of metadata speaks of anything but the names."""
    if set(metadata.get("properties") or ()) - {"name", "generateName"}:
        return True
    said = (value for keyword, value in metadata.items() if keyword not in ("type", "default", "properties"))
    return any(value or (value == 0 and value is not False) for value in said)


def _values(schema: Schema, path: str, *, skip_any: bool = False, skip_first: bool = False) -> Iterator[FieldError]:
    """The rules of what restricts values."""
    if not skip_any:
        for index, part in enumerate(schema.get("anyOf") or ()):
            yield from _nested(part, f"{path}.anyOf[{index}]")
    for index, part in enumerate(schema.get("allOf") or ()):
        yield from _nested(part, f"{path}.allOf[{index}]", skip_any=skip_first and not index)
    for index, part in enumerate(schema.get("oneOf") or ()):
        yield from _nested(part, f"{path}.oneOf[{index}]")
    if schema.get("not") is not None:
        yield from _nested(schema["not"], f"{path}.not")
    if schema.get("pattern"):
        try:
            compiled(schema["pattern"])
        except PatternError as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            yield invalid(f"{path}.pattern", schema["pattern"], detail)


def _nested(schema: Schema, path: str, *, skip_any: bool = False) -> Iterator[FieldError]:
    """The rules of a schema within allOf, anyOf, oneOf or not."""
    yield from _values(schema, path, skip_any=skip_any)
    if isinstance(schema.get("items"), dict):
        yield from _nested(schema["items"], f"{path}.items")
    properties = schema.get("properties") or {}
    for name, part in properties.items():
        yield from _nested(part, f"{path}.properties[{name}]")
    if schema.get("type"):
        yield forbidden(f"{path}.type", "must be empty to be structural")
    if schema.get("additionalProperties"):
        yield forbidden(f"{path}.additionalProperties", "must be undefined to be structural")
    for keyword, text in _FORBIDDEN_BELOW:
        value = schema.get(keyword)
        if value is not None if keyword in ("default", "x-kubernetes-list-type", "x-kubernetes-map-type") else value:
            yield forbidden(f"{path}.{keyword}", text)
    if "metadata" in properties:
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _completeness(values: Schema, schema: Schema, path: str, where: str) -> Iterator[FieldError]:
    """Whatever is restricted must be known to the schema proper, too."""
    for keyword in ("not",):
        if values.get(keyword) is not None:
            yield from _nested_completeness(values[keyword], schema, path, f"{where}.{keyword}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(values.get(keyword) or ()):
            yield from _nested_completeness(part, schema, path, f"{where}.{keyword}[{index}]")


def _nested_completeness(values: Schema, schema: Schema | None, path: str, where: str) -> Iterator[FieldError]:
    if schema is None:
        yield required(path, f"because it is defined in {where}")
        return
    yield from _completeness(values, schema, path, where)
    if isinstance(values.get("items"), dict):
        yield from _nested_completeness(values["items"], schema.get("items"), f"{path}.items", f"{where}.items")
    properties = schema.get("properties") or {}
    for name, part in (values.get("properties") or {}).items():
        below, there = f"{path}.properties[{name}]", f"{where}.properties[{name}]"
        yield from _nested_completeness(part, properties.get(name), below, there)
