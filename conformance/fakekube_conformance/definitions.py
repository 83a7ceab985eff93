"""Custom kinds for the checks: a definition of a group that nobody else has, and the paths of its objects."""

from __future__ import annotations

from typing import Any, NamedTuple

from fakekube_conformance.case import Case
from fakekube_conformance.failures import look
from fakekube_conformance.objects import Obj

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANYTHING: Obj = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TEXT: Obj = {"type": "string"}
INTEGER: Obj = {"type": "integer"}


class Custom(NamedTuple):
    """A custom kind that is served: its group, its definition's path, and that of its objects in version v1."""

    group: str
    definition: str
    path: str

    def obj(self, name: str, spec: Any = None, version: str = "v1", **more: Any) -> Obj:
        body: Obj = {"apiVersion": f"{self.group}/{version}", "kind": "Toy", "metadata": {"name": name}, **more}
        return body if spec is None else body | {"spec": spec}

    def at(self, version: str) -> str:
        """The path of the objects in another version."""
        return f"{self.group}/{version}/toys"


def fields(**properties: Obj) -> Obj:
    return {"type": "object", "properties": properties}


def version(name: str = "v1", spec: Obj | None = None, *, storage: bool = True, **more: Any) -> Obj:
    """A served version whose objects have this schema for spec, and any status."""
    schema = fields(spec=spec or ANYTHING, status=ANYTHING)
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}, **more}


def definition(group: str, *versions: Obj, scope: str = "Namespaced", **names: Any) -> Obj:
    """A definition of toys."""
    spec = {
        "group": group,
        "scope": scope,
        "names": {"plural": "toys", "singular": "toy", "kind": "Toy", **names},
        "versions": list(versions) or [version()],
    }
    body: Obj = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return body | {"metadata": {"name": f"toys.{group}"}, "spec": spec}


def new_group(case: Case) -> str:
    return case.unique("toys") + ".example.org"


def is_established(obj: Obj) -> bool:
    conditions = look(obj, "status.conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def define(case: Case, *versions: Obj, scope: str = "Namespaced", **names: Any) -> Custom:
    """Make a custom kind and wait until every version of it is served."""
    group = new_group(case)
    body = definition(group, *versions, scope=scope, **names)
    case.create_global(DEFINITIONS, body)
    custom = Custom(group, f"{DEFINITIONS}/toys.{group}", f"{group}/v1/toys")
    case.eventually(custom.definition, "the definition is established", is_established)
    for each in body["spec"]["versions"]:
        if each["served"]:
            path = f"/apis/{group}/{each['name']}/toys"
            case.eventually(path, "it is served", lambda found: found["kind"] == "ToyList")
    return custom


def define_spec(case: Case, **properties: Obj) -> Custom:
    """A custom kind whose spec has these properties."""
    return define(case, version(spec=fields(**properties)))
