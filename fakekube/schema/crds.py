"""From a CustomResourceDefinition to the resources that it has the server serve, one for each served version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core.meta import Obj
from fakekube.schema.resources import Column, Resource, Subresource
from fakekube.schema.structural import custom_type
from fakekube.schema.table import Table
from fakekube.schema.typed import Struct

VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
SUBRESOURCE_VERBS = frozenset({"get", "patch", "update"})
AGE = Column("Age", "date", path=".metadata.creationTimestamp")
NAME = Column("Name", "string", "name")


def resources_of(crd: Obj, table: Table) -> list[Resource]:
    """The resources of a definition's served versions; all are stored as its storage version."""
    spec = crd["spec"]
    made: dict[str, Resource] = {}
    versions = sorted(spec["versions"], key=lambda version: not version.get("storage"))
    stored: Resource | None = None
    for version in versions:
        resource = _resource(crd, version, stored, table)
        if version.get("storage"):
            stored = resource
        if version.get("served"):
            made[version["name"]] = resource
    return [made[version["name"]] for version in spec["versions"] if version["name"] in made]


def _resource(crd: Obj, version: Obj, stored: Resource | None, table: Table) -> Resource:
    spec, names = crd["spec"], crd["spec"]["names"]
    type_source = _type_source(crd, version, table)
    kind, group = names["kind"], spec["group"]
    return Resource(
        group=group,
        version=version["name"],
        kind=kind,
        plural=names["plural"],
        singular=names.get("singular") or kind.lower(),
        namespaced=spec["scope"] == "Namespaced",
        verbs=VERBS,
        list_kind=names.get("listKind") or f"{kind}List",
        type_source=type_source,
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=_subresources(group, version, kind, type_source, table),
        columns=columns_of(version),
        custom=True,
        stored_as=stored,
    )


def _type_source(crd: Obj, version: Obj, table: Table) -> Any:
    kept: list[Struct] = []

    def source() -> Struct:
        if not kept:
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
            metadata = table.struct_by_go_name("v1.ObjectMeta")
            assert metadata is not None, "every table knows ObjectMeta"
            kept.append(custom_type(crd["spec"]["names"]["kind"], schema, metadata))
        return kept[0]

    return source


def _subresources(group: str, version: Obj, kind: str, type_source: Any, table: Table) -> Mapping[str, Subresource]:
    declared = version.get("subresources") or {}
    found: dict[str, Subresource] = {}
    if "status" in declared:
        found["status"] = Subresource("status", group, version["name"], kind, SUBRESOURCE_VERBS, type_source)
    if "scale" in declared:
        scale = table.struct("autoscaling", "v1", "Scale")
        assert scale is not None, "every table knows Scale"
        found["scale"] = Subresource("scale", "autoscaling", "v1", "Scale", SUBRESOURCE_VERBS, lambda: scale)
    return found


def columns_of(version: Obj) -> tuple[Column, ...]:
    """The columns of a custom resource's Table: the name, then those declared, or else the age."""
    declared = version.get("additionalPrinterColumns")
    if not declared:
        return NAME, AGE
    return NAME, *(
        Column(
            column["name"],
            column["type"],
            column.get("format", ""),
            column.get("priority", 0),
            column.get("description", ""),
            column["jsonPath"],
        )
        for column in declared
    )
