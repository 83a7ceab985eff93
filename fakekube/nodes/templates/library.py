"""The functions of templates: text/template's own, and those of sprig that need neither chance nor the machine."""

from __future__ import annotations

import hashlib
import json
import math
import re
from base64 import b32decode, b32encode, b64decode, b64encode
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote_plus

import yaml

from fakekube.nodes.templates.values import (
    TemplateError,
    cut,
    equal,
    formatted,
    indexed,
    less,
    printed,
    size,
    spaced,
    truth,
)


def whole(value: Any) -> int:
    """A value as an integer, as cast does it: what is none counts as 0."""
    if isinstance(value, str):
        try:
            return int(value, 0)
        except ValueError:
            return whole(real(value))
    return int(value) if isinstance(value, int | float) else 0


def real(value: Any) -> float:
    """A value as a float; what is none counts as 0."""
    try:
        return float(value) if value is not None else 0.0
    except (TypeError, ValueError):
        return 0.0


def as_json(value: Any) -> str:
    """Compact JSON, with Go's escapes of < > &."""
    found = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return found.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def as_yaml(value: Any) -> str:
    """YAML in block style."""
    return str(yaml.safe_dump(value, default_flow_style=False, allow_unicode=True, width=10**6))


def _indent(count: int, value: str) -> str:
    pad = " " * count
    return pad + value.replace("\n", "\n" + pad)


def _dict(*pairs: Any) -> dict[str, Any]:
    listed = list(pairs) + ([""] if len(pairs) % 2 else [])
    return {printed(key): value for key, value in zip(listed[::2], listed[1::2], strict=True)}


