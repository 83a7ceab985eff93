"""From the text of an expression to a filter, by recursive descent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from fakekube.nodes.jq import filters, formatted, values
from fakekube.nodes.jq.filters import Env, Filter, Function, Pattern, results
from fakekube.nodes.jq.functions import FUNCTIONS, PRELUDE, REFUSED
from fakekube.nodes.jq.tokens import Tokens

_PART = re.compile(r'(?:[^"\\]|\\(?!\())+')
_RESERVED = frozenset(
    {"def", "then", "elif", "else", "end", "as", "reduce", "foreach", "label", "if", "try", "catch"}
    | {"and", "or", "import", "include"}
)
_COMPARING = ("==", "!=", "<", "<=", ">", ">=")
_LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",), _COMPARING, ("+", "-"), ("*", "/", "%"))
_ASSIGNING: dict[str, Callable[[Any, Any], Any] | None] = {
    "=": None,
    "+=": values.plus,
    "-=": values.minus,
    "*=": values.times,
    "/=": values.divided,
    "%=": values.remainder,
    "//=": lambda old, new: old if values.truth(old) else new,
}
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": values.same,
    "!=": lambda one, other: not values.same(one, other),
    "<": lambda one, other: values.order(one) < values.order(other),
    "<=": lambda one, other: values.order(one) <= values.order(other),
    ">": lambda one, other: values.order(one) > values.order(other),
    ">=": lambda one, other: values.order(one) >= values.order(other),
    "+": values.plus,
    "-": values.minus,
    "*": values.times,
    "/": values.divided,
    "%": values.remainder,
}
_CONSTANTS: dict[str, Any] = {"null": None, "true": True, "false": False}


def parse(text: str) -> Filter:
    """The filter; JqError if the text is no expression."""
    return _Parser(text).whole()


class _Parser(Tokens):
    """`known`: the functions that may be called, `bound`: the variables and labels in reach."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._known: list[str] = []
        self._bound: list[str] = []

    # --- expressions

    def whole(self) -> Filter:
        """The expression; nothing may be left."""
        if self._peek()[0] == "end":
            return filters.itself
        found = self._pipe()
        if self._peek()[0] != "end":
            raise self._fault(f"unexpected {self._peek()[1]!r}")
        return found

    def _pipe(self) -> Filter:
        if self._take("def"):
            return self._definition()
        if self._take("label"):
            name = self._variable()
            self._want("|")
            return filters.labelled(name, self._within([f"*{name}"], self._pipe))
        found = self._comma()
        if self._take("|"):
            return filters.piped(found, self._pipe())
        return found

    def _within(self, names: list[str], parse: Callable[[], Filter]) -> Filter:
        """Parse where these names are bound, too."""
        self._bound.extend(names)
        found = parse()
        del self._bound[len(self._bound) - len(names) :]
        return found

    def _definition(self) -> Filter:
        kind, name = self._next()
        if kind != "word" or name in _RESERVED:
            raise self._fault(f"{name!r} is no name for a function")
        parameters: list[str] = []
        if self._take("("):
            parameters.append(self._next()[1])
            while self._take(";"):
                parameters.append(self._next()[1])
            self._want(")")
        self._want(":")
        label = f"{name}/{len(parameters)}"
        inner = [label, *(f"{each.lstrip('$')}/0" for each in parameters)]
        self._known.extend(inner)
        body = self._within([each for each in parameters if each.startswith("$")], self._pipe)
        del self._known[len(self._known) - len(inner) :]
        self._want(";")
        self._known.append(label)
        rest = self._pipe()
        self._known.pop()
        return filters.defined(Function(name, tuple(parameters), body), rest)

    def _comma(self) -> Filter:
        found = self._alternative()
        while self._take(","):
            found = filters.both(found, self._alternative())
        return found

    def _alternative(self) -> Filter:
        found = self._assignment()
        return filters.alternative(found, self._alternative()) if self._take("//") else found

    def _assignment(self) -> Filter:
        found = self._binary(0)
        if self._take("|="):
            return filters.updated(found, self._alternative())
        sign = self._take(*_ASSIGNING)
        return filters.assigned(found, self._alternative(), _ASSIGNING[sign]) if sign else found

    def _binary(self, level: int) -> Filter:
        if level == len(_LEVELS):
            return self._postfix()
        found = self._binary(level + 1)
        while sign := self._take(*_LEVELS[level]):
            other = self._binary(level + 1)
            if sign in ("or", "and"):
                found = filters.logical(sign == "or")(found, other)
            else:
                found = filters.computed(_OPERATIONS[sign], found, other)
        return found

    def _postfix(self) -> Filter:
        found = self._unbound()
        return self._binding(found) if self._take("as") else found

    def _after_dot(self, found: Filter) -> Filter:
        """What follows a dot behind a term: `.[]`, or `."key"`."""
        if self._take("["):
            return self._bracket(found)
        if self._peek()[0] != "string":
            raise self._fault(f"unexpected {self._peek()[1]!r} after a dot")
        return filters.at(found, self._string(""))

    def _bracket(self, found: Filter) -> Filter:
        if self._take("]"):
            return filters.piped(found, filters.each)
        if self._take(":"):
            end = self._pipe()
            self._want("]")
            return filters.sliced(found, None, end)
        inner = self._pipe()
        if self._take(":"):
            last = None if self._peek()[1] == "]" else self._pipe()
            self._want("]")
            return filters.sliced(found, inner, last)
        self._want("]")
        return filters.at(found, inner)

    # --- terms

    def _term(self) -> Filter:
        kind, text = self._peek()
        if kind == "string":
            return self._string("")
        self._at += len(text)
        match kind:
            case "field":
                return filters.key(text[1:])
            case "number":
                return filters.constant(values.whole(float(text)) if not text.isdigit() else int(text))
            case "variable":
                return self._reference(text)
            case "format":
                return self._format(text)
            case "word":
                return self._word(text)
        return self._sign(text)

    def _sign(self, text: str) -> Filter:
        match text:
            case ".":
                return self._string_key() if self._peek()[0] == "string" else filters.itself
            case "..":
                return self._call("recurse", ())
            case "(":
                found = self._pipe()
                self._want(")")
                return found
            case "[":
                if self._take("]"):
                    return filters.constant([])
                found = self._pipe()
                self._want("]")
                return filters.collected(found)
            case "{":
                return filters.mapped(self._entries())
            case "-":
                zero = filters.constant(0)
                return filters.computed(values.minus, zero, self._postfix())
        raise self._fault(f"unexpected {text!r}" if text else "unexpected end")

    def _string_key(self) -> Filter:
        return filters.at(filters.itself, self._string(""))

    def _reference(self, name: str) -> Filter:
        if name in ("$ENV", "$__prog_args", "$__loc__"):
            raise self._fault(f"{name} is not supported: {REFUSED['env']}")
        if name not in self._bound:
            raise self._fault(f"variable not defined: {name}")
        return filters.variable(name)

    def _format(self, name: str) -> Filter:
        if name not in formatted.FORMATS:
            raise self._fault(f"format not defined: {name}")
        if self._peek()[0] == "string":
            return self._string(name)
        return filters.piped(filters.itself, _shaped(formatted.FORMATS[name]))

    def _string(self, shape: str) -> Filter:
        """A text, with \\(...) in it; what comes out of those is put into the shape."""
        self._at += 1
        parts: list[Filter] = []
        while True:
            match = _PART.match(self._text, self._at)
            if match is not None:
                parts.append(filters.constant(self._plain(match[0])))
                self._at = match.end()
            if self._text.startswith("\\(", self._at):
                self._at += 2
                inner = self._pipe()
                self._want(")")
                parts.append(filters.piped(inner, _shaped(formatted.FORMATS[shape or "@text"])))
            elif self._text.startswith('"', self._at):
                self._at += 1
                break
            else:
                raise self._fault("unterminated string")
        if not parts:
            return filters.constant("")
        found = parts[0]
        for part in parts[1:]:
            found = filters.computed(values.plus, found, part)
        return found

    def _plain(self, raw: str) -> str:
        try:
            return str(json.loads('"' + raw.replace("\n", "\\n").replace("\t", "\\t") + '"'))
        except json.JSONDecodeError as error:
            raise self._fault(f"invalid escape in {raw!r}") from error

    def _entries(self) -> list[tuple[Filter, Filter]]:
        found: list[tuple[Filter, Filter]] = []
        while not self._take("}"):
            if found:
                self._want(",")
                if self._take("}"):
                    break
            found.append(self._entry())
        return found

    def _entry(self) -> tuple[Filter, Filter]:
        kind, text = self._peek()
        if kind == "variable":
            self._at += len(text)
            name: Filter = filters.constant(text[1:])
            return name, (self._content() if self._take(":") else self._reference(text))
        if kind == "string":
            name = self._string("")
        elif kind == "format":
            self._at += len(text)
            name = self._format(text)
        elif self._take("("):
            name = self._pipe()
            self._want(")")
            self._want(":")
            return name, self._content()
        elif kind == "word":
            self._at += len(text)
            name = filters.constant(text)
        else:
            raise self._fault(f"unexpected {text!r} in an object")
        return name, (self._content() if self._take(":") else filters.at(filters.itself, name))

    def _content(self) -> Filter:
        found = self._alternative()
        while self._take("|"):
            found = filters.piped(found, self._alternative())
        return found

    def _word(self, name: str) -> Filter:
        if name in _CONSTANTS:
            return filters.constant(_CONSTANTS[name])
        if name in _WORDS:
            return _WORDS[name](self)
        if name in _RESERVED:
            raise self._fault(f"unexpected {name!r}")
        operands: list[Filter] = []
        if self._take("("):
            operands.append(self._pipe())
            while self._take(";"):
                operands.append(self._pipe())
            self._want(")")
        return self._call(name, tuple(operands))

    def _call(self, name: str, operands: tuple[Filter, ...]) -> Filter:
        label = f"{name}/{len(operands)}"
        if label in self._known:
            return filters.called(name, operands)
        if label in FUNCTIONS:
            return FUNCTIONS[label](*operands)
        if label in PRELUDE:
            return _prelude(label, operands)
        if name in REFUSED:
            raise self._fault(f"{label} is not supported: {REFUSED[name]}")
        raise self._fault(f"function not defined: {label}")

    def _if(self) -> Filter:
        test = self._pipe()
        self._want("then")
        yes = self._pipe()
        no: Filter = filters.itself
        if self._take("elif"):
            return filters.chosen(test, yes, self._if())
        if self._take("else"):
            no = self._pipe()
        self._want("end")
        return filters.chosen(test, yes, no)

    def _try(self) -> Filter:
        body = self._postfix()
        return filters.tried(body, self._postfix() if self._take("catch") else filters.nothing)

    def _reduce(self) -> Filter:
        source, pattern, names = self._source()
        begin = self._pipe()
        self._want(";")
        update = self._within(names, self._pipe)
        self._want(")")
        return filters.reduced(source, pattern, begin, update)

    def _foreach(self) -> Filter:
        source, pattern, names = self._source()
        begin = self._pipe()
        self._want(";")
        update = self._within(names, self._pipe)
        extract = self._within(names, self._pipe) if self._take(";") else filters.itself
        self._want(")")
        return filters.folded(source, pattern, begin, update, extract)

    def _source(self) -> tuple[Filter, Pattern, list[str]]:
        """What reduce and foreach go over, and the names of it."""
        source = self._unbound()
        self._want("as")
        pattern, names = self._pattern()
        self._want("(")
        return source, pattern, names

    def _unbound(self) -> Filter:
        """A term with what follows it, up to `as`."""
        found = self._term()
        while True:
            kind, text = self._peek()
            if kind == "field":
                self._at += len(text)
                found = filters.piped(found, filters.key(text[1:]))
            elif kind == "sign" and text == ".":
                self._at += 1
                found = self._after_dot(found)
            elif self._take("["):
                found = self._bracket(found)
            elif self._take("?"):
                found = filters.tried(found, filters.nothing)
            else:
                return found

    def _break(self) -> Filter:
        name = self._variable()
        if f"*{name}" not in self._bound:
            raise self._fault(f"label not defined: {name}")
        return filters.broken(name)

    # --- patterns

    def _binding(self, source: Filter) -> Filter:
        pattern, names = self._pattern()
        if self._peek()[1] == "?//":
            raise self._fault("?// is not supported")
        self._want("|")
        return filters.bound(source, pattern, self._within(names, self._pipe))

    def _pattern(self) -> tuple[Pattern, list[str]]:
        if self._take("["):
            return self._list_pattern()
        if self._take("{"):
            return self._object_pattern()
        name = self._variable()

        def bind(value: Any, whole: Any, env: Env) -> Iterator[Env]:
            yield env.bound(name, value)

        return bind, [name]

    def _list_pattern(self) -> tuple[Pattern, list[str]]:
        parts, names = [], []
        while True:
            pattern, more = self._pattern()
            parts.append(pattern)
            names += more
            if not self._take(","):
                break
        self._want("]")
        keyed = [(filters.constant(place), part) for place, part in enumerate(parts)]
        return _taken_apart(keyed), names

    def _object_pattern(self) -> tuple[Pattern, list[str]]:
        parts: list[tuple[Filter, Pattern]] = []
        names: list[str] = []
        while True:
            kind, text = self._peek()
            if kind == "variable":
                pattern, more = self._pattern()
                name: Filter = filters.constant(text[1:])
                if self._take(":"):
                    inner, others = self._pattern()
                    parts.append((name, pattern))
                    pattern, more = inner, [*more, *others]
            elif kind == "string":
                name = self._string("")
                self._want(":")
                pattern, more = self._pattern()
            elif self._take("("):
                name = self._pipe()
                self._want(")")
                self._want(":")
                pattern, more = self._pattern()
            else:
                self._at += len(text)
                name = filters.constant(text)
                self._want(":")
                pattern, more = self._pattern()
            parts.append((name, pattern))
            names += more
            if not self._take(","):
                break
        self._want("}")
        return _taken_apart(parts), names


