"""What is wrong with a value beside its schema, in the order and words of the API server's validator (kube-openapi).

This is the thorough way: `fitting` tells quickly whether anything is wrong at all, and only then this walk is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fakekube.core import fielderrors as field
from fakekube.core.fielderrors import FieldError, go_quote
from fakekube.core.gotext import go_text
from fakekube.core.patterns import PatternError, matcher
from fakekube.schema.custom import formats
from fakekube.schema.custom.correlation import Correlated

Schema = Mapping[str, Any]

TYPE_META = frozenset({"apiVersion", "kind", "metadata"})
_NUMERIC = ("integer", "number")
_INT64 = 1 << 63
_INT32 = 1 << 31
_MAX_FLOAT32 = 3.4028234663852886e38
_MAX_JSON_INTEGER = float((1 << 53) - 1)
_EPSILON = 1e-9


class Fault(NamedTuple):
    """One fault: what kind (the name of a method of FieldError's makers), where, and its text; `name` is None if it
    names no place."""

    kind: str
    name: str | None
    text: str
    value: Any = ""
    limit: Any = None


class Result:
    """Faults, each text once, and how many checks were made: that decides which alternative came nearest."""

    __slots__ = ("faults", "matches", "texts")

    def __init__(self, faults: Iterable[Fault] = (), matches: int = 0) -> None:
        self.faults: list[Fault] = []
        self.texts: set[str] = set()
        self.matches = matches
        self.add(*faults)

    def add(self, *faults: Fault) -> None:
        for fault in faults:
            if fault.text not in self.texts:
                self.texts.add(fault.text)
                self.faults.append(fault)

    def merge(self, *others: Result | None) -> None:
        for other in others:
            if other is not None:
                self.add(*other.faults)
                self.matches += other.matches


def errors(
    schema: Schema, value: Any, base: str | None = None, correlated: Correlated | None = None
) -> list[FieldError]:
    """What is wrong with the value; `base` is the field that it stands in (None: it is the whole object).

    With `correlated` this is an update: what was wrong before and is unchanged is not told.
    """
    result = _judge(schema, value, "", correlated) if correlated is None else _ratcheted(schema, value, "", correlated)
    return [_field_error(fault, base) for fault in result.faults]


def _field_error(fault: Fault, base: str | None) -> FieldError:
    path = base
    if fault.name and fault.name != ".":
        name = fault.name.removeprefix(".")
        path = f"{base}.{name}" if base else name
    where = "<nil>" if path is None else path
    match fault.kind:
        case "required":
            return field.required(where)
        case "enum":
            supported = ", ".join(field.go_quote(_enum_text(each)) for each in fault.limit)
            text = f"Unsupported value: {bad_value(fault.value)}: supported values: {supported}"
            return FieldError("FieldValueNotSupported", where, text)
        case "long":
            return field.too_long(where, fault.limit)
        case "many":
            return field.too_many(where, fault.value, fault.limit)
        case "type":
            return FieldError("FieldValueTypeInvalid", where, f"Invalid value: {bad_value(fault.value)}: {fault.text}")
    return FieldError("FieldValueInvalid", where, f"Invalid value: {bad_value(fault.value)}: {fault.text}")


def bad_value(value: Any) -> str:
    """A value as the messages of field errors show it."""
    if isinstance(value, str):
        return go_quote(value)
    if isinstance(value, bool | int | float):
        return go_text(value)
    return go_json(value)


def go_json(value: Any) -> str:
    """JSON as Go's encoding/json writes it: keys sorted, and no bare <, > or &."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _enum_text(value: Any) -> str:
    return value if isinstance(value, str) else go_json(value)


def types_of(schema: Schema) -> tuple[str, ...]:
    """The JSON types that the schema allows; none if it does not say."""
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    stated = schema.get("type")
    return (stated,) if stated else ()


def type_of(value: Any) -> str:
    """The JSON type of a value, and integer for whole numbers that are written as such."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def is_whole(value: float) -> bool:
    """Whether a float is, near enough, an integer that JSON can carry."""
    if value != value or abs(value) > _MAX_JSON_INTEGER:
        return False
    whole = float(int(value))
    if value == whole:
        return True
    difference = abs(value - whole)
    return difference / (abs(value) + abs(whole)) < _EPSILON if value and whole else False


# --- the walk


def _ratcheted(schema: Schema, value: Any, path: str, correlated: Correlated) -> Result:
    """As `_judge`; a fault of what is as it was counts as none."""
    result = _judge(schema, value, path, correlated)
    if result.faults and correlated.same:
        return Result(matches=result.matches)
    return result


def _member(schema: Schema, value: Any, path: str, name: str, above: Correlated | None, *, root: bool) -> Result:
    child = None if above is None or (root and name in TYPE_META) else above.member(name)
    return _judge(schema, value, path, None) if child is None else _ratcheted(schema, value, path, child)


def _item(schema: Schema, value: Any, path: str, index: int, above: Correlated | None) -> Result:
    child = None if above is None else above.item(index)
    return _judge(schema, value, path, None) if child is None else _ratcheted(schema, value, path, child)


def _judge(schema: Schema, value: Any, path: str, correlated: Correlated | None) -> Result:
    types, format = types_of(schema), formats.format_of(schema)
    if value is None:
        result = _type(schema, types, format, value, path)
        result.merge(_enum(schema, value, path))
        return result
    result = Result()
    parts: list[Result | None] = []
    if types or format:
        parts.append(_type(schema, types, format, value, path))
    parts.append(_combined(schema, value, path, correlated))
    kind = type_of(value)
    if kind == "string":
        parts.append(_string(schema, value, path))
        if format and formats.check_of(format):
            parts.append(_format(format, value, path))
    elif kind in _NUMERIC:
        parts.append(_number(schema, types, format, value, path))
    elif kind == "array":
        parts.append(_array(schema, value, path, correlated))
    parts.append(_enum(schema, value, path))
    if kind == "object":
        parts.append(_object(schema, value, path, correlated))
    result.merge(*parts)
    result.matches += len(parts) + 1
    return result


def _wrong_type(path: str, wanted: str, found: str) -> Result:
    return Result([Fault("type", path, f"{path} in body must be of type {wanted}: {go_quote(found)}", found)])


def _type(schema: Schema, types: Sequence[str], format: str, value: Any, path: str) -> Result:
    kind, wanted = type_of(value), ",".join(types)
    if value is None:
        return _wrong_type(path, wanted, "null") if types and not schema.get("nullable") else Result(matches=1)
    own = {"integer": "int64", "number": "double"}.get(kind, "")
    as_integer = kind == "number" and "integer" in types and is_whole(value)
    fits = kind in types or as_integer or (kind == "integer" and "number" in types)
    if kind not in ("string", "array") and format and not fits and own != format:
        return _wrong_type(path, format, own)
    if format and kind in ("string", "array") and not any(each in types for each in _NUMERIC):
        return Result(matches=1)
    return Result(matches=1) if fits else _wrong_type(path, wanted, kind)


def _enum(schema: Schema, value: Any, path: str) -> Result | None:
    allowed = schema.get("enum")
    if not allowed or any(_equals(value, each) for each in allowed):
        return None
    text = f"{path} in body should be one of {go_text(allowed)}"
    return Result([Fault("enum", path, text, value, allowed)])


def _equals(value: Any, allowed: Any) -> bool:
    """Equality after conversion to the type of the allowed value, as Go converts numbers."""
    if value is None or allowed is None:
        return False
    if isinstance(allowed, bool) or isinstance(value, bool):
        return value is allowed
    if isinstance(allowed, int) and isinstance(value, float):
        return int(value) == allowed
    if isinstance(allowed, float) and isinstance(value, int):
        return float(value) == allowed
    return type(value) is type(allowed) and bool(value == allowed)


def _string(schema: Schema, value: str, path: str) -> Result | None:
    """The first of length and pattern that is not met."""
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        return Result([Fault("long", path, f"{path} in body should be at most {longest} chars long", value, longest)])
    if shortest is not None and len(value) < shortest:
        return Result([Fault("", path, f"{path} in body should be at least {shortest} chars long", value)])
    if pattern:
        try:
            matches = matcher(pattern)(value)
        except PatternError as error:
            matches, pattern = False, f"{pattern}, but pattern is invalid: {error}"
        if not matches:
            return Result([Fault("", path, f"{path} in body should match '{pattern}'", value)])
    return None


def _format(format: str, value: str, path: str) -> Result | None:
    check = formats.check_of(format)
    assert check is not None, "asked only for known formats"
    return None if check(value) else _wrong_type(path, format, value)


def _array(schema: Schema, value: list[Any], path: str, correlated: Correlated | None) -> Result:
    result, items = Result(), schema.get("items")
    if isinstance(items, dict):
        for index, each in enumerate(value):
            result.merge(_item(items, each, f"{path}[{index}]", index, correlated))
    least, most, size = schema.get("minItems"), schema.get("maxItems"), len(value)
    if least is not None and size < least:
        result.add(Fault("", path, f"{path} in body should have at least {least} items", size))
    if most is not None and size > most:
        result.add(Fault("many", path, f"{path} in body should have at most {most} items", size, most))
    result.matches += 1
    return result


def _object(schema: Schema, value: dict[str, Any], path: str, correlated: Correlated | None) -> Result:
    result, size = Result(), len(value)
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and size < least:
        result.add(Fault("", path, f"{path} in body should have at least {least} properties", size))
    if most is not None and size > most:
        result.add(Fault("many", path, f"{path} in body should have at most {most} properties", size, most))
    properties = schema.get("properties") or {}
    additional = schema.get("additionalProperties")
    for name in sorted(value):
        if name in properties or additional is None:
            continue
        if additional is False:
            result.add(Fault("", path, f"{path}.{name} in body is a forbidden property", name))
        elif isinstance(additional, dict):
            result.merge(_member(additional, value[name], f"{path}.{name}", name, correlated, root=not path))
    for name in sorted(properties):
        if name in value:
            below = f"{path}.{name}" if path else name
            result.merge(_member(properties[name], value[name], below, name, correlated, root=not path))
    for name in schema.get("required") or ():
        if name not in value:
            result.add(Fault("required", f"{path}.{name}", f"{path}.{name} in body is required"))
    return result


# --- numbers


def _number(schema: Schema, types: Sequence[str], format: str, value: int | float, path: str) -> Result:
    wanted = types[0] if len(types) == 1 and types[0] in _NUMERIC else ""
    result = Result(_out_of_range(value, wanted, format, "Checked", path))
    multiple, least, most = (schema.get(name) for name in ("multipleOf", "minimum", "maximum"))
    for limit, prefix, judge in (
        (multiple, "MultipleOf", _multiple),
        (least, "Minimum boundary", _minimum),
        (most, "Maximum boundary", _maximum),
    ):
        if limit is None:
            continue
        wrong = _out_of_range(limit, wanted, format, prefix, path)
        result.add(*wrong)
        whole = isinstance(value, int) and not wrong
        number, bound = (value, int(limit)) if whole else (float(value), float(limit))
        result.add(*judge(schema, number, bound, path))
        result.matches += 1
    result.matches += 1
    return result


def _out_of_range(value: int | float, wanted: str, format: str, prefix: str, path: str) -> list[Fault]:
    """A fault if the number cannot be one of the type and format."""
    if wanted == "integer":
        bound = _INT32 if format == "int32" else _INT64
        fine = float(value).is_integer() and -bound <= value < bound
    else:
        fine = format != "float" or abs(value) <= _MAX_FLOAT32
    if fine:
        return []
    named = f"with format {format}" if format else "(default format)"
    return [Fault("", None, f"{prefix} value must be of type {wanted} {named} in {path}")]


def _multiple(schema: Schema, value: int | float, factor: int | float, path: str) -> list[Fault]:
    if factor <= 0:
        text = f"factor MultipleOf declared for {path} must be positive: {go_text(factor)}"
        return [Fault("", path, text, factor)]
    if isinstance(value, int) and isinstance(factor, int):
        fine = value % factor == 0
    else:
        fine = is_whole(1 / factor * value if factor < 1 else value / factor)
    return [] if fine else [Fault("", path, f"{path} in body should be a multiple of {go_text(factor)}", value)]


def _minimum(schema: Schema, value: int | float, least: int | float, path: str) -> list[Fault]:
    exclusive = bool(schema.get("exclusiveMinimum"))
    if value > least or (value == least and not exclusive):
        return []
    words = "greater than" if exclusive else "greater than or equal to"
    return [Fault("", path, f"{path} in body should be {words} {go_text(least)}", value)]


def _maximum(schema: Schema, value: int | float, most: int | float, path: str) -> list[Fault]:
    exclusive = bool(schema.get("exclusiveMaximum"))
    if value < most or (value == most and not exclusive):
        return []
    words = "less than" if exclusive else "less than or equal to"
    return [Fault("", path, f"{path} in body should be {words} {go_text(most)}", value)]


# --- allOf, anyOf, oneOf, not


def _combined(schema: Schema, value: Any, path: str, correlated: Correlated | None) -> Result:
    result = Result()
    if schema.get("anyOf"):
        _any_of(result, schema["anyOf"], value, path, correlated)
    if schema.get("oneOf"):
        _one_of(result, schema["oneOf"], value, path, correlated)
    if schema.get("allOf"):
        _all_of(result, schema["allOf"], value, path, correlated)
    if schema.get("not") is not None and not _judge(schema["not"], value, path, correlated).faults:
        result.add(Fault("", None, f"{go_quote(path)} must not validate the schema (not)"))
    result.matches += 1
    return result


def _any_of(result: Result, schemas: list[Schema], value: Any, path: str, correlated: Correlated | None) -> None:
    nearest: Result | None = None
    for schema in schemas:
        found = _judge(schema, value, path, correlated)
        if not found.faults:
            result.merge(found)
            return
        if nearest is None or found.matches > nearest.matches:
            nearest = found
    result.add(Fault("", None, f"{go_quote(path)} must validate at least one schema (anyOf)"))
    result.merge(nearest)


def _one_of(result: Result, schemas: list[Schema], value: Any, path: str, correlated: Correlated | None) -> None:
    nearest: Result | None = None
    first: Result | None = None
    valid = 0
    for schema in schemas:
        found = _judge(schema, value, path, correlated)
        if not found.faults:
            valid, nearest, first = valid + 1, None, first or found
        elif not valid and (nearest is None or found.matches > nearest.matches):
            nearest = found
    if valid == 1:
        result.merge(first)
        return
    more = f"Found {valid} valid alternatives" if valid else "Found none valid"
    result.add(Fault("", None, f"{go_quote(path)} must validate one and only one schema (oneOf). {more}"))
    result.merge(nearest)


def _all_of(result: Result, schemas: list[Schema], value: Any, path: str, correlated: Correlated | None) -> None:
    found = [_judge(schema, value, path, correlated) for schema in schemas]
    result.merge(*found)
    valid = sum(not each.faults for each in found)
    if valid != len(found):
        more = "" if valid else ". None validated"
        result.add(Fault("", None, f"{go_quote(path)} must validate all the schemas (allOf){more}"))
