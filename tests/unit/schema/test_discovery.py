import pytest

from fakekube.core.meta import Obj
from fakekube.schema import discovery
from fakekube.schema.resources import Resource, Subresource
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import Struct


def row(document: Obj | None, name: str) -> Obj:
    assert document is not None
    return next(each for each in document["resources"] if each["name"] == name)


def test_the_list_of_the_core_group() -> None:
    document = discovery.resource_list(Scheme.for_version(), "", "v1")
    assert document is not None
    assert (document["kind"], document["groupVersion"], "apiVersion" in document) == ("APIResourceList", "v1", False)
    assert row(document, "pods") == {
        "name": "pods",
        "singularName": "pod",
        "namespaced": True,
        "kind": "Pod",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["po"],
        "categories": ["all"],
        "storageVersionHash": "xPOwRZ+Yhw8=",
    }
    assert row(document, "pods/eviction") == {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "group": "policy",
        "version": "v1",
        "kind": "Eviction",
        "verbs": ["create"],
    }
    assert "storageVersionHash" not in row(document, "bindings")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_hashes_are_of_the_version_in_storage(version: str) -> None:
    document = discovery.resource_list(Scheme.for_version(), "autoscaling", version)
    assert row(document, "horizontalpodautoscalers")["storageVersionHash"] == "qwQve8ut294="


def test_groups_tell_their_versions_preferred_first() -> None:
    scheme = Scheme.for_version()
    group = discovery.group(scheme, "autoscaling")
    assert group is not None
    assert [version["version"] for version in group["versions"]] == ["v2", "v1"]
    assert group["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}
    names = [each["name"] for each in discovery.group_list(scheme)["groups"]]
    assert names[:3] == ["apiregistration.k8s.io", "apps", "events.k8s.io"]
    assert discovery.group(scheme, "nothing.example.com") is None
    assert discovery.resource_list(scheme, "apps", "v2") is None


def test_custom_resources_tell_group_and_version_of_their_kinds_and_verbs_in_their_own_order() -> None:
    scheme = Scheme.for_version()
    struct = Struct("Cart", {})
    status = Subresource("status", "x.example.com", "v1", "Cart", frozenset({"get", "patch", "update"}), lambda: struct)
    scheme.add(
        Resource(
            group="x.example.com",
            version="v1",
            kind="Cart",
            plural="carts",
            singular="cart",
            namespaced=False,
            verbs=frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}),
            list_kind="CartList",
            type_source=lambda: struct,
            subresources={"status": status},
            custom=True,
        )
    )
    kind = {"group": "x.example.com", "version": "v1", "kind": "Cart"}
    assert discovery.aggregated(scheme, core=False)["items"][-1] == {
        "metadata": {"name": "x.example.com"},
        "versions": [
            {
                "version": "v1",
                "resources": [
                    {
                        "resource": "carts",
                        "responseKind": kind,
                        "scope": "Cluster",
                        "singularResource": "cart",
                        "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                        "subresources": [
                            {"subresource": "status", "responseKind": kind, "verbs": ["get", "patch", "update"]}
                        ],
                    }
                ],
                "freshness": "Current",
            }
        ],
    }
