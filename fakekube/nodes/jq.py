"""The part of jq that selects: paths, pipes, select(), comparisons, `and`, `or`, `//`, functions without side effects.

Stages (`stages`) look into objects with it. What is beyond this part is refused when the expression is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from fakekube.core.patterns import PatternError, matcher

Filter = Callable[[Any], Iterator[Any]]
"""From a value to what the expression makes of it: any number of values."""


class JqError(ValueError):
    """An expression that cannot be read, or does not fit the value."""


class Query:
    """An expression, read once. JqError if it is none, or beyond the part that is known here."""

    __slots__ = ("_filter", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._filter = _Parser(text).whole()

    def all(self, value: Any) -> list[Any]:
        """What it makes of the value; JqError if it does not fit."""
        return list(self._filter(value))

    def present(self, value: Any) -> list[Any] | None:
        """The same without nulls; None if the expression does not fit the value."""
        try:
            return [each for each in self._filter(value) if each is not None]
        except JqError:
            return None


_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:\\.|[^"\\])*")'
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
    r"|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>\.\.|//|==|!=|<=|>=|[.\[\]()|,?:;<>+*/%$={}-]))"
)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise JqError(f"{text!r}: unexpected {text[position:].lstrip()[:1]!r}")
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            position = match.end()
        self._at = 0

    def _fault(self, message: str) -> JqError:
        return JqError(f"{self._text!r}: {message}")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, *texts: str) -> str:
        """The next token if it is one of these signs or words, which is then gone; else ''."""
        kind, text = self._peek()
        if kind in ("sign", "word") and text in texts:
            self._at += 1
            return text
        return ""

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise self._fault(f"expected {text!r} instead of {self._peek()[1]!r}")

    def whole(self) -> Filter:
        """The expression; nothing may be left."""
        if not self._tokens:
            return _itself
        found = self._pipe()
        if self._peek()[0] != "end":
            raise self._fault(f"{self._peek()[1]!r} is not supported here")
        return found

    def _pipe(self) -> Filter:
        found = self._comma()
        while self._take("|"):
            found = _piped(found, self._comma())
        return found

    def _comma(self) -> Filter:
        found = self._binary(0)
        while self._take(","):
            found = _both(found, self._binary(0))
        return found

    def _binary(self, level: int) -> Filter:
        if level == len(_LEVELS):
            return self._postfix()
        found = self._binary(level + 1)
        while sign := self._take(*_LEVELS[level]):
            other = self._binary(level + 1)
            found = _COMBINED[sign](found, other) if sign in _COMBINED else _computed(_OPERATIONS[sign], found, other)
        return found

    def _postfix(self) -> Filter:
        found = self._term()
        while True:
            kind, text = self._peek()
            if kind == "field":
                self._at += 1
                found = _piped(found, _key(text[1:]))
            elif text == "." and kind == "sign":
                self._at += 1
                found = self._after_dot(found)
            elif self._take("["):
                found = self._bracket(found)
            elif self._take("?"):
                found = _tried(found)
            else:
                return found

    def _after_dot(self, found: Filter) -> Filter:
        """What follows a dot behind a term: `.[]`, or `."key"`."""
        if self._take("["):
            return self._bracket(found)
        kind, text = self._next()
        if kind != "string":
            raise self._fault(f"unexpected {text!r} after a dot")
        return _piped(found, _key(json.loads(text)))

    def _bracket(self, found: Filter) -> Filter:
        if self._take("]"):
            return _piped(found, _each)
        inner = self._pipe()
        if self._take(":"):
            raise self._fault("slices are not supported")
        self._want("]")
        return _at(found, inner)

    def _term(self) -> Filter:
        kind, text = self._next()
        if kind == "field":
            return _key(text[1:])
        if kind in ("string", "number"):
            return _constant(json.loads(text))
        if kind == "word":
            return self._word(text)
        match text:
            case ".":
                if self._peek()[0] == "string":
                    return _key(json.loads(self._next()[1]))
                return _itself
            case "(":
                found = self._pipe()
                self._want(")")
                return found
            case "[":
                if self._take("]"):
                    return _constant([])
                found = self._pipe()
                self._want("]")
                return _collected(found)
            case "-":
                return _computed(lambda one, other: _minus(0, other), _itself, self._postfix())
        raise self._fault(f"{text!r} is not supported" if text else "unexpected end")

    def _word(self, name: str) -> Filter:
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if name == "if":
            return self._if()
        operands: list[Filter] = []
        if self._take("("):
            operands.append(self._pipe())
            while self._take(";"):
                operands.append(self._pipe())
            self._want(")")
        function = FUNCTIONS.get((name, len(operands)))
        if function is None:
            raise self._fault(f"{name}/{len(operands)} is not supported")
        return function(*operands)

    def _if(self) -> Filter:
        test = self._pipe()
        self._want("then")
        yes = self._pipe()
        no: Filter = _itself
        if self._take("elif"):
            return _chosen(test, yes, self._if())
        if self._take("else"):
            no = self._pipe()
        self._want("end")
        return _chosen(test, yes, no)


_CONSTANTS: dict[str, Any] = {"null": None, "true": True, "false": False}
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("//",),
    ("or",),
    ("and",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)


# --- filters


def _truth(value: Any) -> bool:
    return value is not None and value is not False


def _itself(value: Any) -> Iterator[Any]:
    yield value


def _constant(constant: Any) -> Filter:
    return lambda value: iter((constant,))


def _key(name: str) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        yield _got(value, name)

    return run


def _got(value: Any, key: Any) -> Any:
    if value is None and isinstance(key, str | int | None):
        return None
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else None
    raise JqError(f"cannot index {_type(value)} with {compact_text(key)}")


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        return iter(value.values())
    if isinstance(value, list):
        return iter(value)
    raise JqError(f"cannot iterate over {_type(value)}")


def _piped(one: Filter, other: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        for each in one(value):
            yield from other(each)

    return run


def _both(one: Filter, other: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        yield from one(value)
        yield from other(value)

    return run


def _at(found: Filter, inner: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        for target in found(value):
            for key in inner(value):
                yield _got(target, key)

    return run


def _tried(found: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        try:
            yield from found(value)
        except JqError:
            return

    return run


def _collected(found: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        yield list(found(value))

    return run


def _computed(operation: Callable[[Any, Any], Any], one: Filter, other: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        for right, left in product(list(other(value)), list(one(value))):
            yield operation(left, right)

    return run


def _alternative(one: Filter, other: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        try:
            found = [each for each in one(value) if _truth(each)]
        except JqError:
            found = []
        yield from found or other(value)

    return run


def _logical(decisive: bool) -> Callable[[Filter, Filter], Filter]:
    def combine(one: Filter, other: Filter) -> Filter:
        def run(value: Any) -> Iterator[Any]:
            for left in one(value):
                if _truth(left) is decisive:
                    yield decisive
                else:
                    yield from (_truth(right) for right in other(value))

        return run

    return combine


_COMBINED: dict[str, Callable[[Filter, Filter], Filter]] = {
    "//": _alternative,
    "or": _logical(True),
    "and": _logical(False),
}


def _chosen(test: Filter, yes: Filter, no: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        for found in test(value):
            yield from (yes if _truth(found) else no)(value)

    return run


# --- values

_TYPES = ("null", "boolean", "number", "string", "array", "object")


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for types, name in ((int | float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, types):
            return name
    return "object"


def _order(value: Any) -> Any:
    """What values are ordered by: null, false, true, numbers, texts, lists, objects."""
    rank = _TYPES.index(_type(value))
    if isinstance(value, list):
        return rank, [_order(each) for each in value]
    if isinstance(value, dict):
        return rank, (sorted(value), [_order(value[key]) for key in sorted(value)])
    return rank, 0 if value is None else value


def compact_text(value: Any) -> str:
    """JSON as jq prints it in messages and texts."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _same(one: Any, other: Any) -> bool:
    return _type(one) == _type(other) and bool(one == other)


