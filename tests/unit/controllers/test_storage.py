from typing import Any

import pytest

from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, condition, lab, names, pod
from tests.unit.machinery.fakeapi import Lab

CLAIMS, VOLUMES, CLASSES = "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"
ALL = (
    *("persistentvolume-binder", "persistentvolume-phase", "pvc-protection", "pv-protection", "ephemeral-volume"),
    *("volume-provisioner", "volume-deleter", "persistentvolume-expander", "vac-protection"),
)
MOUNT: Obj = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}


async def volume(made: Lab, name: str, size: str = "1Gi", **more: Any) -> Obj:
    spec: Obj = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/tmp/v"},
        "volumeMode": "Filesystem",
        **more,
    }
    meta = {"finalizers": ["kubernetes.io/pv-protection"]}
    return await made.make(VOLUMES, "PersistentVolume", name, metadata=meta, spec=spec)


async def claim(made: Lab, name: str = "c", size: str = "1Gi", **more: Any) -> Obj:
    spec: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **more}
    meta = {"finalizers": ["kubernetes.io/pvc-protection"]}
    return await made.make(CLAIMS, "PersistentVolumeClaim", name, metadata=meta, spec=spec)


async def storage_class(made: Lab, name: str, provisioner: str, *, late: bool = False, **more: Any) -> None:
    mode = "WaitForFirstConsumer" if late else "Immediate"
    more = {"reclaimPolicy": "Delete", **more}
    await made.make(CLASSES, "StorageClass", name, provisioner=provisioner, volumeBindingMode=mode, **more)


async def late_class(made: Lab) -> None:
    await storage_class(made, "late", "kubernetes.io/no-provisioner", late=True)


def phase(made: Lab, resource: str, name: str) -> str:
    found = made.get(resource, name, "default" if resource == CLAIMS else "")
    return str(((found or {}).get("status") or {}).get("phase", ""))


async def test_a_claim_gets_the_smallest_volume_that_suits() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "large", "10Gi")
    await volume(made, "small", "500Mi")
    await volume(made, "right", "2Gi")
    await made.settle()
    assert phase(made, VOLUMES, "right") == "Available"
    await claim(made)
    await made.settle()
    bound, taken = made.get(CLAIMS, "c"), made.get(VOLUMES, "right", "")
    assert bound is not None
    assert taken is not None
    assert (bound["spec"]["volumeName"], bound["status"]["phase"]) == ("right", "Bound")
    assert bound["status"]["capacity"] == {"storage": "2Gi"}
    assert bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
    assert (taken["spec"]["claimRef"]["uid"], taken["status"]["phase"]) == (bound["metadata"]["uid"], "Bound")


@pytest.mark.parametrize(
    "other", [{"storageClassName": "fast"}, {"accessModes": ["ReadOnlyMany"]}, {"volumeMode": "Block"}]
)
async def test_a_volume_of_another_kind_does_not_suit(other: Obj) -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "v", **other)
    await claim(made)
    await made.settle()
    assert phase(made, CLAIMS, "c") == "Pending"
    assert made.told("FailedBinding") == [
        "no persistent volumes available for this claim and no storage class is set",
    ]


async def test_a_claim_waits_for_a_volume_and_takes_the_first_that_comes() -> None:
    made = await lab(*ALL, kubelets=False)
    await claim(made)
    await made.settle(60)
    await volume(made, "v")
    await made.settle()
    assert phase(made, CLAIMS, "c") == "Bound"


async def test_a_claim_that_waits_for_its_consumer_is_bound_where_the_pod_can_be() -> None:
    made = await lab(*ALL, count=2)
    await late_class(made)
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-2"]}]}
    await volume(made, "v", storageClassName="late", nodeAffinity={"required": {"nodeSelectorTerms": [term]}})
    await claim(made, storageClassName="late")
    await made.settle()
    assert phase(made, CLAIMS, "c") == "Pending"
    assert made.told("WaitForFirstConsumer") == ["waiting for first consumer to be created before binding"]
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    placed = made.get("pods", "p")
    assert placed is not None
    assert (placed["spec"]["nodeName"], phase(made, CLAIMS, "c")) == ("node-2", "Bound")


