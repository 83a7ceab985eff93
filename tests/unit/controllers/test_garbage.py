from typing import Any

import pytest

from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, lab, names
from tests.unit.machinery.fakeapi import Lab

MAPS = "configmaps"


def reference(owner: Obj, **more: Any) -> Obj:
    meta = owner["metadata"]
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"], **more}


async def make_map(made: Lab, name: str, *owners: Obj, namespace: str = "default", **meta: Any) -> Obj:
    return await made.make(
        MAPS, "ConfigMap", name, namespace, metadata={"ownerReferences": [reference(each) for each in owners], **meta}
    )


async def delete(made: Lab, name: str, policy: str, resource: str = MAPS) -> None:
    await made.api.delete(resource, "default", name, {"propagationPolicy": policy})


async def test_background_takes_what_is_owned_after_its_owner_generation_by_generation() -> None:
    made = await lab("garbage-collector", kubelets=False)
    top = await make_map(made, "top")
    middle = await make_map(made, "middle", top)
    await make_map(made, "bottom", middle)
    await make_map(made, "other")
    await delete(made, "top", "Background")
    await made.settle()
    assert names(made, MAPS) == ["other"]


async def test_what_has_another_owner_left_stays_and_forgets_the_one_that_went() -> None:
    made = await lab("garbage-collector", kubelets=False)
    one, two = await make_map(made, "one"), await make_map(made, "two")
    await make_map(made, "shared", one, two)
    await delete(made, "one", "Background")
    await made.settle()
    shared = made.get(MAPS, "shared")
    assert shared is not None
    assert [each["name"] for each in shared["metadata"]["ownerReferences"]] == ["two"]


async def test_foreground_waits_for_those_that_block() -> None:
    made = await lab("garbage-collector", kubelets=False)
    owner = await make_map(made, "owner")
    blocking = reference(owner, blockOwnerDeletion=True)
    await made.make(MAPS, "ConfigMap", "blocks", metadata={"ownerReferences": [blocking], "finalizers": ["test/hold"]})
    await made.make(
        MAPS, "ConfigMap", "does-not", metadata={"ownerReferences": [reference(owner)], "finalizers": ["test/hold"]}
    )
    await delete(made, "owner", "Foreground")
    await made.settle()
    assert all("deletionTimestamp" in each["metadata"] for each in made.all(MAPS))
    assert "owner" in names(made, MAPS)
    await change(made, MAPS, "blocks", {"metadata": {"finalizers": None}})
    await made.settle()
    assert names(made, MAPS) == ["does-not"]


async def test_orphan_leaves_what_is_owned_and_takes_the_reference_away() -> None:
    made = await lab("garbage-collector", kubelets=False)
    owner = await make_map(made, "owner")
    await make_map(made, "owned", owner)
    await delete(made, "owner", "Orphan")
    await made.settle()
    (left,) = made.all(MAPS)
    assert left["metadata"]["name"] == "owned"
    assert not left["metadata"].get("ownerReferences")


@pytest.mark.parametrize("change_of_owner", [{"uid": "another"}, {"name": "another"}])
async def test_an_owner_that_never_was_takes_its_dependents_with_it(change_of_owner: Obj) -> None:
    made = await lab("garbage-collector", kubelets=False)
    owner = await make_map(made, "owner")
    wrong = {**reference(owner), **change_of_owner}
    await made.make(MAPS, "ConfigMap", "owned", metadata={"ownerReferences": [wrong]})
    await made.settle()
    assert names(made, MAPS) == ["owner"]


async def test_an_owner_in_another_namespace_is_no_owner() -> None:
    made = await lab("garbage-collector", kubelets=False)
    owner = await make_map(made, "owner")
    await make_map(made, "far", owner, namespace="other")
    await made.settle()
    assert names(made, MAPS) == ["owner"]
    (message,) = made.told("OwnerRefInvalidNamespace")
    uid = owner["metadata"]["uid"]
    assert (
        message
        == f'ownerRef [v1/ConfigMap, namespace: other, name: owner, uid: {uid}] does not exist in namespace "other"'
    )


async def test_a_cluster_wide_owner_owns_in_every_namespace() -> None:
    made = await lab("garbage-collector", kubelets=False, count=1)
    node = made.get("nodes", "node-1", "")
    assert node is not None
    await make_map(made, "owned", node)
    await made.settle()
    assert names(made, MAPS) == ["owned"]
    await made.api.delete("nodes", "", "node-1")
    await made.settle()
    assert names(made, MAPS) == []


async def test_a_cluster_wide_object_is_not_owned_by_one_of_a_namespace_but_stays() -> None:
    made = await lab("garbage-collector", kubelets=False)
    owner = await make_map(made, "owner")
    references = [reference(owner)]
    await made.make("persistentvolumes", "PersistentVolume", "v", metadata={"ownerReferences": references}, spec={})
    await made.settle()
    assert names(made, "persistentvolumes") == ["v"]
    (message,) = made.told("OwnerRefInvalidNamespace")
    assert message.endswith('does not exist in namespace ""')
