"""Filters: what expressions become. Each makes of a value any number of values, and tells where they are within the
first one if that is asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fakekube.nodes.jq import values
from fakekube.nodes.jq.values import JqError, Path, truth

Found = tuple[Any, Path | None]
"""A value, and its path where paths are asked for (then every filter on the way must be one of paths)."""
Filter = Callable[[Any, "Path | None", "Env"], Iterator[Found]]


class Env(NamedTuple):
    """What names stand for: variables, and functions by name and number of parameters."""

    variables: dict[str, Any]
    functions: dict[str, Function | Closure]

    def bound(self, name: str, value: Any) -> Env:
        """With one variable more."""
        return Env({**self.variables, name: value}, self.functions)


class Closure(NamedTuple):
    """An operand of a function: the expression, and where it was written."""

    filter: Filter
    env: Env


class Function:
    """A function of the expression's own. `env` is filled in where it is defined: it knows itself."""

    __slots__ = ("body", "env", "name", "parameters")

    def __init__(self, name: str, parameters: tuple[str, ...], body: Filter) -> None:
        self.name = name
        self.parameters = parameters
        self.body = body
        self.env = TOP


TOP = Env({}, {})


class Break(Exception):
    """`break $label`."""

    def __init__(self, label: object) -> None:
        self.label = label


def made(value: Any, path: Path | None) -> Found:
    """A value that is nowhere within another: no path leads to it."""
    if path is not None:
        raise JqError(f"invalid path against: {values.shown(value)}")
    return value, None