_WORDS: dict[str, Callable[[_Parser], Filter]] = {
    "if": _Parser._if,
    "try": _Parser._try,
    "reduce": _Parser._reduce,
    "foreach": _Parser._foreach,
    "break": _Parser._break,
}


def _taken_apart(parts: list[tuple[Filter, Pattern]]) -> Pattern:
    """A pattern that gives each part of a value to a pattern of its own."""

    def bind(value: Any, whole: Any, env: Env) -> Iterator[Env]:
        found = [env]
        for name, pattern in parts:
            found = [
                inner
                for each in found
                for key in results(name, whole, each)
                for inner in pattern(values.got(value, key), whole, each)
            ]
        yield from found

    return bind


def _shaped(shape: Callable[[Any], str]) -> Filter:
    def run(value: Any, path: Any, env: Env) -> Iterator[filters.Found]:
        yield filters.made(shape(value), path)

    return run


_READ: dict[str, Function] = {}
"""The functions of the prelude that have been read."""


def _prelude(label: str, operands: tuple[Filter, ...]) -> Filter:
    """A call of a function that is written in jq itself; it is read when it is first called."""
    function = _READ.get(label)
    if function is None:
        parameters, text = PRELUDE[label]
        function = _READ[label] = Function(label.partition("/")[0], parameters, filters.itself)
        parser = _Parser(text)
        parser._known = [f"{each.lstrip('$')}/0" for each in parameters]
        parser._bound = [each for each in parameters if each.startswith("$")]
        function.body = parser.whole()

    def run(value: Any, path: Any, env: Env) -> Iterator[filters.Found]:
        for inner in filters.surroundings(function, operands, value, env):
            yield from function.body(value, path, inner)

    return run
