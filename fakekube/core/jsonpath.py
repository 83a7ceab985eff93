"""The JSONPath of kubectl and of custom resource definitions: '{.spec.x}', '{.a[?(@.type=="Ready")].status}'.

Parsing, with its errors, and evaluation follow k8s.io/client-go/util/jsonpath. The maintained JSONPath packages of PyPI
(jsonpath-ng, python-jsonpath) read other dialects: no template braces, no escaped dots, other filters, other errors.
`range` and `end`, which only a client's templates use, are refused when evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from fakekube.core.gotext import go_kind, go_text

Values = list[Any]
Step = Callable[[Values], Values]
"""Leads from values to values; PathError if that cannot be."""


class PathError(ValueError):
    """A path that cannot be read, or cannot be followed in this object."""


class JSONPath:
    """A parsed template."""

    __slots__ = ("_blocks", "fields", "text")

    def __init__(self, text: str, allow_missing: bool = True) -> None:
        parsed = _Parser(text, allow_missing)
        self.text = text
        self._blocks: list[Step] = parsed.blocks
        self.fields: tuple[str, ...] | None = parsed.only_fields()
        """The names, if the path is nothing but these, as scale's paths and selectable fields must be."""

    def find(self, data: Any) -> list[Values]:
        """What each part of the template (text or {...}) leads to; PathError."""
        return [block([data]) for block in self._blocks]

    def values(self, data: Any) -> Values:
        """What the first part leads to; PathError."""
        if self.fields is not None:
            return _follow(data, self.fields)
        return self._blocks[0]([data]) if self._blocks else []


def simple(path: str) -> JSONPath:
    """The path of a column or a scale: '.spec.x', without braces."""
    return JSONPath(f"{{{path}}}")


def _follow(data: Any, names: Iterable[str]) -> Values:
    """The quick way along plain names."""
    for name in names:
        if not isinstance(data, dict) or name not in data:
            return []
        data = data[name]
    return [data]


def _field(name: str, allow_missing: bool) -> Step:
    def step(values: Values) -> Values:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if not found and values and not allow_missing:
            raise PathError(f"{name} is not found")
        return found

    return step


def _children(value: Any) -> Values:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else list(value.encode()) if isinstance(value, str) else []


def _wildcard(values: Values) -> Values:
    return [child for value in values for child in _children(value)]


def _recursive(values: Values) -> Values:
    """All that has parts, itself first and then its parts'."""
    found = []
    for value in values:
        children = _children(value)
        if children:
            found.append(value)
            found += _recursive(children)
    return found


def _constant(constant: Any) -> Step:
    return lambda values: [constant for _ in values]


def _text(text: str) -> Step:
    return lambda values: [text]


def _identifier(name: str) -> Step:
    def step(values: Values) -> Values:
        raise PathError(f"unrecognized identifier {name}")

    return step


def _chain(steps: list[Step]) -> Step:
    def step(values: Values) -> Values:
        for each in steps:
            values = each(values)
        return values

    return step


def _union(paths: list[Step]) -> Step:
    return lambda values: [found for path in paths for found in path(values)]


def _slice(start: int | None, end: int | None, step_size: int | None, single: bool) -> Step:
    """Items from `start` up to `end`; `single` says that the end was not given but is the next one."""

    def step(values: Values) -> Values:
        found: Values = []
        for value in values:
            if value is None:
                continue
            if not isinstance(value, list):
                raise PathError(f"{go_kind(value)} is not array or slice")
            length = len(value)
            first = (start or 0) + (length if (start or 0) < 0 else 0)
            last = length if end is None else end
            if last < 0 or (last == 0 and single):
                last += length
            if first == last:
                return found
            _check_bounds(first, last, length)
            if step_size is not None and step_size <= 0:
                raise PathError("step must be > 0")
            found += value[first : last : step_size or 1]
        return found

    return step


def _check_bounds(first: int, last: int, length: int) -> None:
    if not 0 <= first < length:
        raise PathError(f"array index out of bounds: index {first}, length {length}")
    if not 0 <= last <= length:
        raise PathError(f"array index out of bounds: index {last - 1}, length {length}")
    if first > last:
        raise PathError(f"starting index {first} is greater than ending index {last}")


