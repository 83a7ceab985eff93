from fakekube.machinery.world import Index
from tests.unit.machinery.fakeapi import Lab

BY_NODE = Index("pods", lambda pod: [pod["spec"]["nodeName"]] if pod["spec"].get("nodeName") else [])


async def test_pods_are_found_by_controller_node_namespace_and_label() -> None:
    lab = Lab()
    owner = await lab.make("configmaps", "ConfigMap", "owner")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    mine = {"ownerReferences": [{**reference, "controller": True}], "labels": {"a": "1"}}
    await lab.make("pods", "Pod", "mine", metadata=mine, spec={"nodeName": "n"})
    await lab.make("pods", "Pod", "loose", metadata={"ownerReferences": [reference]}, spec={})
    await lab.make("pods", "Pod", "far", "other", spec={})
    world = lab.world
    assert [pod.name for pod in world.pods_of(owner)] == ["mine"]
    assert [pod.name for pod in world.loose_pods("default")] == ["loose"]
    assert [pod.name for pod in world.pods_on("n")] == ["mine"]
    assert [pod.name for pod in world.pods_in("default", {"matchLabels": {"a": "1"}})] == ["mine"]
    assert sorted(key.name for key in world.dependents(owner["metadata"]["uid"])) == ["loose", "mine"]
    await lab.api.delete("pods", "default", "mine", {"gracePeriodSeconds": 0})
    assert world.pods_of(owner) == []
    assert world.pods_on("n") == []
    assert [key.name for key in world.dependents(owner["metadata"]["uid"])] == ["loose"]


async def test_an_index_is_filled_when_first_asked_and_then_follows() -> None:
    lab = Lab()
    await lab.make("pods", "Pod", "a", spec={"nodeName": "n"})
    assert [pod["metadata"]["name"] for pod in lab.world.indexed(BY_NODE, "n")] == ["a"]
    await lab.make("pods", "Pod", "b", spec={})
    await lab.api.create("pods", "default", {"metadata": {}, "target": {"name": "n"}}, subresource="binding", name="b")
    assert [pod["metadata"]["name"] for pod in lab.world.indexed(BY_NODE, "n")] == ["a", "b"]
    lab.world.reset()
    assert [pod["metadata"]["name"] for pod in lab.world.indexed(BY_NODE, "n")] == ["a", "b"]


async def test_objects_are_found_by_uid_and_selector() -> None:
    lab = Lab()
    made = await lab.make("secrets", "Secret", "s", metadata={"labels": {"a": "1"}})
    key = lab.world.by_uid(made["metadata"]["uid"])
    assert key is not None
    assert key.name == "s"
    wanted = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}
    assert len(lab.world.selected("secrets", "default", wanted)) == 1
    assert lab.world.selected("secrets", "default", None) == []
    await lab.api.delete("secrets", "default", "s")
    assert lab.world.by_uid(made["metadata"]["uid"]) is None
