"""The functions of jq: those of a value and of what their operands make of it, those that look at filters, and those
that are written in jq itself (PRELUDE)."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from fakekube.nodes.jq import filters, matching, values
from fakekube.nodes.jq.filters import Break, Env, Filter, Found, made, results
from fakekube.nodes.jq.values import JqError, Path, kind_of, order, same, shown, truth

Operation = Callable[..., Any]


def _of(operation: Operation) -> Callable[..., Filter]:
    """A function of the value and of each combination of what its operands make of it."""

    def make(*operands: Filter) -> Filter:
        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            for given in _combinations(operands, value, env):
                try:
                    found = operation(value, *given)
                except (TypeError, AttributeError, ValueError, KeyError, IndexError, OverflowError) as error:
                    raise error if isinstance(error, JqError) else _unfit(operation, value, error) from error
                yield made(found, path)

        return run

    return make


def _combinations(operands: tuple[Filter, ...], value: Any, env: Env) -> Iterator[tuple[Any, ...]]:
    if not operands:
        yield ()
        return
    *before, last = operands
    for held in results(last, value, env):
        for others in _combinations(tuple(before), value, env):
            yield (*others, held)


def _unfit(operation: Operation, value: Any, error: Exception) -> JqError:
    return JqError(f"cannot be applied to: {shown(value)} ({error})")


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


# --- of values


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
    for each in value.values() if isinstance(value, dict) else _listed(value):
        found = values.plus(found, each)
    return found


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise JqError(f"expected an array but got: {shown(value)}")
    return value


def _flat(value: Any, depth: Any = math.inf) -> list[Any]:
    if depth < 0:
        raise JqError(f"flatten depth must not be negative: {depth}")
    found: list[Any] = []
    for each in [value[key] for key in sorted(value)] if isinstance(value, dict) else _listed(value):
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
    for each in _listed(value):
        if isinstance(each, list | dict):
            raise JqError(f"cannot join with: {shown(each)}")
        parts.append("" if each is None else values.text_of(each))
    return str(separator).join(parts)


def _entries(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in _listed(value):
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


def _walked(value: Any, begin: Any) -> Any:
    return values.bounds(value, begin, None)


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
    return values.put(value, tuple(_listed(path)), new)


def _get_path(value: Any, path: Any) -> Any:
    try:
        return values.at(value, tuple(_listed(path)))
    except JqError as error:
        raise JqError(f"getpath({values.compact(path)}) cannot be applied to: {shown(value)}") from error


def _all_paths(value: Any, begin: Path = ()) -> Iterator[Path]:
    keys = sorted(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*begin, key)
        yield from _all_paths(value[key], (*begin, key))


_VALUES: dict[str, Operation] = {
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
    "delpaths/1": lambda value, paths: values.without(value, [tuple(path) for path in _listed(paths)]),
}


# --- of filters


def _select(test: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in results(test, value, env):
            if truth(found):
                yield value, path

    return run


def _recurse(step: Filter | None = None, test: Filter | None = None) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield value, path
        following = step or filters.tried(filters.each, filters.nothing)
        for found, place in following(value, path, env):
            if test is None or any(map(truth, results(test, found, env))):
                yield from run(found, place, env)

    return run


def _range(*operands: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for given in _combinations(operands, value, env):
            if any(kind_of(each) != "number" for each in given):
                raise JqError(f"range cannot be applied to: {shown(list(given))}")
            begin, end, step = (0, given[0], 1) if len(given) == 1 else (*given, 1)[:3]
            while (begin < end) if step > 0 else (begin > end and step < 0):
                yield made(begin, path)
                begin += step

    return run


def _limit(count: Filter, source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for most in results(count, value, env):
            left = most
            if left < 0:
                raise JqError(f"negative count: {most}")
            if left:
                for found in source(value, path, env):
                    yield found
                    left -= 1
                    if left <= 0:
                        break

    return run


def _skip(count: Filter, source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for most in results(count, value, env):
            for place, found in enumerate(source(value, path, env)):
                if place >= most:
                    yield found

    return run


def _first(source: Filter) -> Filter:
    return _limit(filters.constant(1), source)


def _last(source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield from deque(source(value, path, env), maxlen=1)

    return run


def _until(test: Filter, update: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for done in results(test, value, env):
            if truth(done):
                yield value, path
            else:
                for found, place in update(value, path, env):
                    yield from run(found, place, env)

    return run


def _quantified(quantifier: Callable[[Iterator[bool]], bool]) -> Callable[..., Filter]:
    def make(*given: Filter) -> Filter:
        source = given[0] if len(given) == 2 else filters.each
        test = given[-1] if given else filters.itself

        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            yield made(quantifier(_truths(source, test, value, env)), path)

        return run

    return make


def _truths(source: Filter, test: Filter, value: Any, env: Env) -> Iterator[bool]:
    for each in results(source, value, env):
        for found in results(test, each, env):
            yield truth(found)


def _by(operation: Callable[[list[tuple[Any, Any]]], Any]) -> Callable[[Filter], Filter]:
    """A function of the elements of a list and what an expression makes of each."""

    def make(source: Filter) -> Filter:
        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            yield made(operation([(list(results(source, each, env)), each) for each in _listed(value)]), path)

        return run

    return make


Ranked = list[tuple[Any, Any]]


def _sorted(pairs: Ranked) -> Ranked:
    return sorted(pairs, key=lambda pair: order(pair[0]))


def _groups(pairs: Ranked) -> list[list[Any]]:
    found: list[list[Any]] = []
    last: Any = None
    for rank, each in _sorted(pairs):
        if found and same(last, rank):
            found[-1].append(each)
        else:
            found.append([each])
        last = rank
    return found


def _path(source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in filters.paths_of(source, value, env):
            yield made(list(found), path)

    return run


def _get(operand: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for given in results(operand, value, env):
            yield _get_path(value, given), (None if path is None else (*path, *given))

    return run


def _paths(*test: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in _all_paths(value):
            if not test or any(map(truth, results(test[0], values.at(value, found), env))):
                yield made(list(found), path)

    return run


def _deleted(source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield made(values.without(value, list(filters.paths_of(source, value, env))), path)

    return run


def _is_empty(source: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield made(next(iter(source(value, None, env)), None) is None, path)

    return run


def _matched(operation: Callable[..., Iterator[Any]]) -> Callable[..., Filter]:
    """A function of regular expressions that makes any number of values."""

    def make(*operands: Filter) -> Filter:
        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            for given in _combinations(operands, value, env):
                for found in operation(value, *given):
                    yield made(found, path)

        return run

    return make


def _substituted(everywhere: bool) -> Callable[..., Filter]:
    def make(pattern: Filter, new: Filter, *flags: Filter) -> Filter:
        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            for given in _combinations((pattern, *flags), value, env):
                text = given[1] if len(given) > 1 else ""
                yield made(matching.replaced(value, given[0], text, everywhere, lambda at: results(new, at, env)), path)

        return run

    return make


FUNCTIONS: dict[str, Callable[..., Filter]] = {
    **{label: _of(operation) for label, operation in _VALUES.items()},
    "empty/0": lambda: filters.nothing,
    "select/1": _select,
    "recurse/0": _recurse,
    "recurse/1": _recurse,
    "recurse/2": _recurse,
    "range/1": _range,
    "range/2": _range,
    "range/3": _range,
    "limit/2": _limit,
    "skip/2": _skip,
    "first/1": _first,
    "last/1": _last,
    "until/2": _until,
    "any/0": _quantified(any),
    "any/1": _quantified(any),
    "any/2": _quantified(any),
    "all/0": _quantified(all),
    "all/1": _quantified(all),
    "all/2": _quantified(all),
    "isempty/1": _is_empty,
    "sort_by/1": _by(lambda pairs: [each for _, each in _sorted(pairs)]),
    "group_by/1": _by(_groups),
    "unique_by/1": _by(lambda pairs: [group[0] for group in _groups(pairs)]),
    "min_by/1": _by(lambda pairs: _sorted(pairs)[0][1] if pairs else None),
    "max_by/1": _by(lambda pairs: _sorted(pairs)[-1][1] if pairs else None),
    "path/1": _path,
    "getpath/1": _get,
    "paths/0": _paths,
    "paths/1": _paths,
    "del/1": _deleted,
    "match/1": _matched(matching.matches),
    "match/2": _matched(matching.matches),
    "capture/1": _matched(matching.captures),
    "capture/2": _matched(matching.captures),
    "scan/1": _matched(matching.scans),
    "scan/2": _matched(matching.scans),
    "splits/1": _matched(lambda value, pattern: iter(matching.parts(value, pattern, ""))),
    "splits/2": _matched(lambda value, pattern, flags: iter(matching.parts(value, pattern, flags))),
    "sub/2": _substituted(everywhere=False),
    "sub/3": _substituted(everywhere=False),
    "gsub/2": _substituted(everywhere=True),
    "gsub/3": _substituted(everywhere=True),
}
"""By name and number of operands."""

PRELUDE: dict[str, tuple[tuple[str, ...], str]] = {
    "map/1": (("f",), "[.[] | f]"),
    "values/0": ((), "select(. != null)"),
    "nulls/0": ((), "select(. == null)"),
    "booleans/0": ((), 'select(type == "boolean")'),
    "numbers/0": ((), 'select(type == "number")'),
    "strings/0": ((), 'select(type == "string")'),
    "arrays/0": ((), 'select(type == "array")'),
    "objects/0": ((), 'select(type == "object")'),
    "iterables/0": ((), 'select(type == "array" or type == "object")'),
    "scalars/0": ((), 'select(type != "array" and type != "object")'),
    "first/0": ((), ".[0]"),
    "last/0": ((), ".[-1]"),
    "nth/1": (("$n",), ".[$n]"),
    "nth/2": (("$n", "f"), 'if $n < 0 then error("nth needs an index of 0 or more") else first(skip($n; f)) end'),
    "IN/1": (("s",), "any(s == .; .)"),
    "IN/2": (("source", "s"), "any(source == s; .)"),
    "INDEX/1": (("f",), "INDEX(.[]; f)"),
    "INDEX/2": (("stream", "f"), "reduce stream as $row ({}; .[$row | f | tostring] |= $row)"),
    "in/1": (("xs",), ". as $x | xs | has($x)"),
    "add/1": (("f",), "reduce f as $x (null; . + $x)"),
    "to_entries/0": ((), "[keys[] as $k | {key: $k, value: .[$k]}]"),
    "with_entries/1": (("f",), "to_entries | map(f) | from_entries"),
    "map_values/1": (("f",), ".[] |= f"),
    "while/2": (("cond", "update"), "recurse(if cond then update else empty end) | select(cond)"),
    "repeat/1": (("f",), "recurse(f)"),
    "walk/1": (("f",), 'if type == "object" or type == "array" then map_values(walk(f)) else . end | f'),
    "pick/1": (("f",), ". as $v | reduce path(f) as $p (null; setpath($p; $v | getpath($p)))"),
    "combinations/0": ((), "if length == 0 then [] else .[0][] as $x | .[1:] | combinations as $w | [$x] + $w end"),
    "combinations/1": (("$n",), "[range($n) as $_ | .] | combinations"),
    "debug/0": ((), "."),
    "debug/1": (("f",), "."),
    "halt_error/0": ((), "error"),
}
"""By name and number of operands: the parameters, and the body."""

REFUSED: dict[str, str] = {
    **dict.fromkeys(("input", "inputs", "input_filename", "input_line_number"), "there is no input but the object"),
    "env": "the machine's environment is not for stages",
    **dict.fromkeys(
        ("now", "localtime", "strflocaltime", "mktime", "gmtime", "strftime", "strptime"), "times are texts"
    ),
    "halt": "nothing is to be stopped",
}
"""What is not supported, and why."""
__all__ = ["FUNCTIONS", "PRELUDE", "REFUSED", "Break"]
