"""What evaluating an expression may cost at most, as cel-go and Kubernetes estimate it.

Only the upper bound counts for Kubernetes, so that the lower one is kept for sizes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fakekube.schema.cel import types
from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.depth import room
from fakekube.schema.cel.estimates import ESTIMATES, matching
from fakekube.schema.cel.macros import RESULT
from fakekube.schema.cel.prices import LIST, MAP, MESSAGE, TRAVERSAL
from fakekube.schema.cel.sizes import MOST, ONE, UNKNOWN, Sizes, add, scaled, times
from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.types import Type

LONGEST_FORMAT = 64

Path = tuple[str, ...]
Parts = tuple[Sizes, Sizes]
"""Of a list or map: the sizes of keys and of values."""


class _Variable(NamedTuple):
    path: Path
    size: Sizes | None
    parts: Parts | None


def highest_cost(tree: Node, root: Type) -> int:
    """The most that the expression may cost, when `self` and `oldSelf` are of the root type."""
    try:
        return _Estimate(root).cost(tree)
    except RecursionError:
        with room():
            return _Estimate(root).cost(tree)


class _Estimate:
    def __init__(self, root: Type) -> None:
        self._root = root
        self._paths: dict[int, Path] = {}
        self._sizes: dict[int, Sizes] = {}
        self._parts: dict[int, Parts] = {}
        self._variables: dict[str, list[_Variable]] = {}

    def cost(self, node: Node) -> int:
        """The cost of the node with its parts."""
        return _BY_KIND[type(node)](self, node)

    def _literal(self, node: Literal) -> int:
        return 0

    def _ident(self, node: Ident) -> int:
        known = self._known(node.name)
        self._paths[id(node)] = known.path if known else (node.name,)
        return 1

    def _message(self, node: Message) -> int:
        return MESSAGE

    def _select(self, node: Select) -> int:
        if node.type.kind == "type":
            self._paths[id(node)] = (node.field,)  # the name of a type
            return 1
        cost = self.cost(node.operand)
        if node.test:
            return cost
        self._paths[id(node)] = (*self._path(node.operand), node.field)
        return add(cost, 1) if node.operand.type.kind in ("map", "struct", "param") else cost

    def _list(self, node: ListOf) -> int:
        cost = 0
        sizes = Sizes(MOST if node.elements else 0, 0)
        for element in node.elements:
            cost = add(cost, self.cost(element))
            sizes = sizes.or_(self._size_or_unknown(element))
        self._parts[id(node)] = (ONE, sizes)
        return add(cost, LIST)

    def _map(self, node: MapOf) -> int:
        cost = 0
        keys = values = Sizes(MOST if node.entries else 0, 0)
        for key, value, _ in node.entries:
            cost = add(add(cost, self.cost(key)), self.cost(value))
            keys, values = keys.or_(self._size_or_unknown(key)), values.or_(self._size_or_unknown(value))
        self._parts[id(node)] = (keys, values)
        return add(cost, MAP)

    # --- loops

    def _push(self, name: str, variable: _Variable) -> None:
        self._variables.setdefault(name, []).append(variable)

    def _known(self, name: str) -> _Variable | None:
        found = self._variables.get(name)
        return found[-1] if found else None

    def _bind(self, node: Fold) -> int:
        cost = add(self.cost(node.items), self.cost(node.start))
        self._push(node.accumulator, self._as_variable(node.start))
        cost = add(cost, self.cost(node.result))
        self._variables[node.accumulator].pop()
        self._copy(node, node.result)
        return cost

    def _as_variable(self, node: Node) -> _Variable:
        return _Variable(self._path(node), self._size(node), self._parts_of(node))

    def _copy(self, node: Node, source: Node) -> None:
        if (size := self._size(source)) is not None:
            self._sizes[id(node)] = size
        if (parts := self._parts_of(source)) is not None:
            self._parts[id(node)] = parts

    def _fold(self, node: Fold) -> int:
        if node.macro == "bind":
            return self._bind(node)
        cost = add(self.cost(node.items), self.cost(node.start))
        self._push(node.accumulator, self._as_variable(node.start))
        path, parts = self._path(node.items), self._parts_of(node.items)
        keys, values = parts or (None, None)
        is_list = node.items.type.kind == "list"
        if node.second:
            self._push(node.first, _Variable((*path, "@indices" if is_list else "@keys"), keys, None))
            self._push(node.second, _Variable((*path, "@items" if is_list else "@values"), values, None))
        else:
            size = values if is_list else keys
            self._push(node.first, _Variable((*path, "@items" if is_list else "@keys"), size, None))
        each = add(self.cost(node.condition), self.cost(node.step))
        for name in (node.first, *((node.second,) if node.second else ())):
            self._variables[name].pop()
        cost = add(cost, self.cost(node.result))
        self._variables[node.accumulator].pop()
        rounds = self._size_or_unknown(node.items)
        if isinstance(node.start, Literal):
            if (size_ := self._size(node.start)) is not None:
                self._sizes[id(node)] = size_
        elif isinstance(node.start, (ListOf, MapOf)):
            self._sizes[id(node)] = rounds
            if (made := self._parts_of(node.step)) is not None:
                self._parts[id(node)] = made
        return add(cost, times(rounds.most, each))

    # --- sizes

    def _path(self, node: Node) -> Path:
        if isinstance(node, Ident) and (known := self._known(node.name)):
            return known.path
        return self._paths.get(id(node), ())

    def _size(self, node: Node) -> Sizes | None:
        if (found := self._sizes.get(id(node))) is not None:
            return found
        stated = _STATED_SIZES.get(type(node))
        if stated is not None:
            count = stated(node)
            return Sizes(count, count)
        if (declared := self._declared(self._path(node))) is not None:
            self._sizes[id(node)] = declared
            return declared
        if _is_scalar(node.type):
            return ONE
        if isinstance(node, Ident) and (known := self._known(node.name)):
            return known.size
        return None

    def _size_or_unknown(self, node: Node) -> Sizes:
        found = self._size(node)
        return UNKNOWN if found is None else found

    def _declared(self, path: Path) -> Sizes | None:
        """What the schema says of the size of what is there."""
        if not path:
            return None
        current = self._root
        for name in path[1:]:
            match name:
                case "@items" | "@values" | "@keys":
                    if current.kind not in ("list", "map"):
                        return None
                    current = current.parameters[0 if name == "@keys" else -1]
                case _:
                    field = current.fields.get(name)
                    if field is None:
                        return None
                    current = field.type
        return Sizes(0, current.most)

    def _parts_of(self, node: Node) -> Parts | None:
        if (found := self._parts.get(id(node))) is not None:
            return found
        known = self._known(node.name) if isinstance(node, Ident) else None
        return known.parts if known else None

    # --- calls

    def _call(self, node: Call) -> int:
        if node.function == "dyn":
            cost = add(self.cost(node.args[0]), 1)
            self._copy(node, node.args[0])
            return cost
        costs = [self.cost(arg) for arg in node.args]
        cost = 0 if node.target is None else self.cost(node.target)
        if node.function in ("_&&_", "_||_"):
            self._sizes[id(node)] = ONE
            return _sum(costs)
        if node.function == "_?._":
            return add(_sum(costs), 1)
        highest, size = 0, None
        for overload in node.overloads:
            estimated, made = self._function(node, overload, costs)
            highest = max(highest, estimated)
            if made is not None:
                size = made if size is None else size.or_(made)
            if overload.id in ("index_list", "index_map"):
                parts = self._parts_of(node.args[0])
                size = parts[1] if parts else None
                suffix = "@items" if overload.id == "index_list" else "@values"
                self._paths[id(node)] = (*self._path(node.args[0]), suffix)
            if size is None:
                size = self._size(node)
        if size is not None:
            self._sizes[id(node)] = size
        return add(cost, highest)

    def _function(self, node: Call, overload: Overload, costs: list[int]) -> tuple[int, Sizes | None]:
        if node.function == "_?_:_":
            return self._conditional(node, costs)
        found = self._kubernetes(node, overload) or self._standard(node, overload) or (1, None)
        return add(found[0], _sum(costs)), found[1]

    def _conditional(self, node: Call, costs: list[int]) -> tuple[int, Sizes | None]:
        one, other = node.args[1], node.args[2]
        mine, theirs = self._parts_of(one), self._parts_of(other)
        if mine and theirs:
            self._parts[id(node)] = (mine[0].or_(theirs[0]), mine[1].or_(theirs[1]))
        size = self._size_or_unknown(one).or_(self._size_or_unknown(other))
        return add(costs[0], max(costs[1], costs[2])), size

    def _standard(self, node: Call, overload: Overload) -> tuple[int, Sizes | None] | None:
        if overload.id not in _BY_SIZE:
            return None
        sizes = [self._size_or_unknown(operand) for operand in node.operands()]
        match overload.id:
            case "string_format" | "strings_quote":
                return scaled(sizes[0].most, TRAVERSAL), None
            case "string_to_bytes":
                return scaled(sizes[0].most, TRAVERSAL), Sizes(sizes[0].least, times(sizes[0].most, 4))
            case "bytes_to_string":
                return scaled(sizes[0].most, TRAVERSAL), Sizes(sizes[0].least // 4, sizes[0].most)
            case "starts_with_string" | "ends_with_string":
                return scaled(sizes[1].most, TRAVERSAL), None
            case "in_list":
                return sizes[1].most, None
            case "matches_string":
                return matching(sizes[0], sizes[1]), None
            case "contains_string":
                return times(scaled(sizes[0].most, TRAVERSAL), scaled(sizes[1].most, TRAVERSAL)), None
            case "add_string" | "add_bytes" | "add_list":
                size = sizes[0].plus(sizes[1])
                mine, theirs = self._parts_of(node.args[0]), self._parts_of(node.args[1])
                if mine and theirs:
                    self._parts[id(node)] = (mine[0].or_(theirs[0]), mine[1].or_(theirs[1]))
                return (1 if overload.id == "add_list" else scaled(size.most, TRAVERSAL)), size
        return scaled(min(sizes[0].most, sizes[1].most), TRAVERSAL), None

    def _kubernetes(self, node: Call, overload: Overload) -> tuple[int, Sizes | None] | None:
        if node.function == "_==_":
            return self._equality(node)
        estimate = ESTIMATES.get(node.function)
        if estimate is None:
            return None
        sizes = [self._known_size(operand) for operand in node.operands()]
        return estimate(self, node, overload, sizes)

    def _known_size(self, node: Node) -> Sizes:
        """The size of an operand; what loops carry along has none that the schema tells."""
        path = self._path(node)
        if path and path[0] == RESULT:
            return self._sizes.get(id(node), UNKNOWN)
        return self._size_or_unknown(node)

    def _equality(self, node: Call) -> tuple[int, Sizes | None] | None:
        one, other = node.args[0].type, node.args[1].type
        if one != other:
            return None
        match one.name:
            case "net.IP" | "net.CIDR" | "kubernetes.Quantity" | "kubernetes.Semver":
                return 1, None
            case "kubernetes.NamedFormat":
                return scaled(LONGEST_FORMAT, TRAVERSAL), None
            case "kubernetes.URL":
                size = self._size(node.args[1])
                return scaled(size.most if size else 1, TRAVERSAL), None
        return None

    def item_size(self, node: Node) -> Sizes:
        """The size of the items of a list."""
        path = self._path(node)
        declared = self._declared((*path, "@items")) if path and path[0] != RESULT else None
        return UNKNOWN if declared is None else declared


def _sum(costs: list[int]) -> int:
    return min(sum(costs), MOST)


def _is_scalar(type: Type) -> bool:
    inner, optional = types.unwrapped(type)
    return _is_scalar(inner) if optional else type.kind in ("bool", "double", "duration", "int", "timestamp", "uint")


_COMPARED = frozenset(
    f"{word}_{kind}" for word in ("less", "less_equals", "greater", "greater_equals") for kind in ("string", "bytes")
)


_BY_SIZE = _COMPARED | frozenset(
    (
        *("equals", "not_equals", "string_format", "strings_quote", "string_to_bytes", "bytes_to_string"),
        *("starts_with_string", "ends_with_string", "in_list", "matches_string", "contains_string"),
        *("add_string", "add_bytes", "add_list"),
    )
)
"""Calls whose cost depends on how much they are given."""
_STATED_SIZES: dict[type, Callable[[Any], int]] = {
    Literal: lambda node: len(node.value) if isinstance(node.value, (str, bytes)) else 1,
    ListOf: lambda node: len(node.elements),
    MapOf: lambda node: len(node.entries),
}
_BY_KIND: dict[type, Callable[[_Estimate, Any], int]] = {
    Literal: _Estimate._literal,
    Ident: _Estimate._ident,
    Select: _Estimate._select,
    Call: _Estimate._call,
    ListOf: _Estimate._list,
    MapOf: _Estimate._map,
    Fold: _Estimate._fold,
    Message: _Estimate._message,
}
