"""The functions of jq: those of a value and of what their operands make of it, those that look at filters, and those
that are written in jq itself (PRELUDE)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from fakekube.nodes.jq import filters, matching, values
from fakekube.nodes.jq.filters import Env, Filter, Found, made, results
from fakekube.nodes.jq.operations import OPERATIONS, Operation, all_paths, get_path, listed
from fakekube.nodes.jq.values import JqError, Path, kind_of, order, same, shown, truth


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
            yield made(operation([(list(results(source, each, env)), each) for each in listed(value)]), path)

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
            yield get_path(value, given), (None if path is None else (*path, *given))

    return run


def _paths(*test: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in all_paths(value):
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
    **{label: _of(operation) for label, operation in OPERATIONS.items()},
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