async def test_a_pod_waits_for_its_claim_to_be_bound() -> None:
    made = await lab(*ALL, count=1)
    await claim(made)
    await pod(made, "p", **MOUNT)
    await made.settle()
    told = condition(made.get("pods", "p"), "PodScheduled")["message"]
    assert "pod has unbound immediate PersistentVolumeClaims" in told
    await volume(made, "v")
    await made.settle(20)
    assert condition(made.get("pods", "p"), "Ready")["status"] == "True"


async def test_what_is_in_use_stays_until_it_is_not() -> None:
    made = await lab(*ALL, count=1)
    await volume(made, "v")
    await claim(made)
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    await made.api.delete(CLAIMS, "default", "c")
    await made.api.delete(VOLUMES, "", "v")
    await made.settle()
    assert (names(made, CLAIMS), names(made, VOLUMES)) == (["c"], ["v"])
    await made.api.delete("pods", "default", "p")
    await made.settle()
    assert (names(made, CLAIMS), names(made, VOLUMES)) == ([], [])


async def test_a_volume_outlives_its_claim_or_goes_with_it_as_its_policy_says() -> None:
    for policy, path, expected in (
        ("Retain", "/tmp/v", "Released"),
        ("Delete", "/tmp/v", ""),
        ("Delete", "/data", "Failed"),
    ):
        made = await lab(*ALL, kubelets=False)
        await volume(made, "v", persistentVolumeReclaimPolicy=policy, hostPath={"path": path})
        await claim(made)
        await made.settle()
        await made.api.delete(CLAIMS, "default", "c")
        await made.settle()
        assert phase(made, VOLUMES, "v") == expected
    assert made.told("VolumeFailedDelete") == ["host_path deleter only supports /tmp/.+ but received provided /data"]


async def test_a_claim_whose_volume_is_gone_is_lost() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "v")
    await claim(made)
    await made.settle()
    await change_volume(made, {"metadata": {"finalizers": None}})
    await made.api.delete(VOLUMES, "", "v")
    await change(made, CLAIMS, "c", {"metadata": {"labels": {"touched": "yes"}}})
    await made.settle(20)
    assert (made.get(CLAIMS, "c") or {})["status"] == {"phase": "Lost"}
    assert made.told("ClaimLost") == ["Bound claim has lost its PersistentVolume. Data on the volume is lost!"]


async def change_volume(made: Lab, body: Obj) -> None:
    await made.api.patch(VOLUMES, "", "v", body, type="merge")


async def test_another_program_is_asked_for_a_volume() -> None:
    made = await lab(*ALL, kubelets=False)
    await made.make(CLASSES, "StorageClass", "csi", provisioner="csi.example.com", volumeBindingMode="Immediate")
    await claim(made, storageClassName="csi")
    await made.settle()
    waiting = made.get(CLAIMS, "c")
    assert waiting is not None
    assert waiting["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"] == "csi.example.com"
    assert made.told("ExternalProvisioning")[0].startswith("Waiting for a volume to be created either by the external")


async def test_the_claim_of_an_ephemeral_volume_comes_and_goes_with_its_pod() -> None:
    made = await lab(*ALL, "garbage-collector", count=1)
    await volume(made, "v")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    await pod(made, "p", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}])
    await made.settle(20)
    (made_claim,) = made.all(CLAIMS)
    assert made_claim["metadata"]["name"] == "p-scratch"
    assert made_claim["metadata"]["labels"] == {"a": "b"}
    assert made_claim["metadata"]["ownerReferences"][0]["name"] == "p"
    assert condition(made.get("pods", "p"), "Ready")["status"] == "True"
    await made.api.delete("pods", "default", "p")
    await made.settle()
    assert names(made, CLAIMS) == []


def only_volume(made: Lab) -> Obj:
    (found,) = made.all(VOLUMES)
    return found


