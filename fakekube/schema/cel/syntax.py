"""Expressions as trees: what the parser makes, the checker fills in with types, and evaluation and costs walk over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakekube.schema.cel.types import ERROR, Type


class Node:
    """An expression; `offset` is where faults in it are told, in characters."""

    __slots__ = ("offset", "type")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.type: Type = ERROR

    def parts(self) -> Iterator[Node]:
        """The expressions that it is made of."""
        return iter(())


class Literal(Node):
    """A constant."""

    __slots__ = ("value",)

    def __init__(self, offset: int, value: Any) -> None:
        super().__init__(offset)
        self.value = value


class Ident(Node):
    """A variable, or the name of a type."""

    __slots__ = ("name",)

    def __init__(self, offset: int, name: str) -> None:
        super().__init__(offset)
        self.name = name


class Select(Node):
    """A field; `test`: whether there is one, as has() asks."""

    __slots__ = ("field", "operand", "test")

    def __init__(self, offset: int, operand: Node, field: str, *, test: bool = False) -> None:
        super().__init__(offset)
        self.operand, self.field, self.test = operand, field, test

    def parts(self) -> Iterator[Node]:
        yield self.operand


class Call(Node):
    """A function or an operator; `target` is the value that a method is called on."""

    __slots__ = ("args", "function", "overloads", "target")

    def __init__(self, offset: int, function: str, args: list[Node], target: Node | None = None) -> None:
        super().__init__(offset)
        self.function, self.args, self.target = function, args, target
        self.overloads: list[Any] = []

    def operands(self) -> list[Node]:
        """Target and arguments."""
        return self.args if self.target is None else [self.target, *self.args]

    def parts(self) -> Iterator[Node]:
        yield from self.operands()


class ListOf(Node):
    """A list; elements at `optional` indices are optional values, and left out if they have none."""

    __slots__ = ("elements", "optional")

    def __init__(self, offset: int, elements: list[Node], optional: frozenset[int] = frozenset()) -> None:
        super().__init__(offset)
        self.elements, self.optional = elements, optional

    def parts(self) -> Iterator[Node]:
        yield from self.elements


class MapOf(Node):
    """A map: keys, values, and whether the value is optional."""

    __slots__ = ("entries",)

    def __init__(self, offset: int, entries: list[tuple[Node, Node, bool]]) -> None:
        super().__init__(offset)
        self.entries = entries

    def parts(self) -> Iterator[Node]:
        for key, value, _ in self.entries:
            yield key
            yield value


class Message(Node):
    """A message with fields, of which the checker finds none here."""

    __slots__ = ("fields", "name")

    def __init__(self, offset: int, name: str, fields: list[tuple[str, Node]]) -> None:
        super().__init__(offset)
        self.name, self.fields = name, fields

    def parts(self) -> Iterator[Node]:
        for _, value in self.fields:
            yield value


class Fold(Node):
    """What macros become: a loop over `items` that carries a value along.

    `macro` and `steps` tell what it was made from, so that it need not be evaluated by the letter.
    """

    __slots__ = ("accumulator", "condition", "first", "items", "macro", "result", "second", "start", "step", "steps")

    def __init__(
        self,
        offset: int,
        macro: str,
        items: Node,
        variables: tuple[str, str],
        carried: tuple[str, Node, Node, Node, Node],
        steps: list[Node],
    ) -> None:
        super().__init__(offset)
        self.macro, self.items, self.steps = macro, items, steps
        self.first, self.second = variables
        self.accumulator, self.start, self.condition, self.step, self.result = carried

    def parts(self) -> Iterator[Node]:
        yield from (self.items, self.start, self.condition, self.step, self.result)


def everything(node: Node) -> Iterator[Node]:
    """The expression and all that it is made of."""
    yield node
    for part in node.parts():
        yield from everything(part)
