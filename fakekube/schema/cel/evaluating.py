"""Makes functions of checked expressions: each takes a frame, which is what may still be spent and the values of
variables by number.

What evaluating costs, in the units of cel-go, is known of most nodes beforehand. Each function goes with what it
always costs, which whoever calls it books; it books what depends on values by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fakekube.schema.cel import loops, prices, types, values
from fakekube.schema.cel.checking import CONVERSIONS, PATTERNS, TYPE_NAMES, UNDEFINED, dotted
from fakekube.schema.cel.declarations import Overload, fits
from fakekube.schema.cel.depth import room
from fakekube.schema.cel.library.standard import index, optional_index
from fakekube.schema.cel.library.texts import check_pattern
from fakekube.schema.cel.prices import LIST, MAP, MESSAGE, Price, tenth
from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.values import (
    NOTHING,
    Duration,
    EvaluationError,
    Exceeded,
    Frame,
    Made,
    Optional,
    Run,
    Timestamp,
    TypeValue,
    is_true,
    no_overload,
    type_name,
)

CALL_LIMIT = 1_000_000
"""The most that evaluating one expression may cost."""
TOO_COSTLY = "operation cancelled: actual cost limit exceeded"
_ORDERED = (bool, int, float, str, bytes, Timestamp, Duration)
_ABLE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ORDERED),
    "_+_": (int, float, str, bytes, list, Timestamp, Duration),
    "_-_": (int, float, Timestamp, Duration),
    **dict.fromkeys(("_*_", "_/_"), (int, float)),
    "_%_": (int,),
    "-_": (bool, int, float, Duration),
    "sort": (list,),
    "size": (),
}
"""Of operators: what their first operand may be. Other operands are refused by name, those beside these are not."""
_UNNAMED = frozenset(("_[_]", "@in", "!_", "contains", "startsWith", "endsWith", "matches"))
"""Functions whose refusal of arguments does not name them."""


class Step(NamedTuple):
    """A function, and what it costs whatever the values are."""

    run: Run
    cost: int


class Program:
    """An expression that can be evaluated."""

    __slots__ = ("_left", "_rest", "_run")

    def __init__(self, tree: Node, variables: tuple[str, ...]) -> None:
        maker = _Maker(variables)
        self._run, cost = maker.make(tree)
        self._left = CALL_LIMIT - cost
        self._rest = [None] * (maker.most - len(variables) - 1)

    def __call__(self, *given: Any) -> Any:
        """The value, for these values of the variables; EvaluationError if there is none."""
        return self.evaluate(given)[0]

    def evaluate(self, given: tuple[Any, ...] | list[Any]) -> tuple[Any, int]:
        """The value and what it cost; an EvaluationError tells of the cost too."""
        frame: Frame = [self._left, *given, *self._rest]
        try:
            found = self._run(frame)
            if (left := frame[0]) < 0:
                raise Exceeded
            return found, CALL_LIMIT - left
        except EvaluationError as error:
            raise _with_cost(error, frame) from None
        except (Exceeded, RecursionError):
            raise _with_cost(EvaluationError(TOO_COSTLY), frame) from None
        except (TypeError, AttributeError):
            # a value that is not of the type that its schema says
            raise _with_cost(no_overload(), frame) from None


class DeepProgram(Program):
    """One that is nested deeply."""

    __slots__ = ()

    def evaluate(self, given: tuple[Any, ...] | list[Any]) -> tuple[Any, int]:
        with room():
            return super().evaluate(given)


def _with_cost(error: EvaluationError, frame: Frame) -> EvaluationError:
    error.cost = CALL_LIMIT - frame[0]
    return EvaluationError(TOO_COSTLY, error.cost) if error.cost > CALL_LIMIT else error


class _Maker:
    def __init__(self, variables: tuple[str, ...]) -> None:
        self._places: dict[str, int] = {name: index for index, name in enumerate(variables, 1)}
        self.most = self._used = len(variables) + 1

    def _place(self, name: str) -> int:
        self._places[name] = self._used
        self._used += 1
        self.most = max(self.most, self._used)
        return self._used - 1

    def make(self, node: Node) -> Step:
        """The function of the node."""
        return _BY_KIND[type(node)](self, node)

    def _literal(self, node: Literal) -> Step:
        return Step(_constant(node.value), 0)

    def _ident(self, node: Ident) -> Step:
        place = self._places.get(node.name)
        if place is None:
            if node.name in UNDEFINED:
                raise EvaluationError(f"reference to undefined type: {node.name}")
            name = TYPE_NAMES[node.name].name if node.name != "null_type" else "null_type"
            return Step(_constant(TypeValue(name)), 0)
        return Step(lambda frame: frame[place], 1)

    # --- fields

    def _select(self, node: Select) -> Step:
        if node.type.kind == "type" and (path := dotted(node)) and path not in self._places:
            return Step(_constant(TypeValue(path.removeprefix("."))), 0)
        operand, cost = self.make(node.operand)
        target, is_optional = types.unwrapped(node.operand.type)
        field = target.fields.get(node.field) if target.kind == "struct" else None
        cost += not _is_attribute(node.operand)
        if node.test:
            return Step(_has(operand, node.field, None if field is None else field.name), cost)
        if is_optional:
            return Step(_optional_field(operand, node.field), cost)
        if field is not None:
            return Step(_get_field(operand, node.field, field), cost + 1)
        return Step(_member(operand, node.field), cost + 1)

    def _index(self, node: Call) -> Step:
        (items, cost), (key, key_cost) = map(self.make, node.args)
        cost += key_cost - _is_path(node.args[1]) + (not _is_attribute(node.args[0]))
        optional = node.function == "_[?_]" or types.is_optional(node.args[0].type)
        get = _direct(optional_index if node.function == "_[?_]" else index, [items, key])
        return Step(_if_present(get), cost) if optional else Step(get, cost + 1)

    def _optional_select(self, node: Call) -> Step:
        operand, cost = self.make(node.args[0])
        name = node.args[1]
        assert isinstance(name, Literal), "the parser made it"
        return Step(_optional_field(operand, name.value), cost + (not _is_attribute(node.args[0])))

    # --- calls

    def _call(self, node: Call) -> Step:
        special = _SPECIAL.get(node.function)
        if special is not None:
            return special(self, node)
        operands = node.operands()
        if node.function == "@in" and _is_plain_list(operands[1]) and len(node.overloads) == 1:
            return self._membership(node)
        steps = [self.make(operand) for operand in operands]
        cost, runs = sum(step.cost for step in steps), [step.run for step in steps]
        if _is_constant(node):
            return self._converted(node, runs)
        if node.function in PATTERNS and isinstance(node.args[0], Literal):
            check_pattern(node.args[0].value)
        known = prices.price(node)
        if len(node.overloads) != 1 or _is_loose(node):
            run = _dispatched(node.function, node.overloads, runs, None if isinstance(known, int) else known)
            return Step(run, cost + known if isinstance(known, int) else cost)
        overload: Overload = node.overloads[0]
        if isinstance(known, int):
            return Step(_direct(overload.implementation, runs), cost + known)
        if overload.id in ("equals", "not_equals") and operands[0].type.kind == operands[1].type.kind == "string":
            if isinstance(operands[1], Literal):
                return Step(_compared_with(runs[0], operands[1].value, overload.id == "equals"), cost)
            return Step(_compared_texts(runs[0], runs[1], overload.id == "equals"), cost)
        if known is prices.first_letters and len(runs) == 2:
            return Step(_gone_over(overload.implementation, runs[0], runs[1]), cost)
        return Step(_priced(overload.implementation, known, runs), cost)

    def _converted(self, node: Call, runs: list[Run]) -> Step:
        """A constant that is converted once and for all."""
        if _is_loose(node) or len(node.overloads) != 1:
            found = _dispatched(node.function, node.overloads, runs)([])
        else:
            found = _direct(node.overloads[0].implementation, runs)([])
        return Step(_constant(found), 0)

    def _membership(self, node: Call) -> Step:
        """Whether a value is one of constants: that costs nothing."""
        items = node.args[1]
        assert isinstance(items, ListOf), "asked before"
        if not items.elements:
            return Step(_constant(False), 0)
        run, cost = self.make(node.args[0])
        return Step(_direct(node.overloads[0].implementation, [run, self.make(items).run]), cost)

    def _logic(self, node: Call) -> Step:
        first, *others = map(self.make, node.args)
        return Step(_decided(first.run, others, stop=node.function == "_||_"), first.cost)

    def _conditional(self, node: Call) -> Step:
        (test, cost), (one, first), (other, second) = map(self.make, node.args)
        first, second = first - _is_path(node.args[1]), second - _is_path(node.args[2])
        both = min(first, second)
        run = _chosen(test, one, first - both, other, second - both)
        return Step(run, cost + both)

    def _or(self, node: Call) -> Step:
        (one, cost), other = map(self.make, node.operands())
        return Step(_alternative(one, other, value=node.function == "orValue"), cost)

    # --- lists, maps, messages

    def _list(self, node: ListOf) -> Step:
        steps = [self.make(element) for element in node.elements]
        if _is_constant(node):
            found = [step.run([]) for step in steps]
            return Step(_constant(found), 0)
        runs, cost = [step.run for step in steps], LIST + sum(step.cost for step in steps)
        if node.optional:
            return Step(_with_optional(runs, node.optional), cost)
        return Step(lambda frame: [run(frame) for run in runs], cost)

    def _map(self, node: MapOf) -> Step:
        entries, cost = [], 0 if _is_constant(node) else MAP
        for key, value, optional in node.entries:
            made, of = self.make(key), self.make(value)
            cost += made.cost + of.cost
            entries.append((made.run, of.run, optional))
        return Step(_mapping(entries), cost)

    def _message(self, node: Message) -> Step:
        steps = [(name.strip("`"), self.make(value)) for name, value in node.fields]
        fields, kind = [(name, step.run) for name, step in steps], node.type
        cost = MESSAGE + sum(step.cost for _, step in steps)
        return Step(lambda frame: Made(kind, {name: run(frame) for name, run in fields}), cost)

    # --- loops

    def _fold(self, node: Fold) -> Step:
        before, used = dict(self._places), self._used
        if node.macro == "bind":
            start, cost = self.make(node.start)
            place = self._place(node.accumulator)
            result, more = self.make(node.result)
            step = Step(loops.bound(start, place, result), cost + more)
        else:
            items, cost = self.make(node.items)
            first = self._place(node.first)
            second = self._place(node.second) if node.second else 0
            steps = [self.make(step) for step in node.steps]
            made = _is_constant(node.steps[0])
            loop = loops.loop(node.macro, items, (first, second), steps, constant=made)
            step = Step(loop, cost + 1)
        self._places, self._used = before, used
        return step


_SPECIAL: dict[str, Callable[[_Maker, Call], Step]] = {
    "_&&_": _Maker._logic,
    "_||_": _Maker._logic,
    "_?_:_": _Maker._conditional,
    "_?._": _Maker._optional_select,
    "_[_]": _Maker._index,
    "_[?_]": _Maker._index,
    "or": _Maker._or,
    "orValue": _Maker._or,
}
_BY_KIND: dict[type, Callable[[_Maker, Any], Step]] = {
    Literal: _Maker._literal,
    Ident: _Maker._ident,
    Select: _Maker._select,
    Call: _Maker._call,
    ListOf: _Maker._list,
    MapOf: _Maker._map,
    Fold: _Maker._fold,
    Message: _Maker._message,
}


def _is_path(node: Node) -> bool:
    """Whether it is a variable or something within another value."""
    if isinstance(node, Select):
        return not node.test
    return isinstance(node, Ident) or (isinstance(node, Call) and node.function in ("_[_]", "_[?_]", "_?._"))


def _is_attribute(node: Node) -> bool:
    """Whether what is within it is found at the same go."""
    return _is_path(node) or (isinstance(node, Call) and node.function == "_?_:_")


def _is_constant(node: Node) -> bool:
    match node:
        case Literal():
            return True
        case Ident(name=name):
            return node.type.kind == "type" and name in TYPE_NAMES
        case ListOf():
            return not node.optional and all(map(_is_constant, node.elements))
        case MapOf():
            return all(
                _is_constant(key) and _is_constant(value) and not optional for key, value, optional in node.entries
            )
        case Call():
            return node.function in CONVERSIONS and len(node.operands()) == 1 and _is_constant(node.operands()[0])
    return False


def _is_plain_list(node: Node) -> bool:
    """Whether it is a list of plain constants."""
    if not isinstance(node, ListOf) or node.optional:
        return False
    return all(isinstance(each, Literal) and not isinstance(each.value, bytes) for each in node.elements)


def _is_loose(node: Call) -> bool:
    """Whether arguments may turn out to be of other types than the function takes."""
    overload: Overload = node.overloads[0]
    for operand, wanted in zip(node.operands(), overload.parameters, strict=True):
        if types.is_dyn(operand.type) and wanted.kind not in ("param", "dyn"):
            return True
    return False


def _constant(value: Any) -> Run:
    return lambda frame: value


# --- fields


def _has(operand: Run, name: str, raw: str | None) -> Run:
    def run(frame: Frame) -> bool:
        value = operand(frame)
        return raw in value if raw is not None and type(value) is dict else values.has(value, name)

    return run


def _get_field(operand: Run, name: str, field: types.Field) -> Run:
    raw, convert, struct = field.name, field.type.convert, values.Struct

    def run(frame: Frame) -> Any:
        value = operand(frame)
        kind = type(value)
        found = value.get(raw) if kind is dict else value.raw.get(raw) if kind is struct else None
        if found is None:
            return values.member(value, raw if kind is dict else name)
        return found if convert is None or kind is dict else convert(found)

    return run


def _member(operand: Run, name: str) -> Run:
    def run(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is dict:
            try:
                return value[name]
            except KeyError:
                raise EvaluationError(f"no such key: {name}") from None
        return values.member(value, name)

    return run


def _optional_field(operand: Run, name: str) -> Run:
    """A field that need not be there; if it is, that costs 1."""

    def run(frame: Frame) -> Optional:
        value = operand(frame)
        found = values.member(value, name) if values.has(value, name) else NOTHING
        given = found if isinstance(found, Optional) else Optional(True, found)
        frame[0] -= given.present
        return given

    return run


def _if_present(get: Run) -> Run:
    def run(frame: Frame) -> Any:
        found = get(frame)
        frame[0] -= found.present
        return found

    return run


# --- logic


def _decided(first: Run, others: list[Step], *, stop: bool) -> Run:
    """&& and ||: one part that decides makes up for others that have no value."""

    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        try:
            if is_true(first(frame)) is stop:
                return stop
        except EvaluationError as error:
            fault = error
        for part, cost in others:
            frame[0] -= cost
            try:
                if is_true(part(frame)) is stop:
                    return stop
            except EvaluationError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return not stop

    return run


def _chosen(test: Run, one: Run, first: int, other: Run, second: int) -> Run:
    def run(frame: Frame) -> Any:
        if is_true(test(frame)):
            frame[0] -= first
            return one(frame)
        frame[0] -= second
        return other(frame)

    return run


def _alternative(one: Run, other: Step, *, value: bool) -> Run:
    def run(frame: Frame) -> Any:
        found = one(frame)
        if not isinstance(found, Optional):
            return found
        if not found.present:
            frame[0] -= other.cost
            return other.run(frame)
        return found.value if value else found

    return run


# --- calls


def _direct(implementation: Callable[..., Any], operands: list[Run]) -> Run:
    if len(operands) == 1:
        only = operands[0]
        return lambda frame: implementation(only(frame))
    if len(operands) == 2:
        one, other = operands
        return lambda frame: implementation(one(frame), other(frame))
    return lambda frame: implementation(*[operand(frame) for operand in operands])


# A call whose operand has no value has none either; looking at that costs 1 where the price depends on values.


def _priced(implementation: Callable[..., Any], price: Price, operands: list[Run]) -> Run:
    def run(frame: Frame) -> Any:
        try:
            given = [operand(frame) for operand in operands]
        except EvaluationError:
            frame[0] -= 1
            raise
        found = implementation(*given)
        frame[0] -= price(given, found)
        return found

    return run


def _gone_over(implementation: Callable[..., Any], one: Run, other: Run) -> Run:
    """A call that goes over its first argument."""

    def run(frame: Frame) -> Any:
        try:
            first = one(frame)
        except EvaluationError:
            frame[0] -= 1
            raise
        frame[0] -= tenth(len(first) if type(first) is str else prices.size(first))
        return implementation(first, other(frame))

    return run


def _compared_texts(one: Run, other: Run, wanted: bool) -> Run:
    """== and != of strings."""

    def run(frame: Frame) -> bool:
        try:
            first, second = one(frame), other(frame)
        except EvaluationError:
            frame[0] -= 1
            raise
        if type(first) is str and type(second) is str:
            frame[0] -= tenth(min(len(first), len(second)))
            return (first == second) is wanted
        frame[0] -= tenth(min(prices.size(first), prices.size(second)))
        return values.equal(first, second) is wanted

    return run


def _compared_with(one: Run, text: str, wanted: bool) -> Run:
    """== and != of a string and a constant."""
    longest, most = len(text), tenth(len(text))

    def run(frame: Frame) -> bool:
        try:
            found = one(frame)
        except EvaluationError:
            frame[0] -= min(1, longest)
            raise
        if type(found) is str:
            frame[0] -= most if len(found) >= longest else tenth(len(found))
        return (found == text) is wanted

    return run


def _dispatched(function: str, overloads: list[Overload], operands: list[Run], price: Price | None = None) -> Run:
    """Which function is meant is found out by the values."""

    def run(frame: Frame) -> Any:
        given = [operand(frame) for operand in operands]
        for overload in overloads:
            if all(map(fits, overload.parameters, given)):
                found = overload.implementation(*given)
                if price is not None:
                    frame[0] -= price(given, found)
                return found
        raise _refusal(function, given)

    return run


def _refusal(function: str, given: list[Any]) -> EvaluationError:
    able = _ABLE.get(function)
    if able is not None:
        first = given[0]
        if function == "sort" and isinstance(first, list):
            return EvaluationError("list elements must be comparable")
        wrong = isinstance(first, bool) and bool not in able
        if isinstance(first, (*able, str, Timestamp, Duration)) and not wrong:
            return no_overload()
        return EvaluationError(f"no such overload: {function}")
    if function in _UNNAMED:
        return no_overload()
    return EvaluationError(f"no such overload: {function}({', '.join(map(type_name, given))})")


# --- lists and maps


def _with_optional(elements: list[Run], optional: frozenset[int]) -> Run:
    def run(frame: Frame) -> list[Any]:
        found = []
        for place, element in enumerate(elements):
            value = element(frame)
            if place not in optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        return found

    return run


def _mapping(entries: list[tuple[Run, Run, bool]]) -> Run:
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
