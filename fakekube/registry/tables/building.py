"""A Table or a row of it, out of objects, whatever their kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.tables import custom, flow, pods
from fakekube.registry.tables.parts import Printer
from fakekube.registry.tables.printers import PRINTERS, created_at, scale
from fakekube.registry.versions import to_storage
from fakekube.schema.resources import Column, Resource

INITIAL_EVENTS_END = "k8s.io/initial-events-end"

SCALE_COLUMNS = (
    Column("Name", "string"),
    Column("Desired", "integer"),
    Column("Available", "integer"),
    Column("Age", "string"),
)

CONDITIONS = {"pods": pods.row_conditions}
ORDERS = {"flowschemas.flowcontrol.apiserver.k8s.io": flow.precedence}


def table(
    resource: Resource,
    objs: Sequence[Obj],
    now: float,
    version: str = "v1",
    include: str = "Metadata",
    metadata: Obj | None = None,
    *,
    headers: bool = True,
) -> Obj:
    """The Table of these objects, which are in the version of `resource` (or are its Scales, or bookmarks).

    `now` is in seconds since the epoch, `version` that of meta.k8s.io, `include` says what a row has of its object
    (None, Metadata or Object), and `metadata` is the list's. Without `headers` there are no column definitions.
    """
    is_scale = bool(objs) and objs[0].get("kind") == "Scale"
    columns = SCALE_COLUMNS if is_scale else custom.columns(resource) if resource.custom else resource.columns
    if order := ORDERS.get(resource.id):
        objs = sorted(objs, key=order)
    cells = scale if is_scale else _printer(resource)
    rows = [_row(resource, obj, cells(_stored(resource, obj), now), version, include) for obj in objs]
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": metadata or {},
        "columnDefinitions": [_definition(column) for column in columns] if headers else None,
        "rows": rows if rows or cells is not created_at else None,
    }


def row(resource: Resource, obj: Obj, now: float, version: str = "v1", include: str = "Metadata") -> Obj:
    """One row."""
    return _row(resource, obj, _printer(resource)(_stored(resource, obj), now), version, include)


def _printer(resource: Resource) -> Printer:
    return custom.printer(resource) if resource.custom else PRINTERS.get(resource.id, created_at)


def _stored(resource: Resource, obj: Obj) -> Obj:
    """The object in the one version that is printed; a copy if it is not that already."""
    if resource.custom or resource is resource.storage:
        return obj
    return to_storage(resource, orjson.loads(orjson.dumps(obj)))


def _row(resource: Resource, obj: Obj, cells: list[Any], version: str, include: str) -> Obj:
    found: Obj = {"cells": cells}
    if conditions := CONDITIONS.get(resource.id):
        told = conditions(obj)
        if told:
            found["conditions"] = told
    found["object"] = _shown(obj, version, include)
    return found


def _shown(obj: Obj, version: str, include: str) -> Obj | None:
    """What a row holds of its object. The bookmark that ends the initial events is always told."""
    if include == "Object":
        return obj
    if include == "None" and annotations_of(obj).get(INITIAL_EVENTS_END) != "true":
        return None
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": obj.get("metadata") or {},
    }


def _definition(column: Column) -> Obj:
    description = column.description
    if column.path and not description:
        description = f"Custom resource definition column (in JSONPath format): {column.path}"
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": description,
        "priority": column.priority,
    }
