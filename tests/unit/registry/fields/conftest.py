"""Resources to keep book of: some of Kubernetes' own, and a custom one with lists of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakekube.schema.resources import Resource, Subresource
from fakekube.schema.scheme import Scheme
from fakekube.schema.table import table
from fakekube.schema.typed import ANY, Field, List, Map, Scalar, Struct, Type

TEXT, NUMBER = Scalar("string"), Scalar("int64")


def struct(**fields: Type) -> Struct:
    return Struct("", {name: Field(name, type) for name, type in fields.items()})


def widget_type() -> Struct:
    metadata = table().struct_named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
    assert metadata is not None
    item = struct(name=TEXT, v=NUMBER, w=NUMBER)
    spec = struct(
        size=NUMBER,
        map=List(item, list_type="map", keys=("name",)),
        set=List(TEXT, list_type="set"),
        atomic=List(item),
        options=Map(TEXT),
        fixed=Map(TEXT, atomic=True),
        any=ANY,
    )
    return struct(apiVersion=TEXT, kind=TEXT, metadata=metadata, spec=spec, status=struct(phase=TEXT))


def custom(version: str = "v1") -> Resource:
    made = widget_type()
    source = lambda: made  # noqa: E731 - a type source is a function
    return Resource(
        group="example.com",
        version=version,
        kind="Widget",
        plural="widgets",
        singular="widget",
        namespaced=True,
        verbs=frozenset({"get"}),
        list_kind="WidgetList",
        type_source=source,
        subresources={"status": Subresource("status", "example.com", version, "Widget", frozenset(), source)},
        custom=True,
    )


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return Scheme.for_version()


@pytest.fixture(scope="session")
def widgets() -> Resource:
    return custom()


@pytest.fixture(scope="session")
def resource(scheme: Scheme) -> Callable[[str], Resource]:
    """The resource of an id such as "deployments.apps"."""

    def find(id: str) -> Resource:
        found = scheme.stored(id)
        assert found is not None
        return found

    return find


def widget(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def config_map(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def book(obj: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    """(manager, operation, subresource) -> fields."""
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): entry["fieldsV1"]
        for entry in obj["metadata"].get("managedFields", [])
    }