async def test_a_class_of_the_clusters_own_makes_the_volume_and_takes_it_away() -> None:
    made = await lab(*ALL, kubelets=False)
    await storage_class(made, "fast", "disk.fakekube.dev", mountOptions=["discard"])
    given = await claim(made, storageClassName="fast")
    await made.settle()
    volume = only_volume(made)
    assert volume["metadata"]["name"] == f"pvc-{given['metadata']['uid']}"
    assert volume["spec"]["csi"]["driver"] == volume["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"]
    assert (volume["spec"]["capacity"], volume["spec"]["mountOptions"]) == ({"storage": "1Gi"}, ["discard"])
    assert phase(made, CLAIMS, "c") == "Bound"
    assert made.told("ProvisioningSucceeded") == [f"Successfully provisioned volume {volume['metadata']['name']}"]
    await made.api.delete(CLAIMS, "default", "c")
    await made.settle()
    assert names(made, VOLUMES) == []


async def test_a_volume_that_is_to_be_kept_outlives_its_claim() -> None:
    made = await lab(*ALL, kubelets=False)
    await storage_class(made, "fast", "fakekube.dev/folder", reclaimPolicy="Retain")
    await claim(made, storageClassName="fast")
    await made.settle()
    await made.api.delete(CLAIMS, "default", "c")
    await made.settle()
    volume = only_volume(made)
    assert volume["status"]["phase"] == "Released"
    assert volume["spec"]["hostPath"]["path"].endswith(volume["metadata"]["name"])


@pytest.mark.parametrize(("played", "count"), [((), 0), (("csi.example.com",), 1), (("*",), 1), (("other",), 0)])
async def test_the_cluster_plays_the_provisioners_that_it_is_told_to(played: tuple[str, ...], count: int) -> None:
    made = await lab(*ALL, kubelets=False)
    made.world.settings = made.world.settings._replace(provisioners=frozenset(played))
    await storage_class(made, "csi", "csi.example.com")
    await claim(made, storageClassName="csi")
    await made.settle()
    assert len(made.all(VOLUMES)) == count


async def test_a_volume_for_a_pod_is_made_in_the_zone_of_its_node() -> None:
    made = await lab(*ALL, count=3)
    term = {"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["zone-b"]}]}
    await storage_class(made, "late", "disk.fakekube.dev", late=True, allowedTopologies=[term])
    await claim(made, storageClassName="late")
    await made.settle(20)
    assert made.all(VOLUMES) == []
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    affinity = only_volume(made)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    expression = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["zone-b"]}
    assert affinity == [{"matchExpressions": [expression]}]
    placed, bound = made.get("pods", "p"), made.get(CLAIMS, "c")
    assert placed is not None
    assert bound is not None
    assert placed["spec"]["nodeName"] == "node-3"
    assert bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == "node-3"


