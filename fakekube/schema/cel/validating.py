"""What is judged of an expression once it is known to be of right types: constants, lists and maps, and formats."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core.patterns import PatternError, compiled
from fakekube.schema.cel import values
from fakekube.schema.cel.faults import Fault
from fakekube.schema.cel.library.formatting import Clause, FormatError, clauses, unfit
from fakekube.schema.cel.syntax import Call, ListOf, Literal, MapOf, Node
from fakekube.schema.cel.types import Type, unwrapped


def literal_faults(node: Call) -> Iterator[Fault]:
    """Constants that are no regular expression, time or duration."""
    place = 1 if node.function == "matches" and node.target is None else 0
    if len(node.args) <= place or not isinstance(node.args[place], Literal):
        return
    literal = node.args[place]
    text = getattr(literal, "value", None)
    wrong = not _holds(node.function, text) if isinstance(text, str) else node.function == "duration"
    if wrong:
        yield Fault(literal.offset, f"invalid {node.function} argument")


def _holds(function: str, text: str) -> bool:
    match function:
        case "duration":
            return values.parse_duration(text) is not None
        case "timestamp":
            return values.parse_timestamp(text) is not None
        case "matches":
            try:
                compiled(text)
            except PatternError:
                return False
    return True


def _differs(node: Node, wanted: Type, found: Type) -> Fault:
    return Fault(node.offset, f"expected type '{wanted}' but found '{found}'")


def mixture_faults(node: Node) -> Iterator[Fault]:
    """Items of a list, keys of a map, and its values, are of one type."""
    if isinstance(node, ListOf):
        first: Type | None = None
        for index, element in enumerate(node.elements):
            found = unwrapped(element.type)[0] if index in node.optional else element.type
            first = first or found
            if found != first:
                yield _differs(element, first, found)
                return
    elif isinstance(node, MapOf):
        keys: Type | None = None
        held: Type | None = None
        for key, value, optional in node.entries:
            found = unwrapped(value.type)[0] if optional else value.type
            keys, held = keys or key.type, held or found
            if key.type != keys:
                yield _differs(key, keys, key.type)
            if found != held:
                yield _differs(value, held, found)


# --- string.format()

_FORMATTED = {
    "s": frozenset(
        (
            *("list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type"),
            "null",
        )
    ),
    "d": frozenset(("int", "uint")),
    "f": frozenset(("double", "string")),
    "e": frozenset(("double", "string")),
    "b": frozenset(("int", "uint", "bool")),
    "x": frozenset(("int", "uint", "string", "bytes")),
    "o": frozenset(("int", "uint")),
}
_NAMES = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
}


def format_faults(node: Call) -> Iterator[Fault]:
    """Clauses of a constant format that do not go with the list that it is given."""
    target, args = node.target, node.args
    if not isinstance(target, Literal) or not isinstance(target.value, str) or not isinstance(args[0], ListOf):
        return
    elements = args[0].elements
    asked = 0
    try:
        for part in clauses(target.value, len(elements), at_run_time=False):
            if isinstance(part, Clause):
                misfit = _misfit(part.letter, elements[asked])
                if misfit is not None:
                    yield Fault(misfit.offset, str(unfit(part.letter, _NAMES.get(misfit.type.kind, misfit.type.name))))
                    return
                asked += 1
    except FormatError as error:
        yield Fault(node.offset, str(error))
        return
    if len(elements) > asked:
        told = f"(expected {asked}, got {len(elements)})"
        yield Fault(node.offset, f"too many arguments supplied to string.format {told}")


def _misfit(letter: str, node: Node) -> Node | None:
    """What the clause cannot show: the argument, or something in it."""
    if node.type.kind not in ("dyn", "any") and node.type.kind not in _FORMATTED[letter.lower()]:
        return node
    if letter != "s":
        return None
    parts = node.parts() if isinstance(node, (ListOf, MapOf)) else iter(())
    return next((found for part in parts if (found := _misfit("s", part)) is not None), None)
