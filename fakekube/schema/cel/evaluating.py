"""Makes functions of checked expressions: each takes a frame, which is what may still be spent and the values of
variables by number.

What evaluating costs, in the units of cel-go, is known of most nodes beforehand. Each function goes with what it
always costs, which whoever calls it books; it books what depends on values by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakekube.schema.cel import closures, loops, prices, types
from fakekube.schema.cel.checking import CONVERSIONS, PATTERNS, TYPE_NAMES, UNDEFINED, dotted
from fakekube.schema.cel.closures import Step
from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.depth import room
from fakekube.schema.cel.library.standard import index, optional_index
from fakekube.schema.cel.library.texts import check_pattern
from fakekube.schema.cel.prices import LIST, MAP, MESSAGE
from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.values import (
    EvaluationError,
    Exceeded,
    Frame,
    Made,
    Run,
    TypeValue,
    no_overload,
)

CALL_LIMIT = 1_000_000
"""The most that evaluating one expression may cost."""
TOO_COSTLY = "operation cancelled: actual cost limit exceeded"


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
        return Step(closures.constant(node.value), 0)

    def _ident(self, node: Ident) -> Step:
        place = self._places.get(node.name)
        if place is None:
            if node.name in UNDEFINED:
                raise EvaluationError(f"reference to undefined type: {node.name}")
            name = TYPE_NAMES[node.name].name if node.name != "null_type" else "null_type"
            return Step(closures.constant(TypeValue(name)), 0)
        return Step(lambda frame: frame[place], 1)

    # --- fields

    def _select(self, node: Select) -> Step:
        if node.type.kind == "type" and (path := dotted(node)) and path not in self._places:
            return Step(closures.constant(TypeValue(path.removeprefix("."))), 0)
        operand, cost = self.make(node.operand)
        target, is_optional = types.unwrapped(node.operand.type)
        field = target.fields.get(node.field) if target.kind == "struct" else None
        cost += not _is_attribute(node.operand)
        if node.test:
            return Step(closures.has(operand, node.field, None if field is None else field.name), cost)
        if is_optional:
            return Step(closures.optional_field(operand, node.field), cost)
        if field is not None:
            return Step(closures.get_field(operand, node.field, field), cost + 1)
        return Step(closures.member(operand, node.field), cost + 1)

    def _index(self, node: Call) -> Step:
        (items, cost), (key, key_cost) = map(self.make, node.args)
        cost += key_cost - _is_path(node.args[1]) + (not _is_attribute(node.args[0]))
        optional = node.function == "_[?_]" or types.is_optional(node.args[0].type)
        get = closures.direct(optional_index if node.function == "_[?_]" else index, [items, key])
        return Step(closures.if_present(get), cost) if optional else Step(get, cost + 1)

    def _optional_select(self, node: Call) -> Step:
        operand, cost = self.make(node.args[0])
        name = node.args[1]
        assert isinstance(name, Literal), "the parser made it"
        return Step(closures.optional_field(operand, name.value), cost + (not _is_attribute(node.args[0])))

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
            run = closures.dispatched(node.function, node.overloads, runs, None if isinstance(known, int) else known)
            return Step(run, cost + known if isinstance(known, int) else cost)
        overload: Overload = node.overloads[0]
        if isinstance(known, int):
            return Step(closures.direct(overload.implementation, runs), cost + known)
        if overload.id in ("equals", "not_equals") and operands[0].type.kind == operands[1].type.kind == "string":
            if isinstance(operands[1], Literal):
                return Step(closures.compared_with(runs[0], operands[1].value, overload.id == "equals"), cost)
            return Step(closures.compared_texts(runs[0], runs[1], overload.id == "equals"), cost)
        if known is prices.first_letters and len(runs) == 2:
            return Step(closures.gone_over(overload.implementation, runs[0], runs[1]), cost)
        return Step(closures.priced(overload.implementation, known, runs), cost)

    def _converted(self, node: Call, runs: list[Run]) -> Step:
        """A constant that is converted once and for all."""
        if _is_loose(node) or len(node.overloads) != 1:
            found = closures.dispatched(node.function, node.overloads, runs)([])
        else:
            found = closures.direct(node.overloads[0].implementation, runs)([])
        return Step(closures.constant(found), 0)

    def _membership(self, node: Call) -> Step:
        """Whether a value is one of constants: that costs nothing."""
        items = node.args[1]
        assert isinstance(items, ListOf), "asked before"
        if not items.elements:
            return Step(closures.constant(False), 0)
        run, cost = self.make(node.args[0])
        return Step(closures.direct(node.overloads[0].implementation, [run, self.make(items).run]), cost)

    def _logic(self, node: Call) -> Step:
        first, *others = map(self.make, node.args)
        return Step(closures.decided(first.run, others, stop=node.function == "_||_"), first.cost)

    def _conditional(self, node: Call) -> Step:
        (test, cost), (one, first), (other, second) = map(self.make, node.args)
        first, second = first - _is_path(node.args[1]), second - _is_path(node.args[2])
        both = min(first, second)
        run = closures.chosen(test, one, first - both, other, second - both)
        return Step(run, cost + both)

    def _or(self, node: Call) -> Step:
        (one, cost), other = map(self.make, node.operands())
        return Step(closures.alternative(one, other, value=node.function == "orValue"), cost)

    # --- lists, maps, messages

    def _list(self, node: ListOf) -> Step:
        steps = [self.make(element) for element in node.elements]
        if _is_constant(node):
            found = [step.run([]) for step in steps]
            return Step(closures.constant(found), 0)
        runs, cost = [step.run for step in steps], LIST + sum(step.cost for step in steps)
        if node.optional:
            return Step(closures.with_optional(runs, node.optional), cost)
        return Step(lambda frame: [run(frame) for run in runs], cost)

    def _map(self, node: MapOf) -> Step:
        entries, cost = [], 0 if _is_constant(node) else MAP
        for key, value, optional in node.entries:
            made, of = self.make(key), self.make(value)
            cost += made.cost + of.cost
            entries.append((made.run, of.run, optional))
        return Step(closures.mapping(entries), cost)

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