def _set(target: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    target[key] = value
    return target


def _unset(target: dict[str, Any], key: str) -> dict[str, Any]:
    target.pop(key, None)
    return target


def _merge(target: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    for other in others:
        for key, value in other.items():
            target.setdefault(key, value)
    return target


def _dig(*operands: Any) -> Any:
    *keys, default, found = operands
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return default
        found = found[key]
    return found


def _fail(message: str) -> str:
    raise TemplateError(message)


def _total(values: tuple[Any, ...], step: Callable[[int, int], int]) -> int:
    found = whole(values[0])
    for value in values[1:]:
        found = step(found, whole(value))
    return found


def _quotient(one: Any, other: Any) -> int:
    return math.trunc(whole(one) / whole(other))


def _remainder(one: Any, other: Any) -> int:
    return int(math.fmod(whole(one), whole(other)))


def _numbers(*bounds: Any) -> list[int]:
    return list(range(*map(whole, bounds)))


def _substring(begin: int, end: int, value: str) -> str:
    return value[max(begin, 0) : end if end >= 0 else None]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    for types, name in ((dict, "map"), (list, "slice"), (str, "string"), (int, "int"), (float, "float64")):
        if isinstance(value, types):
            return name
    return "invalid"


def _quoted(*values: Any) -> str:
    return " ".join(json.dumps(printed(value), ensure_ascii=False) for value in values if value is not None)


def _default(default: Any, value: Any = None) -> Any:
    return value if truth(value) else default


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if truth(value)), None)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    # text/template
    "not": lambda value: not truth(value),
    "eq": equal,
    "ne": lambda one, other: not equal(one, other),
    "lt": less,
    "le": lambda one, other: less(one, other) or equal(one, other),
    "gt": lambda one, other: less(other, one),
    "ge": lambda one, other: not less(one, other),
    "index": indexed,
    "len": size,
    "slice": cut,
    "print": spaced,
    "println": lambda *values: " ".join(map(printed, values)) + "\n",
    "printf": formatted,
    "html": lambda *values: escape(spaced(*values)),
    "urlquery": lambda *values: quote_plus(spaced(*values)),
    # sprig: defaults and tests
    "default": _default,
    "coalesce": _coalesce,
    "empty": lambda value: not truth(value),
    "ternary": lambda yes, no, test: yes if test else no,
    "all": lambda *values: all(map(truth, values)),
    "any": lambda *values: any(map(truth, values)),
    "fail": _fail,
    "kindOf": _kind,
    "kindIs": lambda kind, value: _kind(value) == kind,
    # sprig: texts
    "quote": _quoted,
    "squote": lambda *values: " ".join(f"'{printed(value)}'" for value in values if value is not None),
    "toString": printed,
    "upper": lambda value: value.upper(),
    "lower": lambda value: value.lower(),
    "title": lambda value: re.sub(r"\b\w", lambda found: found[0].upper(), value),
    "trim": lambda value: value.strip(),
    "trimAll": lambda chars, value: value.strip(chars),
    "trimPrefix": lambda prefix, value: value.removeprefix(prefix),
    "trimSuffix": lambda suffix, value: value.removesuffix(suffix),
    "contains": lambda part, value: part in value,
    "hasPrefix": lambda prefix, value: value.startswith(prefix),
    "hasSuffix": lambda suffix, value: value.endswith(suffix),
    "replace": lambda old, new, value: value.replace(old, new),
    "repeat": lambda count, value: value * whole(count),
    "substr": _substring,
    "trunc": lambda count, value: value[:count] if count >= 0 else value[count:],
    "nospace": lambda value: re.sub(r"\s", "", value),
    "indent": _indent,
    "nindent": lambda count, value: "\n" + _indent(count, value),
    "join": lambda separator, values: separator.join(map(printed, values)),
    "splitList": lambda separator, value: value.split(separator),
    "cat": lambda *values: " ".join(printed(value) for value in values if value is not None),
    "b64enc": lambda value: b64encode(value.encode()).decode(),
    "b64dec": lambda value: b64decode(value).decode(),
    "b32enc": lambda value: b32encode(value.encode()).decode(),
    "b32dec": lambda value: b32decode(value).decode(),
    "sha1sum": lambda value: hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest(),
    "sha256sum": lambda value: hashlib.sha256(value.encode()).hexdigest(),
    "regexMatch": lambda pattern, value: re.search(pattern, value) is not None,
    "regexReplaceAll": lambda pattern, value, new: re.sub(pattern, re.sub(r"\$\{?(\d+)\}?", r"\\g<\1>", new), value),
    # sprig: numbers
    "int": whole,
    "int64": whole,
    "float64": real,
    "atoi": whole,
    "add": lambda *values: _total(values, lambda one, other: one + other),
    "add1": lambda value: whole(value) + 1,
    "sub": lambda one, other: whole(one) - whole(other),
    "mul": lambda *values: _total(values, lambda one, other: one * other),
    "div": _quotient,
    "mod": _remainder,
    "max": lambda *values: max(map(whole, values)),
    "min": lambda *values: min(map(whole, values)),
    "floor": lambda value: float(math.floor(real(value))),
    "ceil": lambda value: float(math.ceil(real(value))),
    "until": lambda count: _numbers(count),
    "untilStep": _numbers,
    # sprig: lists and maps
    "list": lambda *values: list(values),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "rest": lambda values: values[1:],
    "initial": lambda values: values[:-1],
    "append": lambda values, value: [*values, value],
    "prepend": lambda values, value: [value, *values],
    "concat": lambda *lists: [value for values in lists for value in values],
    "reverse": lambda values: values[::-1],
    "uniq": lambda values: [value for at, value in enumerate(values) if value not in values[:at]],
    "without": lambda values, *others: [value for value in values if value not in others],
    "has": lambda value, values: value in (values or []),
    "compact": lambda values: [value for value in values if truth(value)],
    "sortAlpha": lambda values: sorted(map(printed, values)),
    "dict": _dict,
    "get": lambda target, key: target.get(key, ""),
    "set": _set,
    "unset": _unset,
    "hasKey": lambda target, key: key in target,
    "keys": lambda *targets: [key for target in targets for key in sorted(target)],
    "values": lambda target: [target[key] for key in sorted(target)],
    "pick": lambda target, *keys: {key: target[key] for key in keys if key in target},
    "omit": lambda target, *keys: {key: value for key, value in target.items() if key not in keys},
    "merge": _merge,
    "dig": _dig,
    "toJson": as_json,
    "fromJson": json.loads,
    "toYaml": lambda value: as_yaml(value).rstrip("\n"),
}
"""By name. `and` and `or` look at their operands one by one and are the parser's."""