def _filter(left: Step, right: Step, operator: str) -> Step:
    def step(values: Values) -> Values:
        found = []
        for value in values:
            if not isinstance(value, list):
                raise PathError(f"{go_text(value)} is not array or slice and cannot be filtered")
            found += [item for item in value if _passes(item, left, right, operator)]
        return found

    return step


def _passes(item: Any, left: Step, right: Step, operator: str) -> bool:
    if operator == "exists":
        try:
            return bool(left([item]))
        except PathError:
            return False
    sides = []
    for side in (left, right):
        found = side([item])
        if not found:
            return False
        if len(found) > 1:
            raise PathError("can only compare one element at a time")
        sides.append(found[0])
    return _compare(sides[0], sides[1], operator)


_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}


def _compare(one: Any, other: Any, operator: str) -> bool:
    """Compare as Go's templates do: only what is of one kind, and only equality of booleans."""
    if operator not in _ORDERINGS and operator not in ("==", "!="):
        raise PathError(f"unrecognized filter operator {operator}")
    if not (isinstance(one, str | int | float) and isinstance(other, str | int | float)):
        raise PathError("invalid type for comparison")
    if type(one) is not type(other):
        raise PathError("incompatible types for comparison")
    if operator in ("==", "!="):
        return (one == other) is (operator == "==")
    if isinstance(one, bool):
        raise PathError("invalid type for comparison")
    return _ORDERINGS[operator](one, other)


_TERMINATORS = frozenset(" \t\r\n.,[]$@{}")
_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.ASCII)
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_NUMBER = re.compile(r"[+-]?[0-9.]*")


