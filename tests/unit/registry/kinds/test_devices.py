"""Devices that are asked for, and devices that are offered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.kinds.conftest import Api, merged

GROUP = "resource.k8s.io"
CLAIMS, TEMPLATES = f"resourceclaims.{GROUP}", f"resourceclaimtemplates.{GROUP}"
CLASSES, SLICES = f"deviceclasses.{GROUP}", f"resourceslices.{GROUP}"
EXACTLY = {"name": "r", "exactly": {"deviceClassName": "c"}}
SLICE: dict[str, Any] = {
    "driver": "d.example.com",
    "nodeName": "n",
    "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
    "devices": [{"name": "d0"}],
}


def asks(*requests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"devices": {"requests": list(requests), **more}}


async def test_one_device_exactly(api: Api) -> None:
    made = await api.make(CLAIMS, spec=asks(EXACTLY))
    [request] = made["spec"]["devices"]["requests"]
    assert request["exactly"] == {"deviceClassName": "c", "allocationMode": "ExactCount", "count": 1}
    assert made["status"] == {}


async def test_what_is_asked_for_stays(api: Api) -> None:
    await api.make(CLAIMS, spec=asks(EXACTLY))
    await api.make(TEMPLATES, spec={"spec": asks(EXACTLY)})
    other = asks({**EXACTLY, "name": "q"})
    for resource, spec in ((CLAIMS, other), (TEMPLATES, {"spec": other})):
        [fault] = await api.refused_change(resource, spec=spec)
        assert fault.endswith("field is immutable")


async def test_a_claim_is_reserved_once_it_is_allocated(api: Api) -> None:
    await api.make(CLAIMS, spec=asks(EXACTLY))
    user = {"resource": "pods", "name": "p", "uid": "u"}
    assert await api.refused_change(CLAIMS, subresource="status", status={"reservedFor": [user]}) == [
        "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"
    ]


async def test_a_deleted_claim_is_the_answer(api: Api) -> None:
    await api.make(CLAIMS, spec=asks(EXACTLY))
    assert (await api.delete(CLAIMS, "ns", "x"))["kind"] == "ResourceClaim"


async def test_driver_and_node_of_a_slice_stay(api: Api) -> None:
    await api.make(SLICES, spec=SLICE)
    assert await api.refused_change(SLICES, spec={"driver": "e.example.com", "nodeName": "m"}) == [
        'spec.driver: Invalid value: "e.example.com": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
    ]


@pytest.mark.parametrize(
    ("resource", "spec", "fault"),
    [
        (
            CLAIMS,
            asks({"name": "r"}),
            "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
        ),
        (CLAIMS, asks(EXACTLY, EXACTLY), 'spec.devices.requests[1]: Duplicate value: "r"'),
        (
            CLAIMS,
            asks(merged(EXACTLY, {"exactly": {"allocationMode": "All", "count": 2}})),
            (
                "spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode "
                "is 'All'"
            ),
        ),
        (
            CLAIMS,
            asks(EXACTLY, constraints=[{"requests": ["q"], "matchAttribute": "a"}]),
            (
                'spec.devices.constraints[0].requests[0]: Invalid value: "q": must be the name of a request in the '
                "claim or the name of a request and a subrequest separated by '/'"
            ),
        ),
        (CLASSES, {"selectors": [{}]}, "spec.selectors[0].cel: Required value"),
        (
            CLASSES,
            {"extendedResourceName": "gpu"},
            'spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name',
        ),
        (
            SLICES,
            merged(SLICE, {"allNodes": True}),
            (
                'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, '
                "`allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set"
            ),
        ),
        (
            SLICES,
            merged(SLICE, {"devices": [{"name": "d", "attributes": {"a": {"version": "1"}}}]}),
            (
                'spec.devices[0].attributes[a].version: Invalid value: "1": must be a string compatible with '
                "semver.org spec 2.0.0"
            ),
        ),
        (
            SLICES,
            merged(SLICE, {"devices": [{"name": "d", "nodeName": "n"}]}),
            (
                "spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if "
                "`perDeviceNodeSelection` is set to true in the ResourceSlice spec"
            ),
        ),
    ],
)
async def test_faults(api: Api, resource: str, spec: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, spec=spec)
