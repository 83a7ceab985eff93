"""What admission does to objects other than pods."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.admission.chain import CREATE, DELETE, UPDATE, Plugin
from fakekube.admission.plugins import built_in
from fakekube.admission.plugins.claim_resize import PersistentVolumeClaimResize
from fakekube.admission.plugins.default_classes import DefaultIngressClass, DefaultStorageClass
from fakekube.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from fakekube.admission.plugins.node_taint import TaintNodesByCondition
from fakekube.admission.plugins.storage_protection import StorageObjectInUseProtection
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from tests.unit.admission.conftest import NAMESPACE, World, asks, attributes_of

CLAIMS, INGRESSES = "persistentvolumeclaims", "ingresses.networking.k8s.io"
STORAGE, INGRESS_CLASSES = "storageclasses.storage.k8s.io", "ingressclasses.networking.k8s.io"


def claim(size: str = "1Gi", phase: str = "Bound", **spec: Any) -> Obj:
    requests = {"resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": "x"}, "spec": {**requests, **spec}, "status": {"phase": phase}}


async def refused(world: World, plugin: Plugin, attributes: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        await world.run(plugin, attributes)
    return caught.value


async def test_nothing_enters_a_namespace_that_is_not_there(world: World) -> None:
    obj: Obj = {"metadata": {"name": "x"}}
    error = await refused(world, NamespaceLifecycle(), attributes_of("configmaps", obj))
    assert (error.code, error.message) == (404, 'namespaces "ns" not found')
    await world.put("namespaces", NAMESPACE)
    await world.run(NamespaceLifecycle(), attributes_of("configmaps", obj))


async def test_nothing_new_enters_a_namespace_that_is_going_away(world: World) -> None:
    await world.put("namespaces", NAMESPACE, status={"phase": "Terminating"})
    error = await refused(world, NamespaceLifecycle(), attributes_of("configmaps", {"metadata": {"name": "x"}}))
    assert error.code == 403
    assert error.message.endswith("unable to create new content in namespace ns because it is being terminated")
    await world.run(NamespaceLifecycle(), attributes_of("configmaps", {"metadata": {"name": "x"}}, UPDATE))


async def test_some_namespaces_never_go(world: World) -> None:
    error = await refused(world, NamespaceLifecycle(), attributes_of("namespaces", operation=DELETE, name="default"))
    assert error.message == 'namespaces "default" is forbidden: this namespace may not be deleted'


async def test_a_new_node_is_not_ready(world: World) -> None:
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    node = await world.run(TaintNodesByCondition(), attributes_of("nodes", {"metadata": {"name": "x"}}))
    assert node["spec"]["taints"] == [taint]
    again = await world.run(TaintNodesByCondition(), attributes_of("nodes", node))
    assert again["spec"]["taints"] == [taint], "once is enough"


@pytest.mark.parametrize(
    ("plugin", "kind", "classes", "field", "mark"),
    [
        (DefaultStorageClass(), CLAIMS, STORAGE, "storageClassName", "storageclass.kubernetes.io/is-default-class"),
        (
            DefaultIngressClass(),
            INGRESSES,
            INGRESS_CLASSES,
            "ingressClassName",
            "ingressclass.kubernetes.io/is-default-class",
        ),
    ],
)
async def test_the_newest_default_class_is_taken(
    world: World, plugin: Plugin, kind: str, classes: str, field: str, mark: str
) -> None:
    assert field not in (await world.run(plugin, attributes_of(kind, {"metadata": {}, "spec": {}})))["spec"]
    for name, day, marked in (("old", 1, "true"), ("b", 2, "true"), ("c", 2, "true"), ("new", 3, "false")):
        metadata = {"creationTimestamp": f"2026-01-0{day}T00:00:00Z", "annotations": {mark: marked}}
        await world.put(classes, name, metadata=metadata)
    found = await world.run(plugin, attributes_of(kind, {"metadata": {}, "spec": {}}))
    assert found["spec"][field] == "b"
    own = await world.run(plugin, attributes_of(kind, {"metadata": {}, "spec": {field: ""}}))
    assert own["spec"][field] == "", "to want none is a choice as well"


@pytest.mark.parametrize(("resource", "start"), [("persistentvolumes", "pv"), ("persistentvolumeclaims", "pvc")])
async def test_storage_is_protected_once(world: World, resource: str, start: str) -> None:
    wanted = f"kubernetes.io/{start}-protection"
    for given in ([], ["mine"], [wanted]):
        obj: Obj = {"metadata": {"name": "x", "finalizers": list(given)}}
        await world.run(StorageObjectInUseProtection(), attributes_of(resource, obj))
        assert obj["metadata"]["finalizers"] == [*(each for each in given if each != wanted), wanted]
    obj = {"metadata": {"name": "x"}}
    await world.run(StorageObjectInUseProtection(), attributes_of(resource, obj, UPDATE))
    assert "finalizers" not in obj["metadata"]


async def test_only_a_bound_claim_of_a_growing_class_grows(world: World) -> None:
    await world.put(STORAGE, "grows", allowVolumeExpansion=True)
    await world.put(STORAGE, "stays")
    plugin = PersistentVolumeClaimResize()

    def change(new: Obj, old: Obj) -> Any:
        return attributes_of(CLAIMS, new, UPDATE, old=old)

    grown, small = (claim(size, storageClassName="grows") for size in ("2Gi", "1Gi"))
    await world.run(plugin, change(grown, small))
    await world.run(plugin, change(claim("1024Mi", storageClassName="stays"), claim(storageClassName="stays")))
    error = await refused(world, plugin, change(grown, claim(phase="Pending", storageClassName="grows")))
    assert error.message.endswith("Only bound persistent volume claims can be expanded")
    error = await refused(
        world, plugin, change(claim("2Gi", storageClassName="stays"), claim(storageClassName="stays"))
    )
    assert error.message.endswith("the storageclass that provisions the pvc must support resize")


def test_the_namespace_is_looked_at_first_and_the_quota_last() -> None:
    names = [plugin.name for plugin in built_in()]
    assert names[0] == "NamespaceLifecycle"
    assert len(names) == len(set(names))
    assert all(names)
    assert names.index("DefaultTolerationSeconds") < names.index("RuntimeClass")
    assert names[-1] == "ResourceQuota"
    assert not any(asks(plugin, attributes_of("configmaps", {}, CREATE)) for plugin in built_in()[1:-1]), (
        "what is none of a plugin's business costs nothing"
    )
