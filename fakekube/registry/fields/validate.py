"""Whether a value is of its type, in the words that server-side apply has for what is not."""

from __future__ import annotations

from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.registry.fields import elements
from fakekube.registry.fields.nodes import Deduced, Items, Leaf, Node, Record, UnkeyedError


def fits(node: Node, value: Any) -> bool:
    """Whether nothing is wrong; quicker than to look for what is."""
    if value is None or isinstance(node, Deduced):
        return True
    if isinstance(node, Leaf):
        return value.__class__ in _CLASSES[node.kind]
    if isinstance(node, Record):
        return isinstance(value, dict) and _members_fit(node, value)
    return isinstance(node, Items) and isinstance(value, list) and _items_fit(node, value)


def _members_fit(node: Record, value: dict[str, Any]) -> bool:
    fields, item = node.fields, node.item
    for name, part in value.items():
        child = fields.get(name) or item
        if child is None or not fits(child, part):
            return False
    return True


def _items_fit(node: Items, value: list[Any]) -> bool:
    if not node.leaf:
        try:
            if len({node.element(item) for item in value}) < len(value):
                return False
        except UnkeyedError:
            return False
    inner = node.item
    return all(fits(inner, item) for item in value)


_CLASSES = {
    "string": frozenset({str}),
    "numeric": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "untyped": frozenset({str, int, float, bool}),
}


class Fault(NamedTuple):
    """Where, as a path in the words of messages, and what."""

    path: str
    message: str
    doubled: bool = False
    """Whether it is but an item that is there twice, which an object that is stored may have."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def faults(node: Node, value: Any, path: str = "") -> list[Fault]:
    """What is wrong with an applied configuration; of an object only the members up to the first unknown one."""
    if value is None:
        return []
    match node:
        case Leaf():
            message = _SCALARS[node.kind](value)
            return [Fault(path, message)] if message else []
        case Record():
            return _of_members(node, value, path)
        case Items():
            return _of_items(node, value, path)
        case Deduced():
            return []
    raise TypeError(f"no such node: {node!r}")


def text_of(found: list[Fault]) -> str:
    """All faults as one message."""
    return str(found[0]) if len(found) == 1 else "\n  ".join(["errors:", *map(str, found)])


def _of_members(node: Record, value: Any, path: str) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault(path, f"expected map, got &{{{go_text(value)}}}")]
    found: list[Fault] = []
    for name, part in value.items():
        child = node.fields.get(name) or node.item
        if child is None:
            return [*found, Fault(f"{path}.{name}", "field not declared in schema")]
        found += faults(child, part, f"{path}.{name}")
    return found


def _of_items(node: Items, value: Any, path: str) -> list[Fault]:
    if not isinstance(value, list):
        return [Fault(path, f"expected list, got &{{{go_text(value)}}}")]
    found: list[Fault] = []
    seen = set()
    for place, item in enumerate(value):
        try:
            element = f"i:{place}" if node.leaf else node.element(item)
        except UnkeyedError as error:
            return [*found, Fault(path, f"element {place}: {error}")]
        if element in seen:
            found.append(Fault(path, f"duplicate entries for key {elements.shown(element)}", doubled=True))
        seen.add(element)
        found += faults(node.item, item, path + elements.shown(element))
    return found


def _number(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return ""
    return f"expected numeric (int or float), got {go_type(value)}"


def _string(value: Any) -> str:
    if isinstance(value, str):
        return ""
    return f"expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else f"expected boolean, got &{{{go_text(value)}}}"


def _scalar(value: Any) -> str:
    return f"expected any scalar, got &{{{go_text(value)}}}" if isinstance(value, (dict, list)) else ""


_SCALARS = {"numeric": _number, "string": _string, "boolean": _boolean, "untyped": _scalar}

_GO_TYPES = {str: "string", bool: "bool", int: "int64", float: "float64"}


def go_type(value: Any) -> str:
    """The Go type of decoded JSON, as %T writes it."""
    if isinstance(value, dict):
        return "map[string]interface {}"
    return "[]interface {}" if isinstance(value, list) else _GO_TYPES.get(type(value), "<nil>")


def go_text(value: Any) -> str:
    """Decoded JSON as Go's %v writes it."""
    match value:
        case dict():
            return "map[" + " ".join(f"{name}:{go_text(value[name])}" for name in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(go_text, value)) + "]"
        case str():
            return value
        case None:
            return "<nil>"
    return elements.go_json(value)


def go_syntax(value: Any) -> str:
    """Decoded JSON as Go's %#v writes it."""
    match value:
        case dict():
            return go_type(value) + "{" + ", ".join(f"{go_quote(n)}:{go_syntax(value[n])}" for n in sorted(value)) + "}"
        case list():
            return go_type(value) + "{" + ", ".join(map(go_syntax, value)) + "}"
        case str():
            return go_quote(value)
        case None:
            return "interface {}(nil)"
    return elements.go_json(value)
