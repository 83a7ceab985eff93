"""From a CustomResourceDefinition to the resources that it has the server serve, one for each served version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fakekube.core.meta import Obj, is_true
from fakekube.schema.resources import Column, Resource, Subresource
from fakekube.schema.scheme import version_rank
from fakekube.schema.structural import custom_type
from fakekube.schema.table import Table
from fakekube.schema.typed import Struct

if TYPE_CHECKING:
    from fakekube.schema.custom.model import Model

VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
TERMINATING_VERBS = VERBS - {"create", "patch", "update"}
SUBRESOURCE_VERBS = frozenset({"get", "patch", "update"})
AGE = Column("Age", "date", path=".metadata.creationTimestamp")
NAME = Column("Name", "string", "name")


class ScalePaths(NamedTuple):
    """Where the objects of a version keep what their Scale shows, as the definition writes it ('.spec.replicas')."""

    replicas: str
    status: str
    selector: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CustomResource(Resource):
    """A resource that a CustomResourceDefinition defines."""

    model: Model = field(default_factory=lambda: _model({"type": "object"}), repr=False)
    scale: ScalePaths | None = field(default=None, repr=False)
    deprecation: str = ""
    """What every answer warns of; '' if the version is not deprecated."""
    conversion: Obj | None = field(default=None, repr=False)
    """The webhook's configuration; None: only apiVersion is changed."""
    family: Mapping[str, CustomResource] = field(default_factory=dict, repr=False)
    """Every version of the definition by name, those too that are not served."""
    readings: dict[Any, Obj] = field(default_factory=dict, repr=False)
    """Objects as this version shows them, by key and revision (registry/custom)."""
    since: int = 0
    """Objects of earlier revisions were written under another schema: they are read through this one."""
    terminating: bool = False
    """The definition is being deleted: nothing new may be made."""


def resources_of(crd: Obj, table: Table, since: int = 0) -> list[CustomResource]:
    """The resources of a definition's served versions; all are stored as its storage version."""
    spec = crd["spec"]
    family: dict[str, CustomResource] = {}
    stored: CustomResource | None = None
    for version in sorted(spec["versions"], key=lambda version: not version.get("storage")):
        resource = _resource(crd, version, stored, table, since, family)
        family[version["name"]] = resource
        if version.get("storage"):
            stored = resource
    return [family[version["name"]] for version in spec["versions"] if version.get("served")]


def _resource(
    crd: Obj,
    version: Obj,
    stored: Resource | None,
    table: Table,
    since: int,
    family: Mapping[str, CustomResource],
) -> CustomResource:
    spec, names = crd["spec"], crd["spec"]["names"]
    type_source = _type_source(crd, version, table)
    kind, group = names["kind"], spec["group"]
    conversion = spec.get("conversion") or {}
    return CustomResource(
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
        schema=(version.get("schema") or {}).get("openAPIV3Schema"),
        selectable=tuple(each["jsonPath"] for each in version.get("selectableFields") or ()),
        stored_as=stored,
        model=_model(schema_of(version)),
        scale=_scale(version),
        deprecation=_deprecation(spec, version),
        conversion=conversion.get("webhook") or {} if conversion.get("strategy") == "Webhook" else None,
        family=family,
        since=since,
        terminating=is_true(crd, "Terminating"),
    )


def _model(schema: Obj) -> Model:
    """What judges, prunes and defaults objects of this schema; loaded with the first definition."""
    from fakekube.schema.custom.model import Model

    return Model(schema)


def schema_of(version: Obj) -> Obj:
    """The OpenAPI schema of a version."""
    found: Obj = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
    return found


def _type_source(crd: Obj, version: Obj, table: Table) -> Any:
    kept: list[Struct] = []

    def source() -> Struct:
        if not kept:
            metadata = table.struct_by_go_name("v1.ObjectMeta")
            assert metadata is not None, "every table knows ObjectMeta"
            kept.append(custom_type(crd["spec"]["names"]["kind"], schema_of(version), metadata))
        return kept[0]

    return source


def _subresources(group: str, version: Obj, kind: str, type_source: Any, table: Table) -> Mapping[str, Subresource]:
    declared = version.get("subresources") or {}
    found: dict[str, Subresource] = {}
    if declared.get("status") is not None:
        found["status"] = Subresource("status", group, version["name"], kind, SUBRESOURCE_VERBS, type_source)
    if declared.get("scale") is not None:
        scale = table.struct("autoscaling", "v1", "Scale")
        assert scale is not None, "every table knows Scale"
        found["scale"] = Subresource("scale", "autoscaling", "v1", "Scale", SUBRESOURCE_VERBS, lambda: scale)
    return found


def _scale(version: Obj) -> ScalePaths | None:
    scale = (version.get("subresources") or {}).get("scale")
    if scale is None:
        return None
    return ScalePaths(
        scale.get("specReplicasPath", ""), scale.get("statusReplicasPath", ""), scale.get("labelSelectorPath") or ""
    )


def _deprecation(spec: Obj, version: Obj) -> str:
    """The warning of a deprecated version: its own, or one that names the version to use instead."""
    if not version.get("deprecated"):
        return ""
    stated: str | None = version.get("deprecationWarning")
    if stated is not None:
        return stated
    group, kind, name = spec["group"], spec["names"]["kind"], version["name"]
    text = f"{group}/{name} {kind} is deprecated"
    current = [each["name"] for each in spec["versions"] if each.get("served") and not each.get("deprecated")]
    better = sorted((each for each in current if version_rank(each) < version_rank(name)), key=version_rank)
    return f"{text}; use {group}/{better[0]} {kind}" if better else text


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
