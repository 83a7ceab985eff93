"""The functions of jq that make one value of a value and of given ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from fakekube.nodes.jq import matching, values
from fakekube.nodes.jq.values import JqError, Path, kind_of, order, same, shown, truth

Operation = Callable[..., Any]


def _kind(*kinds: str) -> Callable[[Operation], Operation]:
    """An operation on values of these kinds alone."""

    def decorate(operation: Operation) -> Operation:
        def run(value: Any, *given: Any) -> Any:
            if kind_of(value) not in kinds:
                raise JqError(f"expected {' or '.join(kinds)} but got: {shown(value)}")
            return operation(value, *given)

        return run

    return decorate


_texts, _lists, _numbers = _kind("string"), _kind("array"), _kind("number")


def _length(value: Any) -> Any:
    if isinstance(value, bool):
        raise JqError(f"length cannot be applied to: {shown(value)}")
    if value is None:
        return 0
    return abs(value) if isinstance(value, int | float) else len(value)


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return sorted(value)
    if isinstance(value, list):
        return list(range(len(value)))
    raise JqError(f"keys cannot be applied to: {shown(value)}")


def _has(value: Any, key: Any) -> bool:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and kind_of(key) == "number":
        return bool(0 <= key < len(value))
    raise JqError(f"has({values.compact(key)}) cannot be applied to: {shown(value)}")


def _contains(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        return all(key in value and _contains(value[key], other[key]) for key in other)
    if isinstance(value, list) and isinstance(other, list):
        return all(any(kind_of(each) == kind_of(one) and _contains(each, one) for each in value) for one in other)
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    if kind_of(value) == kind_of(other):
        return same(value, other)
    raise JqError(f"contains({shown(other)}) cannot be applied to: {shown(value)}")


def _sum(value: Any) -> Any:
    found = None
    for each in value.values() if isinstance(value, dict) else listed(value):
        found = values.plus(found, each)
    return found


def listed(value: Any) -> list[Any]:
    """The value, which must be a list."""
    if not isinstance(value, list):
        raise JqError(f"expected an array but got: {shown(value)}")
    return value


def _flat(value: Any, depth: Any = math.inf) -> list[Any]:
    if depth < 0:
        raise JqError(f"flatten depth must not be negative: {depth}")
    found: list[Any] = []
    for each in [value[key] for key in sorted(value)] if isinstance(value, dict) else listed(value):
        found += _flat(each, depth - 1) if isinstance(each, list) and depth > 0 else [each]
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            found = float(value) if value.strip() == value and "_" not in value else None
        except ValueError:
            found = None
        if found is None:
            raise JqError(f"tonumber cannot be applied to: {shown(value)}")
        return int(value) if value.lstrip("+-").isdigit() else values.whole(found)
    if kind_of(value) != "number":
        raise JqError(f"tonumber cannot be applied to: {shown(value)}")
    return value


def _unique(value: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in sorted(value, key=order):
        if not found or not same(found[-1], each):
            found.append(each)
    return found


def _joined(value: Any, separator: Any) -> str:
    parts = []
    for each in listed(value):
        if isinstance(each, list | dict):
            raise JqError(f"cannot join with: {shown(each)}")
        parts.append("" if each is None else values.text_of(each))
    return str(separator).join(parts)


def _entries(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in listed(value):
        names = [each[name] for name in ("key", "k", "name", "Name", "Key", "K") if each.get(name) not in (None, False)]
        name = names[0] if names else next((each[at] for at in ("key", "k", "name") if at in each), None)
        held = next((each[at] for at in ("value", "v", "Value", "V") if at in each), None)
        if not isinstance(name, str | int | float | bool | None) or (name is None and "key" not in each):
            raise JqError(f"from_entries cannot be applied to: {shown(value)}")
        found[values.text_of(name)] = held
    return found


def _transposed(value: list[list[Any]]) -> list[list[Any]]:
    longest = max(map(len, value), default=0)
    return [[each[place] if place < len(each) else None for each in value] for place in range(longest)]


def _from_json(value: Any) -> Any:
    try:
        return json.loads(value)
    except (json.JSONDecodeError, TypeError) as error:
        raise JqError(f"fromjson cannot be applied to: {shown(value)}: {error}") from error


def _error(value: Any, *message: Any) -> Any:
    given = message[0] if message else value
    raise JqError.of(given)


def _trimmed(value: Any, part: Any, *, begin: bool) -> Any:
    if not isinstance(value, str) or not isinstance(part, str):
        raise JqError(f"cannot trim {shown(part)} of: {shown(value)}")
    return value.removeprefix(part) if begin else value.removesuffix(part)


def _found_at(value: Any, part: Any, *, last: bool) -> Any:
    found = values.indices(value, part)
    return found[-1 if last else 0] if found else None


def _power(one: Any, other: Any) -> Any:
    try:
        return values.whole(math.pow(one, other))
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def _rounded(operation: Callable[[float], float]) -> Operation:
    def of(value: Any) -> Any:
        return values.whole(float(operation(value))) if math.isfinite(value) else value

    return _numbers(of)


def _reckoned(operation: Callable[[float], float]) -> Operation:
    def of(value: Any) -> Any:
        try:
            return values.whole(operation(value))
        except ValueError:
            return math.nan

    return _numbers(of)


def _to_date(value: Any) -> str:
    return datetime.fromtimestamp(math.floor(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _from_date(value: Any) -> int:
    try:
        return int(datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise JqError(f"fromdateiso8601 cannot be applied to: {shown(value)}") from error


def _set_path(value: Any, path: Any, new: Any) -> Any:
    return values.put(value, tuple(listed(path)), new)


def get_path(value: Any, path: Any) -> Any:
    """What is at a path that is given as a list."""
    try:
        return values.at(value, tuple(listed(path)))
    except JqError as error:
        raise JqError(f"getpath({values.compact(path)}) cannot be applied to: {shown(value)}") from error


def all_paths(value: Any, begin: Path = ()) -> Iterator[Path]:
    """The paths of all that is within the value."""
    keys = sorted(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*begin, key)
        yield from all_paths(value[key], (*begin, key))


OPERATIONS: dict[str, Operation] = {
    "not/0": lambda value: not truth(value),
    "length/0": _length,
    "utf8bytelength/0": _texts(lambda value: len(value.encode())),
    "type/0": kind_of,
    "keys/0": _keys,
    "keys_unsorted/0": _keys,
    "has/1": _has,
    "contains/1": _contains,
    "inside/1": lambda value, other: _contains(other, value),
    "add/0": _sum,
    "flatten/0": _flat,
    "flatten/1": _flat,
    "min/0": _lists(lambda value: min(value, key=order, default=None)),
    "max/0": _lists(lambda value: max(reversed(value), key=order, default=None)),
    "sort/0": _lists(lambda value: sorted(value, key=order)),
    "unique/0": _lists(_unique),
    "reverse/0": lambda value: [] if value is None else _kind("string", "array")(lambda each: each[::-1])(value),
    "transpose/0": _lists(_transposed),
    "join/1": _joined,
    "tostring/0": values.text_of,
    "tonumber/0": _number,
    "tojson/0": values.compact,
    "fromjson/0": _from_json,
    "from_entries/0": _entries,
    "ascii_downcase/0": _texts(lambda value: value.lower()),
    "ascii_upcase/0": _texts(lambda value: value.upper()),
    "startswith/1": lambda value, part: _texts(lambda each: each.startswith(part))(value),
    "endswith/1": lambda value, part: _texts(lambda each: each.endswith(part))(value),
    "ltrimstr/1": lambda value, part: _trimmed(value, part, begin=True),
    "rtrimstr/1": lambda value, part: _trimmed(value, part, begin=False),
    "trimstr/1": lambda value, part: _trimmed(_trimmed(value, part, begin=True), part, begin=False),
    "trim/0": _texts(lambda value: value.strip()),
    "ltrim/0": _texts(lambda value: value.lstrip()),
    "rtrim/0": _texts(lambda value: value.rstrip()),
    "explode/0": _texts(lambda value: [ord(sign) for sign in value]),
    "implode/0": _lists(lambda value: "".join(map(chr, value))),
    "split/1": lambda value, part: _texts(values.split)(value, part),
    "split/2": lambda value, pattern, flags: matching.parts(value, pattern, flags),
    "test/1": matching.holds,
    "test/2": matching.holds,
    "indices/1": values.indices,
    "index/1": lambda value, part: _found_at(value, part, last=False),
    "rindex/1": lambda value, part: _found_at(value, part, last=True),
    "floor/0": _rounded(math.floor),
    "ceil/0": _rounded(math.ceil),
    "round/0": _rounded(lambda value: math.copysign(math.floor(abs(value) + 0.5), value)),
    "trunc/0": _rounded(math.trunc),
    "fabs/0": _reckoned(abs),
    "abs/0": _numbers(abs),
    "sqrt/0": _reckoned(math.sqrt),
    "log/0": _reckoned(math.log),
    "log2/0": _reckoned(math.log2),
    "log10/0": _reckoned(math.log10),
    "exp/0": _reckoned(math.exp),
    "exp2/0": _reckoned(lambda value: math.pow(2, value)),
    "exp10/0": _reckoned(lambda value: math.pow(10, value)),
    "pow/2": lambda value, one, other: _power(one, other),
    "infinite/0": lambda value: math.inf,
    "nan/0": lambda value: math.nan,
    "isnan/0": _numbers(lambda value: math.isnan(value)),
    "isinfinite/0": _numbers(lambda value: math.isinf(value)),
    "isnormal/0": _numbers(lambda value: bool(value) and math.isfinite(value)),
    "toarray/0": lambda value: value if isinstance(value, list) else [value],
    "todate/0": _numbers(_to_date),
    "todateiso8601/0": _numbers(_to_date),
    "fromdate/0": _texts(_from_date),
    "fromdateiso8601/0": _texts(_from_date),
    "error/0": _error,
    "error/1": _error,
    "setpath/2": _set_path,
    "delpaths/1": lambda value, paths: values.without(value, [tuple(path) for path in listed(paths)]),
}