async def test_a_claim_grows_when_a_pod_mounts_it() -> None:
    made = await lab(*ALL, count=1)
    await storage_class(made, "fast", "disk.fakekube.dev")
    await claim(made, storageClassName="fast")
    await made.settle()
    await change(made, CLAIMS, "c", {"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
    await made.settle()
    waiting = made.get(CLAIMS, "c")
    assert waiting is not None
    assert only_volume(made)["spec"]["capacity"] == {"storage": "3Gi"}
    assert (waiting["status"]["capacity"], condition(waiting, "FileSystemResizePending")["status"]) == (
        {"storage": "1Gi"},
        "True",
    )
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    grown = made.get(CLAIMS, "c")
    assert grown is not None
    assert grown["status"]["capacity"] == {"storage": "3Gi"}
    assert "conditions" not in grown["status"]
    assert len(made.told("FileSystemResizeSuccessful")) == 2


async def test_growth_that_is_anothers_to_do_is_told_of() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "v")
    await claim(made)
    await made.settle()
    await change(made, CLAIMS, "c", {"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
    await made.settle()
    assert made.told("ExternalExpanding") == ["waiting for an external controller to expand this PVC"]


async def test_a_claim_without_class_takes_the_default_that_comes_later() -> None:
    made = await lab(*ALL, kubelets=False)
    await claim(made)
    await claim(made, "none", storageClassName="")
    await made.settle()
    marked = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    await storage_class(made, "fast", "disk.fakekube.dev", metadata=marked)
    await made.settle()
    assert (phase(made, CLAIMS, "c"), phase(made, CLAIMS, "none")) == ("Bound", "Pending")


async def test_a_volume_that_is_recycled_is_free_again() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "v", persistentVolumeReclaimPolicy="Recycle")
    await claim(made)
    await made.settle()
    await made.api.delete(CLAIMS, "default", "c")
    await made.settle()
    assert phase(made, VOLUMES, "v") == "Available"
    assert "claimRef" not in only_volume(made)["spec"]
    assert made.told("VolumeRecycled") == ["Volume recycled"]


async def test_a_volume_of_a_driver_is_the_drivers_to_delete() -> None:
    made = await lab(*ALL, kubelets=False)
    source = {"hostPath": None, "csi": {"driver": "csi.example.com", "volumeHandle": "h"}}
    await volume(made, "v", persistentVolumeReclaimPolicy="Delete", **source)
    await claim(made)
    await made.settle()
    await made.api.delete(CLAIMS, "default", "c")
    await made.settle()
    assert phase(made, VOLUMES, "v") == "Released"


async def test_of_suiting_volumes_the_one_with_fewer_access_modes_is_taken() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "many", accessModes=["ReadWriteOnce", "ReadOnlyMany"])
    await volume(made, "one", "5Gi")
    await made.settle()
    await claim(made)
    await made.settle()
    assert phase(made, VOLUMES, "one") == "Bound"


async def test_a_finalizer_that_is_taken_off_what_is_not_deleted_comes_back() -> None:
    made = await lab(*ALL, kubelets=False)
    await volume(made, "v")
    await claim(made)
    await change_volume(made, {"metadata": {"finalizers": None}})
    await change(made, CLAIMS, "c", {"metadata": {"finalizers": None}})
    await made.settle()
    assert only_volume(made)["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    assert (made.get(CLAIMS, "c") or {})["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def why_not(made: Lab, name: str = "p") -> str:
    return str(condition(made.get("pods", name), "PodScheduled").get("message", ""))


async def test_claims_of_one_pod_do_not_take_the_same_volume() -> None:
    made = await lab(*ALL, count=1)
    await late_class(made)
    await volume(made, "one", storageClassName="late")
    await claim(made, storageClassName="late")
    await claim(made, "d", storageClassName="late")
    both = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("c", "d")]
    await pod(made, "p", volumes=both)
    await made.settle(20)
    assert "1 node(s) didn't find available persistent volumes to bind" in why_not(made)
    await volume(made, "two", storageClassName="late")
    await made.settle(20)
    assert {phase(made, CLAIMS, name) for name in "cd"} == {"Bound"}


async def test_a_claim_for_one_pod_is_not_for_two() -> None:
    made = await lab(*ALL, count=2)
    await volume(made, "v", accessModes=["ReadWriteOncePod"])
    await claim(made, accessModes=["ReadWriteOncePod"])
    await pod(made, "first", **MOUNT)
    await made.settle(20)
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    assert "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode" in why_not(made)


async def test_a_node_has_no_more_volumes_of_a_driver_than_it_can() -> None:
    made = await lab(*ALL, count=1)
    drivers = [{"name": "disk.fakekube.dev", "nodeID": "n", "allocatable": {"count": 1}}]
    await made.make("csinodes.storage.k8s.io", "CSINode", "node-1", spec={"drivers": drivers})
    await storage_class(made, "fast", "disk.fakekube.dev")
    await claim(made, storageClassName="fast")
    await claim(made, "d", storageClassName="fast")
    await pod(made, "first", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "d"}}])
    await made.settle(20)
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    assert "1 node(s) exceed max volume count" in why_not(made)


