"""Pods: what is filled in, what is refused, what may still change, and what only kubelet and scheduler tell."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.meta import Obj
from fakekube.registry.request import Request
from tests.unit.registry.kinds.conftest import NAMESPACE, SCHEME, Api, merged

PODS = "pods"
CONTAINER = {"name": "c", "image": "registry.test/app:1"}


def spec_with(**parts: Any) -> Obj:
    found: Obj = merged({"containers": [CONTAINER]}, parts)
    return found


def with_container(**parts: Any) -> Obj:
    return {"containers": [{**CONTAINER, **parts}]}


async def make(api: Api, name: str = "x", **spec: Any) -> Obj:
    return await api.make(PODS, name, spec=spec_with(**spec))


async def refused(api: Api, **spec: Any) -> list[str]:
    return await api.refused(PODS, "y", spec=spec_with(**spec))


async def test_defaults_of_a_plain_pod(api: Api) -> None:
    pod = await make(api)
    assert pod["spec"] == {
        "containers": [
            {
                **CONTAINER,
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }
    assert pod["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert pod["metadata"]["generation"] == 1


async def test_defaults_below_containers_and_volumes(api: Api) -> None:
    container = {
        "ports": [{"containerPort": 80, "hostPort": 80}],
        "livenessProbe": {"httpGet": {"port": 80}},
        "resources": {"limits": {"cpu": "1"}},
        "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    }
    volumes = [{"name": "a"}, {"name": "s", "secret": {"secretName": "s"}}, {"name": "h", "hostPath": {"path": "/h"}}]
    found = (await make(api, **with_container(**container), volumes=volumes))["spec"]
    made = found["containers"][0]
    assert made["livenessProbe"] == {
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert made["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert made["env"][0]["valueFrom"]["fieldRef"] == {"apiVersion": "v1", "fieldPath": "metadata.name"}
    assert found["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "s", "secret": {"secretName": "s", "defaultMode": 420}},
        {"name": "h", "hostPath": {"path": "/h", "type": ""}},
    ]


async def test_ports_of_the_host_network_are_ports_of_the_host(api: Api) -> None:
    found = (await make(api, hostNetwork=True, **with_container(ports=[{"containerPort": 80}])))["spec"]
    assert found["containers"][0]["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


async def test_what_waits_for_gates_says_so(api: Api) -> None:
    (condition,) = (await make(api, schedulingGates=[{"name": "a"}]))["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "SchedulingGated")


BAD_SPECS: list[tuple[Obj, list[str]]] = [
    ({"containers": []}, ["spec.containers: Required value"]),
    (with_container(name="A"), ['spec.containers[0].name: Invalid value: "A": a lowercase RFC 1123 label']),
    (with_container(image=""), ["spec.containers[0].image: Required value"]),
    ({"containers": [CONTAINER, CONTAINER]}, ['spec.containers[1].name: Duplicate value: "c"']),
    ({"restartPolicy": "Often"}, ['spec.restartPolicy: Unsupported value: "Often": supported values: "Always", ']),
    ({"terminationGracePeriodSeconds": 1, "dnsPolicy": "None"}, ["spec.dnsConfig: Required value"]),
    (
        with_container(ports=[{"containerPort": 0}]),
        ["spec.containers[0].ports[0].containerPort: Required value"],
    ),
    (
        with_container(ports=[{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]),
        ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"'],
    ),
    (
        with_container(env=[{"name": "a=b"}]),
        ['spec.containers[0].env[0].name: Invalid value: "a=b": '],
    ),
    (
        with_container(env=[{"name": "a", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ),
    (
        with_container(volumeMounts=[{"name": "v", "mountPath": "/a"}]),
        ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ),
    (
        with_container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ),
    (
        with_container(resources={"requests": {"example.com/gpu": "1"}}),
        ["spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"],
    ),
    (
        with_container(livenessProbe={}),
        ["spec.containers[0].livenessProbe: Required value: must specify a handler type"],
    ),
    (
        {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]},
        ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
    ),
    ({"tolerations": [{"operator": "Equal"}]}, ['spec.tolerations[0].operator: Invalid value: "Equal": operator must']),
    ({"activeDeadlineSeconds": 0}, ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647"]),
    ({"nodeSelector": {"a b": "c"}}, ['spec.nodeSelector: Invalid value: "a b": name part must consist of']),
    ({"hostname": "A"}, ['spec.hostname: Invalid value: "A": a lowercase RFC 1123 label must consist']),
    (
        {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
        ["spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than 0"],
    ),
    (
        {"securityContext": {"runAsUser": -1}},
        ["spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"],
    ),
    (
        {"initContainers": [{**CONTAINER, "name": "i", "livenessProbe": {"exec": {"command": ["a"]}}}]},
        ["spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy="],
    ),
    (
        {"ephemeralContainers": [{"name": "e", "image": "i", "terminationMessagePolicy": "File"}]},
        ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), BAD_SPECS)
async def test_what_is_refused(api: Api, spec: Obj, expected: list[str]) -> None:
    found = await refused(api, **spec)
    assert len(found) == len(expected), found
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(start)


async def test_faults_are_told_in_the_order_of_the_fields(api: Api) -> None:
    found = await refused(api, nodeSelector={"a": "b c"}, activeDeadlineSeconds=0, **with_container(image=""))
    assert [fault.split(":")[0] for fault in found] == [
        "spec.containers[0].image",
        "spec.nodeSelector",
        "spec.activeDeadlineSeconds",
    ]


async def test_of_a_stored_pod_little_may_change(api: Api) -> None:
    await make(api)
    changed = await api.patch(PODS, NAMESPACE, "x", {"spec": with_container(image="b")}, type="strategic")
    assert changed["spec"]["containers"][0]["image"] == "b"
    assert changed["metadata"]["generation"] == 2
    (fault,) = await api.refused_change(PODS, spec={"nodeSelector": {"a": "b"}})
    assert fault.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
    assert '\n- "NodeSelector": null,\n+ "NodeSelector": {\n+  "a": "b"\n+ },\n' in fault, "and shows the difference"


async def test_a_deadline_only_comes_nearer(api: Api) -> None:
    await make(api, activeDeadlineSeconds=60)
    await api.change(PODS, spec={"activeDeadlineSeconds": 30})
    assert await api.refused_change(PODS, spec={"activeDeadlineSeconds": 40}) == [
        "spec.activeDeadlineSeconds: Invalid value: 40: must be less than or equal to previous value"
    ]


async def test_gates_only_go(api: Api) -> None:
    await make(api, schedulingGates=[{"name": "a"}])
    await api.change(PODS, spec={"nodeSelector": {"a": "b"}})
    assert await api.refused_change(PODS, spec={"schedulingGates": [{"name": "b"}]}) == [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'"
    ]
    assert "schedulingGates" not in (await api.change(PODS, spec={"schedulingGates": None}))["spec"]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
async def test_quality_of_service(api: Api, resources: Obj, expected: str) -> None:
    assert (await make(api, **with_container(resources=resources)))["status"]["qosClass"] == expected


async def test_status_is_written_apart_and_keeps_the_class(api: Api) -> None:
    await make(api)
    addresses = {"phase": "Running", "podIP": "10.0.0.1"}
    status = (await api.change(PODS, subresource="status", status=addresses))["status"]
    assert (status["phase"], status["podIPs"]) == ("Running", [{"ip": "10.0.0.1"}])
    assert await api.refused_change(PODS, subresource="status", status={"qosClass": "Burstable"}) == [
        'status.qosClass: Invalid value: "Burstable": field is immutable'
    ]


async def test_devices_of_a_container_are_those_it_asked_for(api: Api) -> None:
    await make(api, **with_container(resources={"limits": {"example.com/gpu": "1"}}))
    devices = [{"resourceID": "1", "health": "Healthy"}, {"resourceID": "1", "health": "Fine"}]
    told = [{"name": name, "resources": devices} for name in ("example.com/gpu", "cpu")]
    statuses = [{"name": "c", "allocatedResourcesStatus": told, "user": {"linux": {"uid": -1, "gid": 0}}}]
    faults = await api.refused_change(PODS, subresource="status", status={"containerStatuses": statuses})
    start = "status.containerStatuses[0].allocatedResourcesStatus"
    assert [fault.partition(": ")[0] for fault in faults] == [
        "status.containerStatuses[0].user.linux.uid",
        f"{start}[0].resources[1].health",
        f"{start}[0].resources[1].resourceID",
        f"{start}[1].name",
        f"{start}[1].resources[1].health",
        f"{start}[1].resources[1].resourceID",
    ]


async def test_resources_change_only_through_resize(api: Api) -> None:
    await make(api, **with_container(resources={"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}))
    more = with_container(resources={"requests": {"cpu": "2", "memory": "1Gi"}})
    assert (await api.refused_change(PODS, spec=more))[0].startswith("spec: Forbidden: pod updates may not change")
    patch = {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "2"}}}]}
    changed = await api.patch(PODS, NAMESPACE, "x", {"spec": patch}, type="strategic", subresource="resize")
    assert changed["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "2", "memory": "1Gi"}
    assert changed["spec"]["containers"][0]["image"] == CONTAINER["image"], "the rest of the pod is left as it is"


async def test_warnings_of_what_is_taken_nevertheless(api: Api) -> None:
    resource = SCHEME.stored(PODS)
    assert resource is not None
    request = Request("create", resource, NAMESPACE)
    strategy = api.backend.strategy(resource)
    node = {"kubernetes.io/arch": "a", "beta.kubernetes.io/os": "linux"}
    spec = spec_with(
        nodeSelector=node, **with_container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])
    )
    pod = {"metadata": {"name": "a.b"}, "spec": spec}
    assert strategy.warnings(api.backend.context(request), pod, None) == [
        (
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label "
            "is recommended: [must not contain dots]"
        ),
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]
