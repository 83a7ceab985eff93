"""What stands for more than it says: has(), all(), map() and the like."""

from __future__ import annotations

from collections.abc import Callable

from fakekube.schema.cel.syntax import Call, Fold, Ident, ListOf, Literal, MapOf, Node, Select

RESULT = "@result"
"""The value carried along in a loop; no variable can be called that."""
_OVERWRITES = "iteration variable overwrites accumulator variable"


class MacroError(Exception):
    """A macro with arguments that it cannot have."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def expand(offset: int, function: str, target: Node | None, args: list[Node]) -> Node | None:
    """What the macro makes of it; None if there is none of that name and form."""
    if target is None:
        return _has(offset, args) if function == "has" and len(args) == 1 else None
    make = _MACROS.get((function, len(args)))
    return None if make is None else make(_Site(offset, function, target, args))


def _has(offset: int, args: list[Node]) -> Node:
    asked = args[0]
    if not isinstance(asked, Select) or asked.test:
        raise MacroError(asked.offset, "invalid argument to has() macro")
    return Select(offset, asked.operand, asked.field, test=True)


class _Site:
    """Where a macro stands, and what it was given."""

    __slots__ = ("args", "function", "offset", "target")

    def __init__(self, offset: int, function: str, target: Node, args: list[Node]) -> None:
        self.offset = offset
        self.function = function
        self.target = target
        self.args = args

    def names(self, count: int, complaint: str) -> tuple[str, str]:
        """The variables of the loop."""
        found: list[str] = []
        for arg in self.args[:count]:
            if not isinstance(arg, Ident):
                raise MacroError(arg.offset, complaint)
            if arg.name in found:
                raise MacroError(arg.offset, f"duplicate variable name: {arg.name}")
            found.append(arg.name)
        for arg, name in zip(self.args, found, strict=False):
            if name in (RESULT, "__result__"):
                raise MacroError(arg.offset, _OVERWRITES)
        return found[0], found[1] if count > 1 else ""

    def call(self, function: str, *args: Node) -> Node:
        """A call at the macro's place."""
        return Call(self.offset, function, list(args))

    def literal(self, value: object) -> Node:
        """A constant at the macro's place."""
        return Literal(self.offset, value)

    def carried(self) -> Node:
        """The value carried along."""
        return Ident(self.offset, RESULT)

    def fold(self, macro: str, names: tuple[str, str], loop: tuple[Node, Node, Node, Node], steps: list[Node]) -> Node:
        """The loop: its start, condition, step and result."""
        return Fold(self.offset, macro, self.target, names, (RESULT, *loop), steps)


def _quantifier(count: int) -> Callable[[_Site], Node]:
    def make(site: _Site) -> Node:
        names = site.names(count, "argument must be a simple name")
        test = site.args[count]
        carried, call, literal = site.carried, site.call, site.literal
        match site.function:
            case "all":
                condition = call("@not_strictly_false", carried())
                loop = (literal(True), condition, call("_&&_", carried(), test), carried())
            case "exists":
                condition = call("@not_strictly_false", call("!_", carried()))
                loop = (literal(False), condition, call("_||_", carried(), test), carried())
            case _:
                step = call("_?_:_", test, call("_+_", carried(), literal(1)), carried())
                loop = (literal(0), literal(True), step, call("_==_", carried(), literal(1)))
        macro = "exists_one" if site.function == "existsOne" else site.function
        return site.fold(macro, names, loop, [test])

    return make


def _collect(count: int, complaint: str) -> Callable[[_Site], Node]:
    """map(x, f), map(x, p, f), filter(x, p), transformList(i, x, f)."""

    def make(site: _Site) -> Node:
        names = site.names(count, complaint)
        rest = site.args[count:]
        test: Node | None
        if site.function == "filter":
            test, made = rest[0], site.args[0]
        else:
            test, made = (rest[0] if len(rest) > 1 else None), rest[-1]
        step = site.call("_+_", site.carried(), ListOf(site.offset, [made]))
        if test is not None:
            step = site.call("_?_:_", test, step, site.carried())
        loop = (ListOf(site.offset, []), site.literal(True), step, site.carried())
        return site.fold("list", names, loop, [made] if test is None else [made, test])

    return make


def _transform(site: _Site) -> Node:
    """transformMap(k, v, f) and transformMapEntry(k, v, {..})."""
    names = site.names(2, "argument must be a simple name")
    rest = site.args[2:]
    test, made = (rest[0] if len(rest) > 1 else None), rest[-1]
    entry = site.function == "transformMapEntry"
    key = () if entry else (Ident(site.offset, names[0]),)
    step = site.call("cel.@mapInsert", site.carried(), *key, made)
    if test is not None:
        step = site.call("_?_:_", test, step, site.carried())
    loop = (MapOf(site.offset, []), site.literal(True), step, site.carried())
    return site.fold("entries" if entry else "map", names, loop, [made] if test is None else [made, test])


def _optional(site: _Site) -> Node:
    """optMap(x, f) and optFlatMap(x, f)."""
    name, target, made = site.args[0], site.target, site.args[1]
    if not isinstance(name, Ident):
        raise MacroError(name.offset, f"{site.function}() variable name must be a simple identifier")
    value = Call(site.offset, "value", [], target)
    bound: Node = Fold(
        site.offset,
        "bind",
        ListOf(site.offset, []),
        ("#unused", ""),
        (name.name, value, site.literal(False), Ident(site.offset, name.name), made),
        [made],
    )
    if site.function == "optMap":
        bound = site.call("optional.of", bound)
    return site.call("_?_:_", Call(site.offset, "hasValue", [], target), bound, site.call("optional.none"))


SORTED = "@__sortBy_input__"
"""What the list is called while it is sorted by keys."""


def _sort_by(site: _Site) -> Node:
    """sortBy(x, key)"""
    target = site.target
    if not isinstance(target, (ListOf, Select, Ident, Fold, Call)):
        complaint = "sortBy can only be applied to a list, identifier, comprehension, call or select expression"
        raise MacroError(target.offset, complaint)
    listed = Ident(site.offset, SORTED)
    keys = _collect(1, _IDENT)(_Site(site.offset, "map", listed, site.args))
    return Fold(
        site.offset,
        "bind",
        ListOf(site.offset, []),
        ("#unused", ""),
        (SORTED, target, site.literal(False), listed, Call(site.offset, "@sortByAssociatedKeys", [keys], listed)),
        [],
    )


_NAME = "argument must be a simple name"
_IDENT = "argument is not an identifier"
_MACROS: dict[tuple[str, int], Callable[[_Site], Node]] = {
    **{(name, 2): _quantifier(1) for name in ("all", "exists", "exists_one", "existsOne")},
    **{(name, 3): _quantifier(2) for name in ("all", "exists", "exists_one", "existsOne")},
    ("map", 2): _collect(1, _IDENT),
    ("map", 3): _collect(1, _IDENT),
    ("filter", 2): _collect(1, _IDENT),
    ("transformList", 3): _collect(2, _NAME),
    ("transformList", 4): _collect(2, _NAME),
    ("transformMap", 3): _transform,
    ("transformMap", 4): _transform,
    ("transformMapEntry", 3): _transform,
    ("transformMapEntry", 4): _transform,
    ("sortBy", 2): _sort_by,
    ("optMap", 2): _optional,
    ("optFlatMap", 2): _optional,
}
