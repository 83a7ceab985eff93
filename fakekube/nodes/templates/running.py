"""Templates as closures: where a rendering is, and what the parts of a template do there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fakekube.nodes.templates.values import Number, TemplateError, field, text, truth

Functions = Mapping[str, Callable[..., Any]]


class Scope:
    """Where a template is: its dot, the variables in reach, the functions of this rendering, and what is printed.

    `depth`: in how many templates within one another.
    """

    __slots__ = ("depth", "dot", "functions", "out", "parent", "variables")

    def __init__(
        self, dot: Any, functions: Functions, out: list[str], parent: Scope | None = None, depth: int = 0
    ) -> None:
        self.dot = dot
        self.functions = functions
        self.out = out
        self.parent = parent
        self.depth = depth
        self.variables: dict[str, Any] = {}

    def within(self, dot: Any) -> Scope:
        """A scope within this one."""
        return Scope(dot, self.functions, self.out, self, self.depth)

    def beside(self, dot: Any) -> Scope:
        """The scope of a template that is printed here: of variables it has but $."""
        if self.depth >= DEEPEST:
            raise TemplateError(f"exceeded maximum template depth ({DEEPEST})")
        found = Scope(dot, self.functions, self.out, None, self.depth + 1)
        found.variables["$"] = dot
        return found

    def holder(self, name: str) -> dict[str, Any]:
        """The variables of the scope in which the name was declared."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables
            scope = scope.parent
        raise TemplateError(f"undefined variable {name!r}")


Value = Callable[[Scope], Any]
Node = Callable[[Scope], None]
LAZY: dict[str, bool] = {"and": False, "or": True}
"""These look at their operands one by one, and stop at the first that counts as this."""
DEEPEST = 100
"""Templates that may print one another, one within the other."""


class Names(NamedTuple):
    """The variables of a condition or a loop: declared for it, or assigned that are there already."""

    names: list[str]
    assigns: bool

    def bind(self, scope: Scope, *values: Any) -> None:
        """Give them their values."""
        for name, value in zip(self.names, values, strict=False):
            (scope.holder(name) if self.assigns else scope.variables)[name] = value


class Break(Exception):
    """{{break}}"""


class Continue(Exception):
    """{{continue}}"""


def run_all(nodes: Iterable[Node], scope: Scope) -> None:
    for node in nodes:
        node(scope)


def print_text(plain: str) -> Node:
    return lambda scope: scope.out.append(plain)


def dot(scope: Scope) -> Any:
    return scope.dot


def nothing(scope: Scope) -> None:
    """A definition prints nothing."""


def field_of(value: Value, name: str) -> Value:
    return lambda scope: field(value(scope), name)


def asked(value: Value, name: str, operands: list[Value]) -> Value:
    if not operands:
        return field_of(value, name)
    return lambda scope: field(value(scope), name, *[operand(scope) for operand in operands])


def leave(scope: Scope) -> None:
    raise Break


def go_on(scope: Scope) -> None:
    raise Continue


def declare(name: str, value: Value) -> Node:
    def run(scope: Scope) -> None:
        scope.variables[name] = value(scope)

    return run


def assign(name: str, value: Value) -> Node:
    def run(scope: Scope) -> None:
        scope.holder(name)[name] = value(scope)

    return run


def lazy(operands: list[Value], decisive: bool) -> Value:
    def run(scope: Scope) -> Any:
        found = None
        for operand in operands:
            found = operand(scope)
            if truth(found) is decisive:
                break
        return found

    return run


def called(name: str, function: Callable[..., Any], operands: list[Value], scope: Scope) -> Any:
    try:
        return function(*[operand(scope) for operand in operands])
    except TemplateError as error:
        raise TemplateError(f"error calling {name}: {error}") from error
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise TemplateError(f"error calling {name}: {error}") from error


def _if(names: Names, value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        inner = scope.within(scope.dot)
        found = value(inner)
        names.bind(inner, found)
        run_all(body if truth(found) else otherwise, inner.within(scope.dot))

    return run


def _with(names: Names, value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        inner = scope.within(scope.dot)
        found = value(inner)
        names.bind(inner, found)
        run_all(body if truth(found) else otherwise, inner.within(found if truth(found) else scope.dot))

    return run


def _range(names: Names, value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        found = list(_elements(value(scope)))
        if not found:
            run_all(otherwise, scope.within(scope.dot))
        for key, element in found:
            inner = scope.within(element)
            names.bind(inner, *((element,) if len(names.names) == 1 else (key, element)))
            try:
                run_all(body, inner)
            except Break:
                break
            except Continue:
                continue

    return run


def _elements(value: Any) -> Iterable[tuple[Any, Any]]:
    if value is None:
        return ()
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return ((number, number) for number in range(value))
    if isinstance(value, str) and not isinstance(value, Number):
        raise TemplateError(f"range can't iterate over {value}")
    raise TemplateError(f"range can't iterate over {text(value)}")


CONTROLS: dict[str, Callable[[Names, Value, list[Node], list[Node]], Node]] = {
    "if": _if,
    "with": _with,
    "range": _range,
}