async def test_a_volume_labelled_with_a_zone_keeps_its_pod_there() -> None:
    made = await lab(*ALL, count=3)
    await volume(made, "v")
    await change_volume(made, {"metadata": {"labels": {"topology.kubernetes.io/zone": "zone-b__zone-c"}}})
    await claim(made)
    await pod(made, "p", **MOUNT)
    await made.settle(20)
    assert (made.get("pods", "p") or {})["spec"]["nodeName"] == "node-3"


async def test_a_driver_that_tells_its_capacity_makes_no_more() -> None:
    made = await lab(*ALL, count=2)
    await storage_class(made, "fast", "disk.fakekube.dev", late=True)
    await made.make("csidrivers.storage.k8s.io", "CSIDriver", "disk.fakekube.dev", spec={"storageCapacity": True})
    here = {"matchLabels": {"kubernetes.io/hostname": "node-2"}}
    room = {"storageClassName": "fast", "capacity": "2Gi", "nodeTopology": here}
    await made.make("csistoragecapacities.storage.k8s.io", "CSIStorageCapacity", "room", **room)
    await claim(made, storageClassName="fast")
    await claim(made, "large", "5Gi", storageClassName="fast")
    await pod(made, "first", **MOUNT)
    await pod(made, "p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "large"}}])
    await made.settle(20)
    assert (made.get("pods", "first") or {})["spec"]["nodeName"] == "node-2"
    assert "2 node(s) did not have enough free storage" in why_not(made)


async def test_a_disk_of_old_is_for_one_pod_of_a_node() -> None:
    made = await lab(*ALL, count=1)
    disk: Obj = {"volumes": [{"name": "v", "gcePersistentDisk": {"pdName": "d"}}]}
    await pod(made, "first", **disk)
    await made.settle(20)
    await pod(made, "p", **disk)
    await made.settle(20)
    assert "1 node(s) had no available disk" in why_not(made)


async def test_a_claim_that_has_the_name_of_an_ephemeral_one_is_not_taken_for_it() -> None:
    made = await lab(*ALL, count=1)
    await volume(made, "v")
    await claim(made, "p-scratch")
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    await pod(made, "p", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}])
    await made.settle(1)
    why = "PVC default/p-scratch was not created for pod default/p (pod is not owner)"
    assert f"ephemeral volume scratch: {why}" in made.told("FailedBinding")
    assert why in why_not(made)


async def test_a_class_of_attributes_stays_while_something_names_it() -> None:
    made = await lab(*ALL, kubelets=False)
    classes = "volumeattributesclasses.storage.k8s.io"
    await made.make(classes, "VolumeAttributesClass", "gold", driverName="d")
    await made.settle()
    assert (made.get(classes, "gold", "") or {})["metadata"]["finalizers"] == ["kubernetes.io/vac-protection"]
    await storage_class(made, "fast", "disk.fakekube.dev")
    await claim(made, storageClassName="fast", volumeAttributesClassName="gold")
    await made.settle()
    assert (made.get(CLAIMS, "c") or {})["status"]["currentVolumeAttributesClassName"] == "gold"
    await made.api.delete(classes, "", "gold")
    await made.settle()
    assert names(made, classes) == ["gold"]
    await made.api.delete(CLAIMS, "default", "c")
    await made.settle()
    assert names(made, classes) == []


async def test_a_pod_whose_volume_nobody_makes_is_told_so_in_time() -> None:
    made = await lab(*ALL, count=1)
    await storage_class(made, "late", "csi.example.com", late=True)
    await claim(made, storageClassName="late")
    await pod(made, "p", **MOUNT)
    await made.settle(599)
    assert (made.get("pods", "p") or {})["status"]["nominatedNodeName"] == "node-1"
    assert why_not(made) == ""
    await made.settle(2)
    found = condition(made.get("pods", "p"), "PodScheduled")
    assert (found["reason"], found["message"]) == (
        "SchedulerError",
        'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
    )
