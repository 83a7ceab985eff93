"""Label selectors and field selectors: read, checked in the Go parser's words, and matched quickly.

Rules and words: k8s.io/apimachinery/pkg/labels, pkg/fields and metav1.LabelSelectorAsSelector.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from fakekube.core.fielderrors import go_quote, invalid
from fakekube.core.meta import Obj
from fakekube.core.names import label_value, qualified_name

EQUALS, DOUBLE_EQUALS, NOT_EQUALS = "=", "==", "!="
IN, NOT_IN, EXISTS, DOES_NOT_EXIST = "in", "notin", "exists", "!"
GREATER, LESS = "gt", "lt"

_BINARY = (IN, NOT_IN, EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER, LESS)
_OF_OBJECTS = {"In": IN, "NotIn": NOT_IN, "Exists": EXISTS, "DoesNotExist": DOES_NOT_EXIST}

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]


class SelectorError(ValueError):
    """A selector that cannot be read; its text is the message of the 400."""


class Requirement(NamedTuple):
    """One term: a key, an operator and its values."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        joined = ",".join(sorted(self.values))
        match self.operator:
            case "!":
                return f"!{self.key}"
            case "exists":
                return self.key
            case "in" | "notin":
                return f"{self.key} {self.operator} ({joined})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == GREATER else '<'}{joined}"
        return f"{self.key}{self.operator}{joined}"


def requirement(key: str, operator: str, values: Iterable[str] = ()) -> Requirement:
    """A checked requirement; SelectorError tells all that is wrong with it."""
    values = tuple(values)
    found = [invalid("key", key, "; ".join(complaints))] if (complaints := qualified_name(key)) else []
    if message := _count_message(operator, len(values)):
        found.append(invalid("values", list(values) or None, message))
    if operator in (GREATER, LESS):
        message = "for 'Gt', 'Lt' operators, the value must be an integer"
        found += [invalid(f"values[{at}]", each, message) for at, each in enumerate(values) if _integer(each) is None]
    for at, each in enumerate(values):
        if complaints := label_value(each):
            found.append(invalid(f"values[{at}][{key}]", each, "; ".join(complaints)))
    if found:
        texts = list(dict.fromkeys(str(error) for error in found))
        raise SelectorError(texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]")
    return Requirement(key, operator, values)


def _count_message(operator: str, count: int) -> str:
    """What is wrong with this number of values."""
    if operator in (IN, NOT_IN):
        return "" if count else "for 'in', 'notin' operators, values set can't be empty"
    if operator in (EXISTS, DOES_NOT_EXIST):
        return "values set must be empty for exists and does not exist" if count else ""
    if operator in (GREATER, LESS):
        return "" if count == 1 else "for 'Gt', 'Lt' operators, exactly one value is required"
    return "" if count == 1 else "exact-match compatibility requires one single value"


_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch


def _integer(text: str) -> int | None:
    """A 64-bit integer as Go reads it, or None."""
    number = int(text) if _is_integer(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


class Selector:
    """Requirements that must all hold, in the order of their keys."""

    __slots__ = ("_test", "requirements")

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda each: each.key))
        self._test = _compiled(self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"Selector({str(self)!r})"

    def __bool__(self) -> bool:
        """Whether it restricts anything."""
        return bool(self.requirements)

    def matches(self, labels: Labels) -> bool:
        """Whether an object with these labels is selected."""
        return self._test(labels)


class _Nothing(Selector):
    """Selects nothing at all."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True

    def matches(self, labels: Labels) -> bool:
        return False


def _compiled(requirements: Sequence[Requirement]) -> Test:
    """One function for all the requirements."""
    exact = {each.key: each.values[0] for each in requirements if each.operator in (EQUALS, DOUBLE_EQUALS)}
    if len(exact) == len(requirements):
        return _exact_test(exact)
    tests = [_test_of(each) for each in requirements]
    return lambda labels: all(test(labels) for test in tests)


def _exact_test(wanted: dict[str, str]) -> Test:
    """The common case: labels that must have certain values."""
    if len(wanted) == 1:
        ((key, value),) = wanted.items()
        return lambda labels: labels.get(key) == value
    items = wanted.items()
    return lambda labels: items <= labels.items()


def _test_of(requirement: Requirement) -> Test:
    """The function of one requirement."""
    key, values = requirement.key, frozenset(requirement.values)
    match requirement.operator:
        case "exists":
            return lambda labels: key in labels
        case "!":
            return lambda labels: key not in labels
        case "in" | "=" | "==":
            return lambda labels: labels.get(key) in values
        case "notin" | "!=":
            return lambda labels: labels.get(key) not in values
    bound = int(requirement.values[0])
    sign = 1 if requirement.operator == GREATER else -1

    def compare(labels: Labels) -> bool:
        number = _integer(labels.get(key, ""))
        return number is not None and sign * number > sign * bound

    return compare


EVERYTHING = Selector(())
NOTHING: Selector = _Nothing(())


def exactly(labels: Labels) -> Selector:
    """The selector of these labels and values, unchecked."""
    return Selector([Requirement(key, EQUALS, (value,)) for key, value in labels.items()])


@lru_cache(maxsize=1024)
def parse(text: str) -> Selector:
    """The selector of a query string; SelectorError in the real parser's words."""
    return Selector(_Parser(text).parse()) if text else EVERYTHING


def from_object(selector: Obj | None) -> Selector:
    """The selector of a metav1.LabelSelector: an empty one selects everything, none at all selects nothing."""
    if selector is None:
        return NOTHING
    found = [requirement(key, EQUALS, [value]) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        operator = _OF_OBJECTS.get(expression.get("operator") or "")
        if operator is None:
            raise SelectorError(f"{go_quote(expression.get('operator') or '')} is not a valid label selector operator")
        found.append(requirement(expression.get("key") or "", operator, expression.get("values") or ()))
    return Selector(found)


_SCAN = re.compile(r"[ \t\r\n]*(?:(==|=|!=|!|\(|\)|,|>|<)|([^=!(),>< \t\r\n\0]+))?")
_COMPARISONS = {"in": IN, "notin": NOT_IN, "=": EQUALS, "==": DOUBLE_EQUALS, "!=": NOT_EQUALS, ">": GREATER, "<": LESS}
_IDENTIFIER = "identifier"


class _Parser:
    """The recursive descent of labels.Parse; tokens are (kind, text), where the kind of a symbol is itself."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_scan(text))
        self.position = 0

    def look(self) -> tuple[str, str]:
        return self.tokens[min(self.position, len(self.tokens) - 1)]

    def take(self) -> tuple[str, str]:
        found = self.look()
        self.position += 1
        return found

    def parse(self) -> list[Requirement]:
        found: list[Requirement] = []
        while True:
            kind, text = self.look()
            if kind == "":
                return found
            if kind not in (_IDENTIFIER, "!"):
                raise SelectorError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self.requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            kind, text = self.take()
            if kind == "":
                return found
            if kind != ",":
                raise SelectorError(f"found '{text}', expected: ',' or 'end of string'")
            kind, text = self.look()
            if kind not in (_IDENTIFIER, "!"):
                raise SelectorError(f"found '{text}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        kind, key = self.take()
        absent = kind == "!"
        if absent:
            kind, key = self.take()
        if kind != _IDENTIFIER:
            raise SelectorError(f"found '{key}', expected: identifier")
        if complaints := qualified_name(key):
            raise SelectorError(str(invalid("<nil>", key, "; ".join(complaints))))
        if absent or self.look()[0] in ("", ","):
            return requirement(key, DOES_NOT_EXIST if absent else EXISTS)
        _, text = self.take()
        operator = _COMPARISONS.get(text)
        if operator is None:
            raise SelectorError(f"found '{text}', expected: {', '.join(_BINARY)}")
        values = self.values() if operator in (IN, NOT_IN) else self.value()
        return requirement(key, operator, sorted(values))

    def value(self) -> set[str]:
        kind, text = self.look()
        if kind in ("", ","):
            return {""}
        self.position += 1
        if kind != _IDENTIFIER:
            raise SelectorError(f"found '{text}', expected: identifier")
        return {text}

    def values(self) -> set[str]:
        kind, text = self.take()
        if kind != "(":
            raise SelectorError(f"found '{text}' expected: '('")
        kind, text = self.look()
        if kind == ")":
            self.position += 1
            return {""}
        if kind not in (_IDENTIFIER, ","):
            raise SelectorError(f"found '{text}', expected: ',', ')' or identifier")
        found = self.identifiers()
        self.position += 1  # the closing parenthesis, where the list ends
        return found

    def identifiers(self) -> set[str]:
        """Names between commas; one that is missing is the empty value."""
        found: set[str] = set()
        while True:
            kind, text = self.take()
            after, after_text = self.look()
            if kind == _IDENTIFIER:
                found.add(text)
                if after == ")":
                    return found
                if after != ",":
                    raise SelectorError(f"found '{after_text}', expected: ',' or ')'")
            elif kind == ",":
                if not found or after in (",", ")"):
                    found.add("")
                if after == ")":
                    return found
            else:
                raise SelectorError(f"found '{text}', expected: ',', or identifier")


def _scan(text: str) -> Iterable[tuple[str, str]]:
    """The tokens of a selector; the last is ("", "")."""
    at = 0
    while at < len(text):
        found = _SCAN.match(text, at)
        assert found is not None, "every part of the pattern may be empty"
        symbol, word = found.groups()
        if symbol is None and word is None:
            break
        yield (symbol, symbol) if symbol else (_IDENTIFIER, word)
        at = found.end()
    yield "", ""


class FieldRequirement(NamedTuple):
    """One term of a field selector: the field must equal (or not equal) the value."""

    field: str
    value: str
    equal: bool = True

    def __str__(self) -> str:
        return f"{self.field}{'=' if self.equal else '!='}{_escaped(self.value)}"


class FieldSelector:
    """Requirements on fields that must all hold; `""` stands for a field that is not set."""

    __slots__ = ("requirements",)

    def __init__(self, requirements: Iterable[FieldRequirement]) -> None:
        self.requirements = tuple(requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __bool__(self) -> bool:
        """Whether it restricts anything."""
        return bool(self.requirements)

    def required_value(self, field: str) -> str | None:
        """The value that the field must have, if the selector asks for a certain one."""
        return next((each.value for each in self.requirements if each.equal and each.field == field), None)


ALL_FIELDS = FieldSelector(())


@lru_cache(maxsize=1024)
def parse_fields(text: str) -> FieldSelector:
    """The field selector of a query string; SelectorError in the real parser's words."""
    found = [_field_requirement(term, text) for term in sorted(_terms(text)) if term]
    return FieldSelector([each for each in found if each.field or each.value])


_TERM = re.compile(r"(?:\\.|[^\\,]|\\$)*", re.DOTALL)
_SPLIT = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)|[,=]", re.DOTALL)


def _terms(text: str) -> Iterable[str]:
    """The parts between commas that are not escaped."""
    at = 0
    while at <= len(text):
        found = _TERM.match(text, at)
        assert found is not None, "the pattern may be empty"
        yield found[0]
        at = found.end() + 1


def _field_requirement(term: str, text: str) -> FieldRequirement:
    found = _SPLIT.fullmatch(term)
    if found is None:
        raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
    return FieldRequirement(found[1], _ESCAPE.sub(_unescaped, found[3]), found[2] != NOT_EQUALS)


def _unescaped(found: re.Match[str]) -> str:
    """What an escape stands for; only '\\', ',' and '=' have one, and the last two need it."""
    if found[1] is None:
        raise SelectorError(f"invalid field selector: unescaped character in value: {ord(found[0])}")
    if found[1] not in ("\\", ",", "="):
        raise SelectorError(f"invalid field selector: invalid escape sequence: {found[0]}")
    return found[1]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