def _plus(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    if _type(one) == _type(other) and _type(one) in ("number", "string", "array"):
        return one + other
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **other}
    raise JqError(f"cannot add {_type(one)} and {_type(other)}")


def _minus(one: Any, other: Any) -> Any:
    if _type(one) == _type(other) == "array":
        return [each for each in one if each not in other]
    return _arithmetic(one, other, lambda left, right: left - right)


def _arithmetic(one: Any, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
    if _type(one) != "number" or _type(other) != "number":
        raise JqError(f"no arithmetic with {_type(one)} and {_type(other)}")
    try:
        found = operation(one, other)
    except ZeroDivisionError as error:
        raise JqError("division by zero") from error
    return int(found) if isinstance(found, float) and found.is_integer() else found


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "<": lambda one, other: _order(one) < _order(other),
    "<=": lambda one, other: _order(one) <= _order(other),
    ">": lambda one, other: _order(one) > _order(other),
    ">=": lambda one, other: _order(one) >= _order(other),
    "+": _plus,
    "-": _minus,
    "*": lambda one, other: _arithmetic(one, other, lambda left, right: left * right),
    "/": lambda one, other: _arithmetic(one, other, lambda left, right: left / right),
    "%": lambda one, other: _arithmetic(one, other, lambda left, right: int(left) % int(right)),
}


