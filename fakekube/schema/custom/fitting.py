"""The quick answer to whether a value is valid: closures made of a schema, each part when it is first met.

True means that `judging` finds no fault. False means that it is to be asked: rare forms are left to it altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakekube.core.patterns import PatternError, matcher
from fakekube.schema.custom import formats, judging

Schema = Mapping[str, Any]
Fits = Callable[[Any], bool]

_INT32, _INT64 = 1 << 31, 1 << 63


def fits_of(schema: Schema) -> Fits:
    """The quick check of a schema."""
    check = _by_type(schema)
    parts = [check] if check is not _anything else []
    allowed = schema.get("enum")
    if allowed:
        parts.append(_enum(allowed))
    parts += [_all_of(schema["allOf"])] if schema.get("allOf") else []
    parts += [_any_of(schema["anyOf"])] if schema.get("anyOf") else []
    if schema.get("oneOf") or schema.get("not") is not None:
        rest = {name: schema[name] for name in ("oneOf", "not") if schema.get(name)}
        parts.append(lambda value: value is not None and not judging.errors(rest, value))
    if len(parts) <= 1:
        return parts[0] if parts else _anything
    first, *others = parts
    if len(others) == 1:
        second = others[0]
        return lambda value: first(value) and second(value)
    return lambda value: all(part(value) for part in parts)


def _anything(value: Any) -> bool:
    return True


def _never(value: Any) -> bool:
    return False


def _enum(allowed: list[Any]) -> Fits:
    texts = frozenset(each for each in allowed if type(each) is str)
    numbers = frozenset(each for each in allowed if type(each) is int)

    def fits(value: Any) -> bool:
        return (type(value) is str and value in texts) or (type(value) is int and value in numbers)

    return fits


def _all_of(schemas: list[Schema]) -> Fits:
    parts = [fits_of(schema) for schema in schemas]
    return lambda value: all(part(value) for part in parts)


def _any_of(schemas: list[Schema]) -> Fits:
    parts = [fits_of(schema) for schema in schemas]
    return lambda value: any(part(value) for part in parts)


def _by_type(schema: Schema) -> Fits:
    if schema.get("x-kubernetes-int-or-string"):
        return _int_or_string(schema)
    nullable = bool(schema.get("nullable"))
    match schema.get("type"):
        case "object":
            return _object(schema, nullable)
        case "array":
            return _array(schema, nullable)
        case "string":
            return _text(schema, nullable)
        case "integer":
            return _number(schema, nullable, (int,))
        case "number":
            return _number(schema, nullable, (int, float))
        case "boolean":
            return lambda value: value is True or value is False or (nullable and value is None)
        case None | "":
            return _untyped(schema)
    return _never


def _untyped(schema: Schema) -> Fits:
    """A schema that only adds to another one, or that lets anything through."""
    parts: list[tuple[type, Fits]] = []
    if any(schema.get(name) is not None for name in ("properties", "required", "minProperties", "maxProperties")):
        parts.append((dict, _object(schema, False)))
    if any(schema.get(name) is not None for name in ("items", "minItems", "maxItems")):
        parts.append((list, _array(schema, False)))
    if formats.format_of(schema) or schema.get("additionalProperties") is not None:
        return _never
    if any(schema.get(name) is not None for name in ("minLength", "maxLength", "pattern")):
        parts.append((str, _text(schema, False)))
    if any(schema.get(name) is not None for name in ("minimum", "maximum", "multipleOf")):
        return _never if parts else lambda value: not judging.errors(schema, value)
    if not parts:
        return _anything
    by_type = dict(parts)
    return lambda value: (check := by_type.get(type(value))) is None or check(value)


def _object(schema: Schema, nullable: bool) -> Fits:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    required = tuple(schema.get("required") or ())
    additional = schema.get("additionalProperties")
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    made: dict[str, Fits] = {}
    others: Fits | None = None

    def check_of(name: str) -> Fits:
        nonlocal others
        if name in properties:
            found = made[name] = fits_of(properties[name])
            return found
        if others is None:
            others = (
                fits_of(additional) if isinstance(additional, dict) else _never if additional is False else _anything
            )
        return others

    def fits(value: Any) -> bool:
        if type(value) is not dict:
            return nullable and value is None
        for name in required:
            if name not in value:
                return False
        for name, each in value.items():
            check = made.get(name) or check_of(name)
            if not check(each):
                return False
        return True

    if least is None and most is None:
        return fits

    def fits_with_size(value: Any) -> bool:
        if not fits(value):
            return False
        return value is None or ((least is None or len(value) >= least) and (most is None or len(value) <= most))

    return fits_with_size


def _array(schema: Schema, nullable: bool) -> Fits:
    items, least, most = schema.get("items"), schema.get("minItems"), schema.get("maxItems")
    each_fits: Fits | None = None

    def fits(value: Any) -> bool:
        nonlocal each_fits
        if type(value) is not list:
            return nullable and value is None
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            return False
        if each_fits is None:
            each_fits = fits_of(items) if isinstance(items, dict) else _anything
        return all(map(each_fits, value))

    return fits


def _text(schema: Schema, nullable: bool) -> Fits:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    checks: list[Callable[[str], bool]] = []
    if schema.get("pattern"):
        try:
            checks.append(matcher(schema["pattern"]))
        except PatternError:
            return _never
    format = formats.format_of(schema)
    check = formats.check_of(format) if format else None
    if check is not None:
        checks.append(check)
    if shortest is None and longest is None and not checks:
        return (lambda value: type(value) is str or value is None) if nullable else (lambda value: type(value) is str)

    def fits(value: Any) -> bool:
        if type(value) is not str:
            return nullable and value is None
        if (longest is not None and len(value) > longest) or (shortest is not None and len(value) < shortest):
            return False
        return all(check(value) for check in checks)

    return fits


def _int_or_string(schema: Schema) -> Fits:
    if any(schema.get(name) is not None for name in ("minimum", "maximum", "multipleOf")):
        return _never
    text = _text(schema, bool(schema.get("nullable")))
    return lambda value: type(value) is int or text(value)


def _number(schema: Schema, nullable: bool, types: tuple[type, ...]) -> Fits:
    least, most, multiple = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    format = formats.format_of(schema)
    bound = _INT32 if format == "int32" else _INT64
    plain = least is None and most is None and multiple is None
    low = least if least is not None else float("-inf")
    high = most if most is not None else float("inf")
    if multiple is not None or format == "float" or schema.get("exclusiveMinimum") or schema.get("exclusiveMaximum"):
        return lambda value: (nullable and value is None) or not judging.errors(schema, value)
    if types == (int,) and not all(float(each).is_integer() for each in (least, most) if each is not None):
        return _never  # bounds that are no integers are faults themselves

    def fits(value: Any) -> bool:
        if type(value) not in types:
            return nullable and value is None
        if not -bound <= value < bound and types == (int,):
            return False
        return bool(plain or low <= value <= high)

    return fits