class _Parser:
    """Reads a template into a step for each of its parts."""

    def __init__(self, text: str, allow_missing: bool = True) -> None:
        self.text = text
        self.at = 0
        self.allow_missing = allow_missing
        self.blocks: list[Step] = []
        self.steps: list[Step] = []
        self.names: list[str | None] = []
        self.recursive = False
        self.template()

    def only_fields(self) -> tuple[str, ...] | None:
        """The names, if the template is one path of plain fields that may be missing."""
        names = tuple(name for name in self.names if name is not None)
        plain = len(self.blocks) == 1 and len(names) == len(self.names) and self.allow_missing
        return names if plain else None

    def template(self) -> None:
        while self.at < len(self.text):
            brace = self.text.find("{", self.at)
            end = brace if brace >= 0 else len(self.text)
            if end > self.at:
                self.blocks.append(_text(self.text[self.at : end]))
                self.names.append(None)
            if brace < 0:
                return
            self.at = brace + 1
            self.steps, self.recursive = [], False
            self.action()
            self.blocks.append(_chain(self.steps))

    def action(self) -> None:
        """Everything up to the closing brace."""
        while not self.text.startswith("}", self.at):
            rest = self.text[self.at : self.at + 3]
            letter = rest[:1]
            was_recursive, self.recursive = self.recursive, False
            if rest == "[?(":
                self.filter()
            elif rest.startswith(".."):
                self.descend(was_recursive)
            elif letter in ("", "\r", "\n"):
                raise PathError("unclosed action")
            elif letter in " @$":
                self.at += 1
                self.recursive = was_recursive
            elif letter == "[":
                self.array()
            elif letter in "\"'":
                self.quote(letter)
            elif letter == ".":
                self.at += 1
                self.field()
            elif letter in "+-" or letter.isdigit():
                self.number()
            elif letter == "_" or letter.isalpha():
                self.identifier()
            else:
                raise PathError(f"unrecognized character in action: U+{ord(letter):04X} '{letter}'")
        self.at += 1

    def add(self, step: Step, name: str | None = None) -> None:
        self.steps.append(step)
        self.names.append(name)

    def field(self) -> None:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _TERMINATORS:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        name = self.text[start : self.at]
        if name == "*":
            self.add(_wildcard)
        else:
            name = name.replace("\\", "")
            self.add(_field(name, self.allow_missing), name)

    def descend(self, was_recursive: bool) -> None:
        if was_recursive:
            raise PathError("invalid multiple recursive descent")
        self.at += 2
        self.add(_recursive)
        letter = self.text[self.at : self.at + 1]
        if letter == "_" or letter.isalnum():
            self.field()
        else:
            self.recursive = True

    def identifier(self) -> None:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _TERMINATORS:
            self.at += 1
        name = self.text[start : self.at]
        self.add(_constant(name == "true") if name in ("true", "false") else _identifier(name))

    def number(self) -> None:
        found = _NUMBER.match(self.text, self.at)
        text = found[0] if found else ""
        self.at += len(text)
        try:
            self.add(_constant(float(text) if "." in text else int(text)))
        except ValueError:
            raise PathError(f"cannot parse number {text}") from None

    def quote(self, mark: str) -> None:
        start = self.at
        self.at += 1
        while True:
            letter = self.text[self.at : self.at + 1]
            if letter in ("", "\n"):
                raise PathError("unterminated quoted string")
            self.at += 1
            if letter == mark and self.text[self.at - 2] != "\\":
                break
        value = self.text[start : self.at]
        self.add(_text(_unquoted(value)))

    def array(self) -> None:
        end = self.text.find("]", self.at)
        line_end = self.text.find("\n", self.at)
        if end < 0 or 0 <= line_end < end:
            raise PathError("unterminated array")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        parts = text.split(",")
        if len(parts) > 1:
            self.add(_union([self.inner(f"[{part.strip(' ')}]") for part in parts]))
        elif key := _DICT_KEY.fullmatch(text):
            inner = _Parser(f"{{.{key[1]}}}", self.allow_missing)
            self.steps.append(inner.blocks[0])
            self.names += inner.names
        else:
            self.add(_slice_of(":" if text == "*" else text))

    def inner(self, text: str) -> Step:
        """A path within the path."""
        return _Parser(f"{{{text}}}", self.allow_missing).blocks[0]

    def filter(self) -> None:
        self.at += 3
        text = self.text[self.at : self.end_of_filter()]
        self.at += len(text) + 2
        found = _COMPARISON.fullmatch(text)
        if found is None:
            self.add(_filter(self.inner(text), _chain([]), "exists"))
        else:
            self.add(_filter(self.inner(found[1]), self.inner(found[3]), found[2]))

    def end_of_filter(self) -> int:
        """Where the parenthesis closes that is not in quotes."""
        at = self.at
        mark = ""
        closed = False
        while True:
            letter = self.text[at : at + 1]
            if letter in ("", "\n"):
                raise PathError("unterminated filter")
            if letter in "\"'":
                if not mark:
                    mark = letter
                elif letter == mark and self.text[at - 1] != "\\":
                    closed = True
            elif letter == ")" and bool(mark) is closed:
                break
            at += 1
        if self.text[at + 1 : at + 2] != "]":
            raise PathError("unclosed array expect ]")
        return at


def _slice_of(text: str) -> Step:
    """'1', '-1', '1:', ':2', '::2'."""
    found = _SLICE.fullmatch(text)
    if found is None:
        raise PathError(f"invalid array index {text}")
    start = _bound(found[1] or "")
    single = not found[2]
    end = (start or 0) + 1 if single else _bound(found[2][1:])
    return _slice(start, end, _bound((found[3] or "")[1:]), single)


def _bound(text: str) -> int | None:
    if text == "-":
        raise PathError(f"array index {text} is not a number")
    return int(text) if text else None


_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))|(.)", re.S
)
_LETTERS = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))


def _unquoted(value: str) -> str:
    """The text between quotes, with Go's escapes read."""
    mark, inner = value[0], value[1:-1]
    if "\\" not in inner:
        return inner

    def letter(found: re.Match[str]) -> str:
        simple_escape, *codes, octal, plain = found.groups()
        if simple_escape in _LETTERS or simple_escape == mark:
            return _LETTERS.get(simple_escape, mark)
        code = next((each for each in codes if each), None)
        if code or octal:
            return chr(int(code, 16) if code else int(octal, 8))
        if plain is None or plain == "\\":
            raise PathError(f"unquote string {value} error invalid syntax")
        return str(plain)

    return _ESCAPE.sub(letter, inner)
