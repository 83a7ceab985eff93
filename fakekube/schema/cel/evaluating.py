"""Makes functions of checked expressions: each takes a frame, the values of variables by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakekube.schema.cel import types, values
from fakekube.schema.cel.checking import TYPE_NAMES, dotted
from fakekube.schema.cel.declarations import Overload, fits
from fakekube.schema.cel.library.collections import inserted
from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.values import (
    NOTHING,
    EvaluationError,
    Made,
    Optional,
    Struct,
    TypeValue,
    no_overload,
    type_name,
)

Frame = list[Any]
Run = Callable[[Frame], Any]

STEPS = 1_000_000
"""The most rounds that the loops of one expression may take together."""
_SHORT_ERRORS = frozenset(
    [
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "_+_",
        "_-_",
        "_*_",
        "_/_",
        "_%_",
        "-_",
        "_[_]",
        "@in",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
    ]
)
"""Functions whose refusal of arguments does not name them."""


class Program:
    """An expression that can be evaluated."""

    __slots__ = ("_run", "_slots")

    def __init__(self, tree: Node, variables: tuple[str, ...]) -> None:
        maker = _Maker(variables)
        self._run = maker.make(tree)
        self._slots = maker.most

    def __call__(self, *given: Any) -> Any:
        """The value, for these values of the variables; EvaluationError if there is none."""
        frame: Frame = [STEPS, *given]
        frame += [None] * (self._slots - len(frame))
        try:
            return self._run(frame)
        except RecursionError:
            raise EvaluationError("operation cancelled: actual cost limit exceeded") from None
        except (TypeError, AttributeError):
            raise no_overload() from None  # a value that is not of the type that its schema says


class _Maker:
    def __init__(self, variables: tuple[str, ...]) -> None:
        self._places: dict[str, int] = {name: index for index, name in enumerate(variables, 1)}
        self.most = self._used = len(variables) + 1

    def _place(self, name: str) -> int:
        self._places[name] = self._used
        self._used += 1
        self.most = max(self.most, self._used)
        return self._used - 1

    def make(self, node: Node) -> Run:
        """The function of the node."""
        match node:
            case Literal():
                return _constant(node.value)
            case Ident():
                return self._ident(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)
            case Fold():
                return self._fold(node)
            case Message():
                return _made(node.type, [(name.strip("`"), self.make(value)) for name, value in node.fields])
        raise AssertionError("the checker lets nothing else through")

    def _ident(self, node: Ident) -> Run:
        place = self._places.get(node.name)
        if place is None:
            return _constant(TypeValue(TYPE_NAMES[node.name].name if node.name != "null_type" else "null_type"))
        return lambda frame: frame[place]

    def _select(self, node: Select) -> Run:
        if node.type.kind == "type" and (name := dotted(node)) and name not in self._places:
            return _constant(TypeValue(name.removeprefix(".")))
        operand, name = self.make(node.operand), node.field
        target = types.unwrapped(node.operand.type)[0]
        field = target.fields.get(name) if target.kind == "struct" else None
        if node.test:
            if field is not None:
                return _has_field(operand, name, field.name)
            return lambda frame: values.has(operand(frame), name)
        if field is not None:
            return _get_field(operand, name, field.name)
        return lambda frame: values.member(operand(frame), name)

    # --- calls

    def _call(self, node: Call) -> Run:
        match node.function:
            case "_&&_":
                return _all([self.make(arg) for arg in node.args], stop=False)
            case "_||_":
                return _all([self.make(arg) for arg in node.args], stop=True)
            case "_?_:_":
                return _conditional(*map(self.make, node.args))
            case "_?._":
                name = node.args[1]
                assert isinstance(name, Literal), "the parser made it"
                return _optional_field(self.make(node.args[0]), name.value)
            case "or" | "orValue":
                return _or(*map(self.make, node.operands()), value=node.function == "orValue")
        operands = [self.make(operand) for operand in node.operands()]
        if len(node.overloads) == 1 and not _is_loose(node):
            return _direct(node.overloads[0].implementation, operands)
        return _dispatched(node.function, node.overloads, operands)

    # --- lists and maps

    def _list(self, node: ListOf) -> Run:
        elements = [self.make(element) for element in node.elements]
        if all(isinstance(element, Literal) for element in node.elements):
            return _constant([element.value for element in node.elements if isinstance(element, Literal)])
        if not node.optional:
            return lambda frame: [element(frame) for element in elements]
        optional = node.optional

        def run(frame: Frame) -> list[Any]:
            found = []
            for index, element in enumerate(elements):
                value = element(frame)
                if index not in optional:
                    found.append(value)
                elif value.present:
                    found.append(value.value)
            return found

        return run

    def _map(self, node: MapOf) -> Run:
        entries = [(self.make(key), self.make(value), optional) for key, value, optional in node.entries]

        def run(frame: Frame) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for key, value, optional in entries:
                made, name = value(frame), values.key_of(key(frame))
                if optional:
                    if not made.present:
                        continue
                    made = made.value
                found[name] = made
            return found

        return run

    # --- loops

    def _fold(self, node: Fold) -> Run:
        before, used = dict(self._places), self._used
        if node.macro == "bind":
            start = self.make(node.start)
            run = _bound(start, self._place(node.accumulator), self.make(node.result))
        else:
            items = self.make(node.items)
            first = self._place(node.first)
            second = self._place(node.second) if node.second else 0
            steps = [self.make(step) for step in node.steps]
            rounds = _pairs(items, first, second) if second else _singles(items, first)
            run = _LOOPS[node.macro](rounds, steps, first)
        self._places, self._used = before, used
        return run


def _is_loose(node: Call) -> bool:
    """Whether arguments may turn out to be of other types than the function takes."""
    overload: Overload = node.overloads[0]
    for operand, wanted in zip(node.operands(), overload.parameters, strict=True):
        if types.is_dyn(operand.type) and wanted.kind not in ("param", "dyn"):
            return True
    return False


def _constant(value: Any) -> Run:
    return lambda frame: value


def _made(type: types.Type, fields: list[tuple[str, Run]]) -> Run:
    return lambda frame: Made(type, {name: run(frame) for name, run in fields})


def _has_field(operand: Run, name: str, raw: str) -> Run:
    def run(frame: Frame) -> bool:
        value = operand(frame)
        return raw in value if type(value) is dict else values.has(value, name)

    return run


def _get_field(operand: Run, name: str, raw: str) -> Run:
    def run(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is not dict:
            return values.member(value, name)
        try:
            return value[raw]
        except KeyError:
            raise EvaluationError(f"no such key: {name}") from None

    return run


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise no_overload()


def _all(parts: list[Run], *, stop: bool) -> Run:
    """&& and ||: one part that decides makes up for others that have no value."""

    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        for part in parts:
            try:
                if _truth(part(frame)) is stop:
                    return stop
            except EvaluationError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return not stop

    return run


def _conditional(test: Run, one: Run, other: Run) -> Run:
    return lambda frame: one(frame) if _truth(test(frame)) else other(frame)


def _optional_field(operand: Run, name: str) -> Run:
    def run(frame: Frame) -> Optional:
        value = operand(frame)
        if isinstance(value, Optional):
            found = values.member(value, name)
            return found if isinstance(found, Optional) else Optional(True, found)
        return Optional(True, values.member(value, name)) if values.has(value, name) else NOTHING

    return run


def _or(one: Run, other: Run, *, value: bool) -> Run:
    def run(frame: Frame) -> Any:
        found = one(frame)
        if not isinstance(found, Optional):
            raise no_overload()
        if not found.present:
            return other(frame)
        return found.value if value else found

    return run


def _direct(implementation: Callable[..., Any], operands: list[Run]) -> Run:
    if len(operands) == 1:
        only = operands[0]
        return lambda frame: implementation(only(frame))
    if len(operands) == 2:
        one, other = operands
        return lambda frame: implementation(one(frame), other(frame))
    return lambda frame: implementation(*[operand(frame) for operand in operands])


def _dispatched(function: str, overloads: list[Overload], operands: list[Run]) -> Run:
    """Which function is meant is found out by the values."""

    def run(frame: Frame) -> Any:
        given = [operand(frame) for operand in operands]
        for overload in overloads:
            if all(map(fits, overload.parameters, given)):
                return overload.implementation(*given)
        if function in ("string", "int", "uint", "double", "bool", "bytes", "timestamp", "duration"):
            wanted = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}
            raise values.conversion_error(given[0], wanted.get(function, function))
        if function in _SHORT_ERRORS:
            raise no_overload()
        raise EvaluationError(f"no such overload: {function}({', '.join(map(type_name, given))})")

    return run


# --- loops

Rounds = Callable[[Frame], Any]


def _counted(frame: Frame) -> None:
    frame[0] -= 1
    if frame[0] < 0:
        raise EvaluationError("operation cancelled: actual cost limit exceeded")


def _singles(items: Run, place: int) -> Rounds:
    def rounds(frame: Frame) -> Any:
        found = items(frame)
        if isinstance(found, Struct):
            found = [name for name, _ in found.items()]
        elif not isinstance(found, (list, dict)):
            raise no_overload()
        for item in found:
            _counted(frame)
            frame[place] = item
            yield item

    return rounds


def _pairs(items: Run, first: int, second: int) -> Rounds:
    def rounds(frame: Frame) -> Any:
        found = items(frame)
        if not isinstance(found, (list, dict, Struct)):
            raise no_overload()
        for one, other in enumerate(found) if isinstance(found, list) else list(found.items()):
            _counted(frame)
            frame[first], frame[second] = one, other
            yield other

    return rounds


def _quantified(*, stop: bool) -> Callable[[Rounds, list[Run], int], Run]:
    def loop(rounds: Rounds, steps: list[Run], place: int) -> Run:
        test = steps[0]

        def run(frame: Frame) -> bool:
            fault: EvaluationError | None = None
            for _ in rounds(frame):
                try:
                    if _truth(test(frame)) is stop:
                        return stop
                except EvaluationError as error:
                    fault = fault or error
            if fault is not None:
                raise fault
            return not stop

        return run

    return loop


def _exists_one(rounds: Rounds, steps: list[Run], place: int) -> Run:
    test = steps[0]
    return lambda frame: sum(_truth(test(frame)) for _ in rounds(frame)) == 1


def _collected(rounds: Rounds, steps: list[Run], place: int) -> Run:
    made = steps[0]
    if len(steps) == 1:
        return lambda frame: [made(frame) for _ in rounds(frame)]
    test = steps[1]
    return lambda frame: [made(frame) for _ in rounds(frame) if _truth(test(frame))]


def _mapped(rounds: Rounds, steps: list[Run], place: int) -> Run:
    made, test = steps[0], steps[1] if len(steps) > 1 else _constant(True)

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(frame):
            if _truth(test(frame)):
                found[frame[place]] = made(frame)
        return found

    return run


def _entered(rounds: Rounds, steps: list[Run], place: int) -> Run:
    made, test = steps[0], steps[1] if len(steps) > 1 else _constant(True)

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(frame):
            if _truth(test(frame)):
                found = inserted(found, made(frame))
        return found

    return run


def _bound(start: Run, place: int, result: Run) -> Run:
    def run(frame: Frame) -> Any:
        frame[place] = start(frame)
        return result(frame)

    return run


_LOOPS: dict[str, Callable[[Rounds, list[Run], int], Run]] = {
    "all": _quantified(stop=False),
    "exists": _quantified(stop=True),
    "exists_one": _exists_one,
    "list": _collected,
    "map": _mapped,
    "entries": _entered,
}