# --- functions


def _of(operation: Callable[..., Any]) -> Callable[..., Filter]:
    """A function of the value and of each combination of what its operands make of it."""

    def make(*operands: Filter) -> Filter:
        def run(value: Any) -> Iterator[Any]:
            for given in product(*(list(operand(value)) for operand in operands)):
                try:
                    yield operation(value, *given)
                except (TypeError, AttributeError, ValueError, KeyError, IndexError) as error:
                    raise error if isinstance(error, JqError) else JqError(str(error)) from error

        return run

    return make


def _select(test: Filter) -> Filter:
    def run(value: Any) -> Iterator[Any]:
        for found in test(value):
            if _truth(found):
                yield value

    return run


def _empty() -> Filter:
    return lambda value: iter(())


def _quantified(quantifier: Callable[[Iterable[bool]], bool]) -> Callable[..., Filter]:
    def make(test: Filter = _itself) -> Filter:
        def run(value: Any) -> Iterator[Any]:
            yield quantifier(_truth(found) for each in _each(value) for found in test(each))

        return run

    return make


def _mapped(found: Filter) -> Filter:
    return _collected(_piped(_each, found))


def _length(value: Any) -> Any:
    if isinstance(value, bool):
        raise JqError("boolean has no length")
    if value is None:
        return 0
    return abs(value) if isinstance(value, int | float) else len(value)


def _has(value: Any, key: Any) -> bool:
    return key in value if isinstance(value, dict) else 0 <= key < len(value)


def _sum(value: Any) -> Any:
    found = None
    for each in _each(value):
        found = _plus(found, each)
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    if _type(value) != "number":
        raise JqError(f"{_type(value)} cannot be parsed as a number")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact_text(value)


def _contains(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        return all(key in value and _contains(value[key], other[key]) for key in other)
    if isinstance(value, list) and isinstance(other, list):
        return all(any(_contains(each, one) for each in value) for one in other)
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    return _same(value, other)


def _matches(value: str, pattern: str) -> bool:
    try:
        return matcher(pattern)(value)
    except PatternError as error:
        raise JqError(str(error)) from error


FUNCTIONS: dict[tuple[str, int], Callable[..., Filter]] = {
    ("select", 1): _select,
    ("map", 1): _mapped,
    ("empty", 0): _empty,
    ("any", 0): _quantified(any),
    ("any", 1): _quantified(any),
    ("all", 0): _quantified(all),
    ("all", 1): _quantified(all),
    ("not", 0): _of(lambda value: not _truth(value)),
    ("length", 0): _of(_length),
    ("type", 0): _of(_type),
    ("keys", 0): _of(lambda value: sorted(value) if isinstance(value, dict) else list(range(len(value)))),
    ("values", 0): lambda: _select(_of(lambda value: value is not None)()),
    ("has", 1): _of(_has),
    ("contains", 1): _of(_contains),
    ("inside", 1): _of(lambda value, other: _contains(other, value)),
    ("add", 0): _of(_sum),
    ("first", 0): _of(lambda value: _got(value, 0)),
    ("last", 0): _of(lambda value: _got(value, -1)),
    ("min", 0): _of(lambda value: min(value, key=_order, default=None)),
    ("max", 0): _of(lambda value: max(value, key=_order, default=None)),
    ("sort", 0): _of(lambda value: sorted(value, key=_order)),
    ("reverse", 0): _of(lambda value: value[::-1]),
    ("tostring", 0): _of(_text),
    ("tonumber", 0): _of(_number),
    ("floor", 0): _of(lambda value: int(value // 1)),
    ("ascii_downcase", 0): _of(lambda value: value.lower()),
    ("ascii_upcase", 0): _of(lambda value: value.upper()),
    ("startswith", 1): _of(lambda value, prefix: value.startswith(prefix)),
    ("endswith", 1): _of(lambda value, suffix: value.endswith(suffix)),
    ("ltrimstr", 1): _of(lambda value, prefix: value.removeprefix(prefix) if isinstance(value, str) else value),
    ("rtrimstr", 1): _of(lambda value, suffix: value.removesuffix(suffix) if isinstance(value, str) else value),
    ("split", 1): _of(lambda value, separator: value.split(separator)),
    ("join", 1): _of(lambda value, separator: separator.join("" if each is None else _text(each) for each in value)),
    ("test", 1): _of(_matches),
    ("to_entries", 0): _of(lambda value: [{"key": key, "value": value[key]} for key in value]),
}
"""By name and number of operands."""
