"""Finds the type of an expression and of its parts, and the functions that are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fakekube.schema.cel import types
from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.faults import CompileError, Fault
from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.types import BOOL, DYN, ERROR, INT, Found, Type, list_of, map_of, optional_of, unwrapped
from fakekube.schema.cel.validating import format_faults, literal_faults, mixture_faults
from fakekube.schema.cel.values import Uint

_LITERALS: dict[type, Type] = {
    bool: types.BOOL,
    int: types.INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    type(None): types.NULL,
}

_A, _B = types.parameter("A"), types.parameter("B")
TYPE_NAMES: dict[str, Type] = {
    **{each.name: each for each in (types.BOOL, types.BYTES, types.DOUBLE, types.INT, types.STRING, types.UINT)},
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "null_type": types.NULL,
    "type": types.TYPE,
    "google.protobuf.Timestamp": types.TIMESTAMP,
    "google.protobuf.Duration": types.DURATION,
    "optional_type": optional_of(DYN),
    "net.IP": Type("opaque", "net.IP"),
    "net.CIDR": Type("opaque", "net.CIDR"),
    "timestamp": types.TIMESTAMP,
    "duration": types.DURATION,
}
"""Names of types, which are values too."""
UNDEFINED = frozenset(("timestamp", "duration"))
"""Types that have another name as values: expressions with these are of right types, and cannot be evaluated."""
_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in TYPE_NAMES)
CONVERSIONS = frozenset(("bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"))
"""Functions that are called for constants when an expression is compiled."""
PATTERNS = frozenset(("find", "findAll"))
"""Functions whose constant patterns are looked at then."""
_AT_ONCE = CONVERSIONS | PATTERNS
STATED_LITERALS = frozenset({"duration", "timestamp", "matches"})
"""Functions whose constants are judged when an expression is compiled."""


class Environment:
    """What an expression may name: variables and functions."""

    __slots__ = ("functions", "messages", "resolved", "variables")

    def __init__(
        self,
        functions: Mapping[str, list[Overload]],
        variables: Mapping[str, Type] | None = None,
        messages: Callable[[str], Type | None] = lambda name: None,
    ) -> None:
        """`messages`: the type of those that expressions may make by a name; None if there is none."""
        self.functions = functions
        self.variables: Mapping[str, Type] = {} if variables is None else variables
        self.messages = messages
        self.resolved: dict[tuple[object, ...], Any] = getattr(functions, "resolved", {})
        """Calls that were understood before."""


class Checked(NamedTuple):
    """What was seen on the way."""

    names: frozenset[str]
    """The variables that are referred to."""
    to_judge: list[tuple[Any, Callable[[Any], Iterator[Fault]]]]
    """Parts that are to be judged when all types are known, each with how."""
    converts: bool
    """Whether constants are converted."""


def check(source: str, tree: Node, environment: Environment) -> Checked:
    """Fill in the types; CompileError if they do not fit."""
    checker = _Checker(environment)
    checker.check(tree)
    if checker.faults:
        raise CompileError(source, checker.faults)
    found = checker.found
    for node in checker.loose:
        node.type = found.put_in(node.type, rest_is_dyn=True)
    return Checked(frozenset(checker.names), checker.to_judge, checker.converts)


def text_of_signature(parameters: list[Type], *, method: bool) -> str:
    """`int.(string)` or `(int, string)`."""
    target = f"{parameters[0]}." if method else ""
    return f"{target}({', '.join(map(str, parameters[method:]))})"


class _Checker:
    def __init__(self, environment: Environment) -> None:
        self._functions = environment.functions
        self._resolved = environment.resolved
        self._messages = environment.messages
        self._variables: dict[str, Type] = dict(environment.variables)
        self.found, self.faults = Found(), list[Fault]()
        self.loose: list[Node] = []
        """Nodes whose types may hold parameters that are yet to be found."""
        self.names: set[str] = set()
        self.to_judge: list[tuple[Any, Callable[[Any], Iterator[Fault]]]] = []
        self.converts = False
        self._formats = 0
        self._free = 0

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append(Fault(node.offset, message))

    def _mismatch(self, node: Node, expected: Type, actual: Type) -> None:
        self._fault(node, f"expected type '{expected}' but found '{actual}'")

    def _new(self) -> Type:
        self._free += 1
        return types.parameter(f"_var{self._free - 1}")

    def _known(self, node: Node) -> Type:
        type = node.type
        return type if type.key is not None or not self.found.types else self.found.put_in(type)

    # --- by kind

    def check(self, node: Node) -> None:
        """The node and its parts."""
        _BY_KIND[type(node)](self, node)
        if node.type.key is None:
            self.loose.append(node)

    def _literal(self, node: Literal) -> None:
        node.type = _LITERALS[type(node.value)]

    def _undeclared(self, node: Node, name: str) -> None:
        self._fault(node, f"undeclared reference to '{name}' (in container '')")

    def _named(self, name: str) -> Type | None:
        name = name.removeprefix(".")
        if name in self._variables:
            return self._variables[name]
        self.converts = self.converts or name in UNDEFINED
        return types.type_of(TYPE_NAMES[name]) if name in TYPE_NAMES else None

    def _ident(self, node: Ident) -> None:
        name = node.name
        found = self._variables.get(name) or self._named(name)
        if found is None:
            self._undeclared(node, name)
            node.type = ERROR
            return
        node.name = name.removeprefix(".")
        node.type = found
        self.names.add(node.name)

    def _select(self, node: Select) -> None:
        if node.field in _LAST_NAMES and not node.test:
            path = dotted(node)
            if path and path not in self._variables and path.removeprefix(".") in TYPE_NAMES:
                node.type = types.type_of(TYPE_NAMES[path.removeprefix(".")])
                return
        found = self._field(node, node.operand, node.field, optional=False)
        node.type = BOOL if node.test else found if found.key is not None else self.found.put_in(found)

    def _field(self, node: Node, operand: Node, name: str, *, optional: bool) -> Type:
        self.check(operand)
        target, is_optional = unwrapped(self._known(operand))
        result = ERROR
        if target.kind == "map":
            result = target.parameters[1]
        elif target.kind == "struct":
            field = target.fields.get(name)
            if field is not None:
                result = field.type
            elif not target.fields and target.name.startswith("kubernetes."):
                self._fault(node, f"unexpected failed resolution of '{target.name}'")
            else:
                self._fault(node, f"undefined field '{name}'")
        elif target.kind == "param":
            self.found.assignable(DYN, target)
            result = DYN
        else:
            if not types.is_loose(target):
                self._fault(node, f"type '{target}' does not support field selection")
            result = DYN
        return optional_of(result) if is_optional or optional else result

    def _list(self, node: ListOf) -> None:
        if len(node.elements) > 1 and not self._formats:
            self.to_judge.append((node, mixture_faults))
        joined: Type | None = None
        for index, element in enumerate(node.elements):
            self.check(element)
            joined = self._joined(joined, self._element(element, index in node.optional))
        node.type = list_of(self._new() if joined is None else joined)

    def _element(self, node: Node, optional: bool) -> Type:
        if not optional:
            return node.type
        inner, is_optional = unwrapped(node.type)
        if not is_optional and not types.is_dyn(inner):
            self._mismatch(node, optional_of(inner), inner)
        return inner

    def _map(self, node: MapOf) -> None:
        if len(node.entries) > 1 and not self._formats:
            self.to_judge.append((node, mixture_faults))
        keys: Type | None = None
        values: Type | None = None
        for key, value, optional in node.entries:
            self.check(key)
            keys = self._joined(keys, key.type)
            self.check(value)
            values = self._joined(values, self._element(value, optional))
        node.type = map_of(keys or self._new(), values or self._new())

    def _message(self, node: Message) -> None:
        made = self._messages(node.name.removeprefix("."))
        if made is None:
            self._undeclared(node, node.name)
            node.type = ERROR
            return
        for name, value in node.fields:
            self.check(value)
            field = made.fields.get(name.strip("`"))
            if field is None:
                self._fault(node, f"undefined field '{name}'")
            elif not self.found.assignable(field.type, value.type):
                expected = f"expected type of field '{name}' is '{field.type}'"
                self._fault(value, f"{expected} but provided type is '{value.type}'")
        node.type = made

    def _joined(self, before: Type | None, now: Type) -> Type:
        if before is None:
            return now
        return types.most_general(before, now) if self.found.assignable(before, now) else DYN

    # --- calls

    def _call(self, node: Call) -> None:
        if node.function == "_?._":
            operand, field = node.args
            assert isinstance(field, Literal), "the parser made it"
            field.type = types.STRING
            node.type = self.found.put_in(self._field(node, operand, field.value, optional=True))
            return
        if node.function == "format":
            self._formats += 1
            self._parts_of_call(node)
            self._formats -= 1
        else:
            self._parts_of_call(node)

    def _parts_of_call(self, node: Call) -> None:
        for arg in node.args:
            self.check(arg)
        name = node.function.removeprefix(".")
        if node.target is not None:
            prefix = dotted(node.target)
            qualified = f"{prefix}.{name}" if prefix else ""
            if qualified and qualified in self._functions:
                node.function, node.target = qualified, None
                self._resolve(node)
                return
            self.check(node.target)
        if name not in self._functions:
            self._undeclared(node, node.function)
            node.type = ERROR
            return
        node.function = name
        self._resolve(node)

    def _resolve(self, node: Call) -> None:
        function = node.function
        if function == "_&&_" or function == "_||_":
            node.type = BOOL
            for arg in node.args:
                if arg.type is not BOOL and not self.found.assignable(arg.type, BOOL):
                    self._mismatch(arg, BOOL, arg.type)
                    node.type = ERROR
            return
        if function in _AT_ONCE and node.args and isinstance(node.args[0], (Literal, Call)):
            self.converts = True
        if function in STATED_LITERALS:
            self.to_judge.append((node, literal_faults))
        given = [operand.type for operand in node.operands()]
        keys = [each.key for each in given]
        if None in keys:
            node.overloads, result = self._matching(node, given)
        else:
            known = (function, node.target is None, *keys)
            found = self._resolved.get(known)
            if found is None:
                found = self._matching(node, given)
                if found[1] is not None and found[1].key is not None:
                    self._resolved[known] = found
            node.overloads, result = found
        if result is None:
            told = [self.found.put_in(each, rest_is_dyn=True) for each in given]
            text = text_of_signature(told, method=node.target is not None)
            self._fault(node, f"found no matching overload for '{function}' applied to '{text}'")
        elif function == "format" and node.overloads[0].id == "string_format":
            self.to_judge.append((node, format_faults))
        node.type = result or ERROR

    def _matching(self, node: Call, given: list[Type]) -> tuple[list[Overload], Type | None]:
        """The ways to call the function with values of such types, and the type of what it comes to."""
        result: Type | None = None
        overloads: list[Overload] = []
        for overload in self._functions[node.function]:
            if overload.method != (node.target is not None) or len(overload.parameters) != len(given):
                continue
            parameters, made = overload.parameters, overload.result
            if overload.generic:
                fresh = Found({name: self._new() for name in overload.generic})
                parameters, made = tuple(map(fresh.put_in, parameters)), fresh.put_in(made)
            if not self.found.assignable_all(tuple(given), parameters):
                continue
            overloads.append(overload)
            made = self.found.put_in(made)
            if result is None:
                result = made
            elif not types.is_dyn(result) and made != result:
                result = DYN
        return overloads, result

    # --- loops

    def _fold(self, node: Fold) -> None:
        self.check(node.items)
        self.check(node.start)
        first, second = self._loop_types(node)
        outside = self._variables
        self._variables = {**outside, node.accumulator: node.start.type}
        inside = self._variables
        self._variables = {**inside, node.first: first, **({node.second: second} if node.second else {})}
        self.check(node.condition)
        self._assert(node.condition, BOOL)
        self.check(node.step)
        self._assert(node.step, node.start.type)
        self._variables = inside
        self.check(node.result)
        self._variables = outside
        node.type = self._known(node.result)

    def _loop_types(self, node: Fold) -> tuple[Type, Type]:
        items = self._known(node.items)
        if items.kind == "list":
            item = items.parameters[0]
            return (INT, item) if node.second else (item, DYN)
        if items.kind == "map":
            return items.parameters[0], items.parameters[1]
        if items.kind == "param" or types.is_loose(items):
            self.found.assignable(DYN, items)
            return DYN, DYN
        text = f"expression of type '{items}' cannot be range of a comprehension (must be list, map, or dynamic)"
        self._fault(node.items, text)
        return ERROR, ERROR

    def _assert(self, node: Node, expected: Type) -> None:
        if not self.found.assignable(expected, node.type):
            self._mismatch(node, expected, node.type)


_BY_KIND: dict[type, Callable[[_Checker, Any], None]] = {
    Literal: _Checker._literal,
    Ident: _Checker._ident,
    Select: _Checker._select,
    Call: _Checker._call,
    ListOf: _Checker._list,
    MapOf: _Checker._map,
    Fold: _Checker._fold,
    Message: _Checker._message,
}


def dotted(node: Node) -> str:
    """a.b.c as the name it may be; '' if it is none."""
    names = []
    while isinstance(node, Select) and not node.test:
        names.append(node.field)
        node = node.operand
    if not isinstance(node, Ident):
        return ""
    return ".".join((node.name, *reversed(names)))
