"""sprig's functions on lists and maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from fakekube.nodes.templates.functions.numbers import whole
from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.functions.texts import text_list
from fakekube.nodes.templates.values import go_text, kind_of, same, truth

Map = dict[str, Any]


def _on_list(what: str, function: Callable[..., Any], place: int = 0) -> Callable[..., Any]:
    """A function one of whose operands must be a list."""

    def call(*given: Any) -> Any:
        if not isinstance(given[place], list):
            raise ValueError(f"Cannot {what} type {kind_of(given[place])}")
        return function(*given)

    return call


def _holds(values: Iterable[Any], wanted: Any) -> bool:
    return any(same(wanted, value) for value in values)


def _unique(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not _holds(found, value):
            found.append(value)
    return found


def _sorted(value: Any) -> list[str]:
    return sorted(text_list(value), key=str.encode) if isinstance(value, list) else [go_text(value)]


def _cut(values: list[Any], *bounds: Any) -> Any:
    if not values:
        return None
    begin = whole(bounds[0]) if bounds else 0
    end = whole(bounds[1]) if len(bounds) > 1 else len(values)
    if not 0 <= begin <= end <= len(values):
        raise ValueError("reflect.Value.Slice: slice index out of bounds")
    return values[begin:end]


def _joined(*lists: Any) -> list[Any]:
    for each in lists:
        if not isinstance(each, list):
            raise ValueError(f"Cannot concat type {kind_of(each)} as list")
    return [value for values in lists for value in values]


def _chunks(size: int, values: list[Any]) -> list[list[Any]]:
    if size < 1:
        raise ValueError("runtime error: makeslice: len out of range")
    return [values[begin : begin + size] for begin in range(0, len(values), size)]


def _has(wanted: Any, values: Any) -> bool:
    if values is None:
        return False
    if not isinstance(values, list):
        raise ValueError(f"Cannot find has on type {kind_of(values)}")
    return _holds(values, wanted)


def _dict(*pairs: Any) -> Map:
    listed = list(pairs) + ([""] if len(pairs) % 2 else [])
    return {go_text(key): value for key, value in zip(listed[::2], listed[1::2], strict=True)}


def _set(target: Map, key: str, value: Any) -> Map:
    target[key] = value
    return target


def _unset(target: Map, key: str) -> Map:
    target.pop(key, None)
    return target


def _merged(overwrites: bool) -> Callable[..., Map]:
    """merge and mergeOverwrite: maps are merged deeply; to merge, an empty value is none."""

    def into(target: Map, other: Map) -> None:
        for key, value in other.items():
            present = target.get(key)
            if isinstance(present, dict) and isinstance(value, dict):
                into(present, value)
            elif overwrites or not truth(present):
                target[key] = value

    def call(target: Map, *others: Map) -> Map:
        for other in others:
            into(target, other)
        return target

    return call


def _dig(*operands: Any) -> Any:
    if len(operands) < 3:
        raise ValueError("dig needs at least three arguments")
    *keys, default, found = operands
    for key in keys:
        if not isinstance(found, dict) or not isinstance(key, str):
            raise ValueError(f"interface conversion: interface {{}} is {kind_of(found)}, not map[string]interface {{}}")
        if key not in found:
            return default
        found = found[key]
    return found


_PLAIN: Rows = {
    "append": ("..", _on_list("push on", lambda values, value: [*values, value])),
    "push": ("..", _on_list("push on", lambda values, value: [*values, value])),
    "prepend": ("..", _on_list("prepend on", lambda values, value: [value, *values])),
    "first": (".", _on_list("find first on", lambda values: values[0] if values else None)),
    "last": (".", _on_list("find last on", lambda values: values[-1] if values else None)),
    "rest": (".", _on_list("find rest on", lambda values: values[1:])),
    "initial": (".", _on_list("find initial on", lambda values: values[:-1])),
    "reverse": (".", _on_list("find reverse on", lambda values: values[::-1])),
    "compact": (".", _on_list("compact on", lambda values: [value for value in values if truth(value)])),
    "uniq": (".", _on_list("find uniq on", _unique)),
    "without": (
        "..*",
        _on_list("find without on", lambda values, *others: [each for each in values if not _holds(others, each)]),
    ),
    "has": ("..", _has),
    "slice": ("..*", _on_list("slice", _cut)),
    "chunk": ("i.", _on_list("chunk", _chunks, 1)),
    "deepCopy": (".", deepcopy),
    "merge": ("mm*", _merged(overwrites=False)),
    "mergeOverwrite": ("mm*", _merged(overwrites=True)),
}
_WITH_MUST = tuple(name for name in _PLAIN)

ROWS: Rows = {
    **_PLAIN,
    **{f"must{name[0].upper()}{name[1:]}": _PLAIN[name] for name in _WITH_MUST},
    "list": (".*", lambda *values: list(values)),
    "tuple": (".*", lambda *values: list(values)),
    "concat": (".*", _joined),
    "sortAlpha": (".", _sorted),
    "dict": (".*", _dict),
    "get": ("ms", lambda target, key: target.get(key, "")),
    "set": ("ms.", _set),
    "unset": ("ms", _unset),
    "hasKey": ("ms", lambda target, key: key in target),
    "pluck": ("sm*", lambda key, *maps: [each[key] for each in maps if key in each]),
    "keys": ("m*", lambda *maps: [key for each in maps for key in sorted(each)]),
    "values": ("m", lambda target: [target[key] for key in sorted(target)]),
    "pick": ("ms*", lambda target, *keys: {key: target[key] for key in keys if key in target}),
    "omit": ("ms*", lambda target, *keys: {key: value for key, value in target.items() if key not in keys}),
    "dig": (".*", _dig),
}
