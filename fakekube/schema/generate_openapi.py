"""Works out what a version's OpenAPI documents say beside the table of types, for `fakekube.schema.generate`.

openapi.json holds
- fields: struct -> field -> what the rules of `openapi_schemas` do not foresee: keywords that are said too (`says`),
  keywords that are missing (`lacks`), and a reference that stands `alone` where others stand in allOf;
- answeredDeletes: the resources whose deletion is answered with the object, where others answer a Status.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.schema.openapi_schemas import STATUS, V3, Schemas
from fakekube.schema.table import Table

Json = dict[str, Any]

NOTHING: Json = {"fields": {}, "answeredDeletes": []}


def beside(table: Table, documents: Iterable[Json]) -> Json:
    """The content of openapi.json; that of the table must be NOTHING yet."""
    schemas = Schemas(table, [])
    fields: Json = {}
    answered: set[str] = set()
    for document in documents:
        for name, schema in document["components"]["schemas"].items():
            if found := _fields_beside(table, schemas, name, schema):
                fields[name] = found
        answered |= set(_answered_deletes(document))
    return {"fields": dict(sorted(fields.items())), "answeredDeletes": sorted(answered)}


def _fields_beside(table: Table, schemas: Schemas, name: str, stated: Json) -> Json:
    struct = table.struct_named(name)
    if struct is None or "properties" not in stated:
        return {}
    made = schemas.struct(struct)["properties"]
    compared = {field: _difference(made[field], schema) for field, schema in stated["properties"].items()}
    return {field: difference for field, difference in compared.items() if difference}


def _difference(made: Json, stated: Json) -> Json:
    found: Json = {}
    stated = {key: value for key, value in stated.items() if key != "description"}
    if "$ref" in stated and made.get("allOf") == [{"$ref": stated["$ref"]}]:
        found["alone"] = True
        made, stated = _without(made, "allOf"), _without(stated, "$ref")
    if says := {key: value for key, value in stated.items() if made.get(key) != value}:
        found["says"] = says
    if lacks := sorted(made.keys() - stated.keys()):
        found["lacks"] = lacks
    return found


def _without(schema: Json, key: str) -> Json:
    return {other: value for other, value in schema.items() if other != key}


def _answered_deletes(document: Json) -> Iterable[str]:
    for path, item in document["paths"].items():
        operation = item.get("delete", {})
        if operation.get("x-kubernetes-action") != "delete":
            continue
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        if answer != V3.prefix + STATUS:
            group = operation["x-kubernetes-group-version-kind"]["group"]
            plural = path.removesuffix("/{name}").rpartition("/")[2]
            yield f"{plural}.{group}" if group else plural
