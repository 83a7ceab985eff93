"""Apply configurations that nobody owns: what a mutating policy states is merged in, and no book is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakekube.core.meta import Obj
from fakekube.registry.fields.merge import merge
from fakekube.registry.fields.nodes import Items, Node, Record, UnkeyedError
from fakekube.registry.fields.typemodel import record
from fakekube.registry.fields.validate import faults, fits, text_of
from fakekube.schema.typed import Struct


def stated_over(of: Struct, obj: Obj, configuration: Obj) -> Obj:
    """The object with all that the configuration states; parts of both are shared.

    ValueError for what its type does not have, and for what is owned as a whole: what is not stated of that would be
    lost.
    """
    node = record(of)
    if not fits(node, configuration):
        raise ValueError(f"failed to convert patch object to typed object: {text_of(faults(node, configuration))}")
    atomic = list(_atomic(node, configuration, ""))
    if atomic:
        told = "may not mutate atomic arrays, maps or structs"
        raise ValueError(f"invalid ApplyConfiguration: {told}: {', '.join(atomic)}")
    try:
        found: Obj = merge(node, obj, configuration)
    except UnkeyedError as error:
        raise ValueError(f"failed to merge patch: {error}") from None
    return found


def _atomic(node: Node, value: Any, path: str) -> Iterator[str]:
    """The paths of lists, maps and structs that are owned as a whole."""
    if isinstance(node, Record) and isinstance(value, dict):
        if node.leaf:
            yield path
        for name, part in value.items():
            child = node.fields.get(name)
            if child is not None:
                yield from _atomic(child, part, f"{path}.{name}")
    elif isinstance(node, Items) and isinstance(value, list):
        if node.leaf:
            yield path
        for index, item in enumerate(value):
            yield from _atomic(node.item, item, f"{path}[{index}]")