def itself(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
    yield value, path


def nothing(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
    return iter(())


def constant(fixed: Any) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield fixed, (None if path is None else _LOST)

    return run


_LOST: Path = (object(),)
"""The path of what is nowhere: to go on from it is an error, to ignore it is none."""


def variable(name: str) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield env.variables[name], (None if path is None else _LOST)

    return run


def results(found: Filter, value: Any, env: Env) -> Iterator[Any]:
    """The values alone."""
    for each, _ in found(value, None, env):
        yield each


def _step(value: Any, path: Path | None, key: Any) -> Found:
    if path is None:
        return values.got(value, key), None
    if path is _LOST:
        raise JqError(f"invalid path against: {values.shown(value)}")
    return values.got(value, key), (*path, key)


class Keys:
    """.a.b.c: the way from one object to the next."""

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        if path is None:
            for name in self.names:
                value = value.get(name) if type(value) is dict else values.got(value, name)
        else:
            for name in self.names:
                value, path = _step(value, path, name)
        return iter(((value, path),))


def key(name: str) -> Filter:
    return Keys(name)


def at(owner: Filter, inner: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for each in results(inner, value, env):
            for target, place in owner(value, path, env):
                yield _step(target, place, each)

    return run


def sliced(owner: Filter, begin: Filter | None, end: Filter | None) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for last in results(end or constant(None), value, env):
            for first in results(begin or constant(None), value, env):
                for target, place in owner(value, path, env):
                    yield _step(target, place, {"start": first, "end": last})

    return run


def each(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
    """.[]: the elements; of an object in the order of its keys."""
    if isinstance(value, dict):
        for name in sorted(value):
            yield _step(value, path, name)
    elif isinstance(value, list):
        for place in range(len(value)):
            yield _step(value, path, place)
    else:
        raise JqError(f"cannot iterate over: {values.shown(value)}")


def piped(one: Filter, other: Filter) -> Filter:
    if isinstance(one, Keys) and isinstance(other, Keys):
        return Keys(*one.names, *other.names)

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found, place in one(value, path, env):
            yield from other(found, place, env)

    return run


def both(one: Filter, other: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield from one(value, path, env)
        yield from other(value, path, env)

    return run


def collected(found: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        yield made(list(results(found, value, env)), path)

    return run


def mapped(entries: list[tuple[Filter, Filter]]) -> Filter:
    """{...}: an object for each combination of keys and values."""

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in _objects(entries, value, env):
            yield made(found, path)

    return run


def _objects(entries: list[tuple[Filter, Filter]], value: Any, env: Env) -> Iterator[dict[str, Any]]:
    if not entries:
        yield {}
        return
    *before, (name, content) = entries
    for inner in _objects(before, value, env):
        for called in results(name, value, env):
            if not isinstance(called, str):
                raise JqError(f"expected a string for object key but got: {values.shown(called)}")
            for held in results(content, value, env):
                yield {**inner, called: held}


def computed(operation: Callable[[Any, Any], Any], one: Filter, other: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for right in results(other, value, env):
            for left in results(one, value, env):
                yield made(operation(left, right), path)

    return run


def alternative(one: Filter, other: Filter) -> Filter:
    """//: what is true of the first, or else the second."""

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        found = False
        try:
            for held, place in one(value, path, env):
                if truth(held):
                    found = True
                    yield held, place
        except JqError:
            pass
        if not found:
            yield from other(value, path, env)

    return run


def logical(decisive: bool) -> Callable[[Filter, Filter], Filter]:
    def combine(one: Filter, other: Filter) -> Filter:
        def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
            for left in results(one, value, env):
                if truth(left) is decisive:
                    yield made(decisive, path)
                else:
                    for right in results(other, value, env):
                        yield made(truth(right), path)

        return run

    return combine


def chosen(test: Filter, yes: Filter, no: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in results(test, value, env):
            yield from (yes if truth(found) else no)(value, path, env)

    return run


def tried(body: Filter, handler: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        try:
            yield from body(value, path, env)
        except JqError as error:
            yield from handler(error.value, None if path is None else _LOST, env)

    return run


# --- names

Pattern = Callable[[Any, Any, Env], Iterator[Env]]
"""From a value that is taken apart, the input, and where it is: the surroundings with the variables bound."""


def bound(source: Filter, pattern: Pattern, body: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for found in results(source, value, env):
            for inner in pattern(found, value, env):
                yield from body(value, path, inner)

    return run


def reduced(source: Filter, pattern: Pattern, begin: Filter, update: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for held, place in begin(value, path, env):
            state: Found = (held, place)
            for found in results(source, value, env):
                for inner in pattern(found, value, env):
                    state = deque([state, *update(*state, inner)], maxlen=1)[0]
            yield state

    return run


def folded(source: Filter, pattern: Pattern, begin: Filter, update: Filter, extract: Filter) -> Filter:
    """foreach: the states of a reduce, one after the other."""

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for held, place in begin(value, path, env):
            state: Found = (held, place)
            for found in results(source, value, env):
                for inner in pattern(found, value, env):
                    for following in update(*state, inner):
                        state = following
                        yield from extract(*following, inner)

    return run


def defined(function: Function, body: Filter) -> Filter:
    label = f"{function.name}/{len(function.parameters)}"

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        own = Function(function.name, function.parameters, function.body)
        inner = Env(env.variables, {**env.functions, label: own})
        own.env = inner
        yield from body(value, path, inner)

    return run


def called(name: str, operands: tuple[Filter, ...]) -> Filter:
    label = f"{name}/{len(operands)}"

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        function = env.functions[label]
        if isinstance(function, Closure):
            yield from function.filter(value, path, function.env)
            return
        for inner in surroundings(function, operands, value, env):
            yield from function.body(value, path, inner)

    return run


def surroundings(function: Function, operands: tuple[Filter, ...], value: Any, env: Env) -> Iterator[Env]:
    """The function's own surroundings with its parameters; of `$name` one for each value."""
    found = [function.env]
    for parameter, operand in zip(function.parameters, operands, strict=True):
        name = parameter.lstrip("$")
        held = Closure(operand, env)
        found = [Env(each.variables, {**each.functions, f"{name}/0": held}) for each in found]
        if parameter.startswith("$"):
            given = list(results(operand, value, env))
            found = [each.bound(parameter, one) for one in given for each in found]
            found = [_as_function(each, name, each.variables[parameter]) for each in found]
    yield from found


def _as_function(env: Env, name: str, value: Any) -> Env:
    return Env(env.variables, {**env.functions, f"{name}/0": Closure(constant(value), env)})


def labelled(name: str, body: Filter) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        label = object()
        try:
            yield from body(value, path, env.bound(f"*{name}", label))
        except Break as left:
            if left.label is not label:
                raise

    return run


def broken(name: str) -> Filter:
    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        raise Break(env.variables[f"*{name}"])

    return run


# --- paths


def paths_of(found: Filter, value: Any, env: Env) -> Iterator[Path]:
    """Where the expression leads to within the value."""
    for held, path in found(value, (), env):
        if path is None or path is _LOST:
            raise JqError(f"invalid path against: {values.shown(held)}")
        yield path


def updated(target: Filter, update: Filter) -> Filter:
    """|=: each place with the first that the update makes of it; without any it goes."""

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        gone: list[Path] = []
        whole = value
        for place in paths_of(target, value, env):
            new = next(results(update, values.at(whole, place), env), _NONE)
            if new is _NONE:
                gone.append(place)
            else:
                whole = values.put(whole, place, new)
        yield made(values.without(whole, gone), path)

    return run


_NONE = object()


def assigned(target: Filter, source: Filter, operation: Callable[[Any, Any], Any] | None = None) -> Filter:
    """= and its kin: for each value of the source all places changed."""

    def run(value: Any, path: Path | None, env: Env) -> Iterator[Found]:
        for new in results(source, value, env):
            whole = value
            for place in paths_of(target, value, env):
                old = values.at(whole, place)
                whole = values.put(whole, place, new if operation is None else operation(old, new))
            yield made(whole, path)

    return run
