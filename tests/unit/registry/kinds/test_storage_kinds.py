"""Volumes, claims, and the kinds that drivers use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.kinds.conftest import Api, merged

VOLUMES, CLAIMS = "persistentvolumes", "persistentvolumeclaims"
CLASSES, ATTACHMENTS = "storageclasses.storage.k8s.io", "volumeattachments.storage.k8s.io"
VOLUME: dict[str, Any] = {
    "capacity": {"storage": "1Gi"},
    "accessModes": ["ReadWriteOnce"],
    "hostPath": {"path": "/x"},
}
CLAIM: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


async def test_a_volume_waits(api: Api) -> None:
    made = await api.make(VOLUMES, spec=VOLUME)
    assert made["status"] == {"phase": "Pending", "lastPhaseTransitionTime": "2026-01-01T00:00:00Z"}
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert made["spec"]["volumeMode"] == "Filesystem"
    assert made["spec"]["hostPath"]["type"] == ""


async def test_the_source_of_a_volume_stays(api: Api) -> None:
    await api.make(VOLUMES, spec=VOLUME)
    [fault] = await api.refused_change(VOLUMES, spec={"hostPath": {"path": "/y"}})
    assert fault.startswith("spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable")


async def test_a_claim_waits(api: Api) -> None:
    made = await api.make(CLAIMS, spec=CLAIM)
    assert made["status"] == {"phase": "Pending"}
    assert made["spec"]["volumeMode"] == "Filesystem"


async def test_a_claim_is_filled_in_once(api: Api) -> None:
    await api.make(CLAIMS, spec=CLAIM)
    await api.change(CLAIMS, spec={"volumeName": "v"})
    [fault] = await api.refused_change(CLAIMS, spec={"volumeName": "w"})
    assert fault.startswith("spec: Forbidden: spec is immutable after creation except")


async def test_a_claim_does_not_shrink(api: Api) -> None:
    await api.make(CLAIMS, spec={**CLAIM, "volumeName": "v"})
    await api.change(CLAIMS, subresource="status", status={"phase": "Bound", "capacity": {"storage": "1Gi"}})
    await api.change(CLAIMS, spec={"resources": {"requests": {"storage": "2Gi"}}})
    assert await api.refused_change(CLAIMS, spec={"resources": {"requests": {"storage": "500Mi"}}}) == [
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    ]


async def test_a_class_has_defaults_and_stays(api: Api) -> None:
    made = await api.make(CLASSES, provisioner="example.com/p")
    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")
    assert await api.refused_change(CLASSES, provisioner="example.com/q") == [
        'provisioner: Invalid value: "example.com/q": field is immutable'
    ]
    await api.change(CLASSES, allowVolumeExpansion=True)


async def test_an_attachment_stays(api: Api) -> None:
    spec = {"attacher": "example.com", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
    await api.make(ATTACHMENTS, spec=spec)
    [fault] = await api.refused_change(ATTACHMENTS, spec={"nodeName": "m"})
    assert fault.endswith("field is immutable")


@pytest.mark.parametrize(
    ("resource", "parts", "fault"),
    [
        (VOLUMES, {"spec": merged(VOLUME, {"capacity": None})}, "spec.capacity: Required value"),
        (VOLUMES, {"spec": merged(VOLUME, {"accessModes": []})}, "spec.accessModes: Required value"),
        (
            VOLUMES,
            {"spec": {key: part for key, part in VOLUME.items() if key != "hostPath"}},
            "spec: Required value: must specify a volume type",
        ),
        (
            VOLUMES,
            {"spec": {**VOLUME, "nfs": {"server": "s", "path": "/"}}},
            "spec.nfs: Forbidden: may not specify more than 1 volume type",
        ),
        (
            CLAIMS,
            {"spec": merged(CLAIM, {"accessModes": []})},
            "spec.accessModes: Required value: at least 1 access mode is required",
        ),
        (CLAIMS, {"spec": merged(CLAIM, {"resources": None})}, "spec.resources[storage]: Required value"),
        (CLASSES, {"provisioner": ""}, "provisioner: Required value"),
        (
            "csinodes.storage.k8s.io",
            {"spec": {"drivers": [{"name": "d", "nodeID": ""}]}},
            "spec.drivers[0].nodeID: Required value",
        ),
        ("volumeattributesclasses.storage.k8s.io", {"driverName": ""}, "driverName: Required value"),
    ],
)
async def test_faults(api: Api, resource: str, parts: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, **parts)
