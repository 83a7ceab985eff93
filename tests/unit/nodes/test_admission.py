from typing import Any

import pytest

from fakekube.core.meta import Obj, time_text
from fakekube.nodes.admission import Admitted
from fakekube.nodes.sysctls import forbidden
from tests.unit.controllers.labs import change, condition, lab, phases, pod
from tests.unit.machinery.fakeapi import Lab

CRITICAL = 2_000_000_000
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "u-1", "controller": True}


def asks(**requests: str) -> Obj:
    """The container of a pod that asks for this."""
    return {"resources": {"requests": requests}}


def status(made: Lab, name: str = "p") -> Obj:
    found = made.get("pods", name)
    assert found is not None
    return dict(found["status"])


async def told(made: Lab, **spec: Any) -> tuple[str, str]:
    """The reason and the message of the status of one more pod of node-1, once it was looked at."""
    await pod(made, "p", "node-1", **spec)
    await made.settle()
    found = status(made)
    return found.get("reason", ""), found.get("message", "")


async def of_node(made: Lab, **fields: Any) -> None:
    """The node is something else now."""
    subresource = "status" if "status" in fields else ""
    await made.api.patch("nodes", "", "node-1", fields, type="merge", subresource=subresource)


async def test_a_pod_that_asks_for_too_much_is_refused_and_of_its_status_little_is_left() -> None:
    made = await lab(count=1)
    await pod(made, "first", "node-1", container=asks(cpu="1500m"))
    await made.settle()
    await pod(made, "p", "node-1", container=asks(cpu="3", memory="1Gi"))
    listed = [{"type": "PodScheduled", "status": "True"}, {"type": "example.com/mine", "status": "True"}]
    await change(made, "pods", "p", {"status": {"qosClass": "Burstable", "conditions": listed}}, "status")
    await made.settle()
    message = "Node didn't have enough resource: cpu, requested: 3000, used: 1500, capacity: 4000"
    assert status(made) == {
        "observedGeneration": 1,
        "phase": "Failed",
        "reason": "OutOfcpu",
        "message": f"Pod was rejected: {message}",
        "startTime": time_text(made.clock.now()),
        "qosClass": "Burstable",
        "conditions": [{"type": "example.com/mine", "status": "True"}],
    }
    (event,) = made.all("events")
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "OutOfcpu", message)
    assert phases(made) == {"first": "Running", "p": "Failed"}


SHORT = "Pod was rejected: Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}"
PREDICATE = "Pod was rejected: Predicate {} failed: {}"
LABELS = "node(s) didn't match Pod's node affinity/selector"
ELSEWHERE = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}]
GROUPS = {"securityContext": {"supplementalGroupsPolicy": "Strict"}}


@pytest.mark.parametrize(
    ("spec", "node", "reason", "message"),
    [
        ({"container": asks(memory="9Gi")}, {}, "OutOfmemory", SHORT.format("memory", 9 << 30, 0, 8 << 30)),
        (
            {"container": asks(**{"ephemeral-storage": "200Gi"})},
            {},
            "OutOfephemeral-storage",
            SHORT.format("ephemeral-storage", 200 << 30, 0, 100 << 30),
        ),
        ({}, {"status": {"allocatable": {"pods": "0"}}}, "OutOfpods", SHORT.format("pods", 1, 0, 0)),
        ({}, {"status": {"allocatable": None, "capacity": None}}, "", ""),
        (
            {"container": asks(**{"example.com/gpu": "2"})},
            {"status": {"allocatable": {"example.com/gpu": "1"}}},
            "OutOfexample.com/gpu",
            SHORT.format("example.com/gpu", 2, 0, 1),
        ),
        ({"container": asks(**{"example.com/gpu": "2"})}, {}, "", ""),
        (
            {"container": asks(**{"hugepages-2Mi": "2Mi"})},
            {},
            "OutOfhugepages-2Mi",
            SHORT.format("hugepages-2Mi", 2 << 20, 0, 0),
        ),
        ({"nodeSelector": {"disk": "fast"}}, {}, "NodeAffinity", PREDICATE.format("NodeAffinity", LABELS)),
        (
            {
                "affinity": {
                    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": ELSEWHERE}}
                }
            },
            {},
            "NodeAffinity",
            PREDICATE.format("NodeAffinity", LABELS),
        ),
        (
            {"nodeSelector": {"disk": "fast"}, "container": asks(cpu="5")},
            {},
            "OutOfcpu",
            SHORT.format("cpu", 5000, 0, 4000),
        ),
        (
            {"nodeSelector": {"disk": "fast"}, "container": asks(cpu="5"), "priority": CRITICAL},
            {},
            "NodeAffinity",
            PREDICATE.format("NodeAffinity", LABELS),
        ),
        (
            {},
            {"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}},
            "TaintToleration",
            PREDICATE.format("TaintToleration", "node(s) had taints that the pod didn't tolerate"),
        ),
        ({}, {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}], "unschedulable": True}}, "", ""),
        (
            {"os": {"name": "windows"}},
            {},
            "PodOSNotSupported",
            "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS",
        ),
        ({"os": {"name": "windows"}}, {"metadata": {"labels": {"kubernetes.io/os": "windows"}}}, "", ""),
        (
            {"metadata": {"labels": {"kubernetes.io/os": "windows"}}},
            {},
            "PodOSSelectorNodeLabelDoesNotMatch",
            "Pod was rejected: Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
        ),
        (
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            {},
            "SysctlForbidden",
            'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
        ),
        (GROUPS, {}, "", ""),
        (
            GROUPS,
            {"status": {"features": {"supplementalGroupsPolicy": False}}},
            "SupplementalGroupsPolicyNotSupported",
            "Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node",
        ),
    ],
)
async def test_what_is_refused(spec: Obj, node: Obj, reason: str, message: str) -> None:
    made = await lab(count=1)
    if node:
        await of_node(made, **node)
    assert await told(made, **spec) == (reason, message)
    assert status(made)["phase"] == ("Failed" if reason else "Running")


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80, "protocol": "TCP"}, {"hostPort": 80, "protocol": "UDP"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, True),
    ],
)
async def test_ports_of_the_node_that_are_taken(one: Obj, other: Obj, clash: bool) -> None:
    made = await lab(count=1)
    await pod(made, "first", "node-1", container={"ports": [{"containerPort": 80, **one}]})
    await made.settle()
    text = PREDICATE.format("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    wanted = {"ports": [{"containerPort": 80, **other}]}
    assert await told(made, container=wanted) == (("NodePorts", text) if clash else ("", ""))


async def test_what_has_ended_or_gone_holds_nothing() -> None:
    made = await lab(count=1)
    for name in ("ended", "gone"):
        await pod(made, name, "node-1", container=asks(cpu="2"))
    await made.settle()
    await change(made, "pods", "ended", {"status": {"phase": "Succeeded"}}, "status")
    await made.api.delete("pods", "default", "gone")
    await made.settle(31)
    assert await told(made, container=asks(cpu="4")) == ("", "")


async def test_pods_are_judged_in_the_order_in_which_they_come_and_those_that_wait_hold_nothing() -> None:
    made = await lab(count=1)
    for name, cpu in (("c", "3"), ("b", "2"), ("a", "1")):
        await pod(made, name, "node-1", container=asks(cpu=cpu))
    await made.settle()
    assert phases(made) == {"a": "Running", "b": "Failed", "c": "Running"}


async def test_pods_that_run_are_not_judged_again() -> None:
    made = await lab(count=1)
    await pod(made, "first", "node-1", nodeSelector={"kubernetes.io/os": "linux"}, container=asks(cpu="3"))
    await made.settle()
    await of_node(made, metadata={"labels": {"kubernetes.io/os": None}}, status={"allocatable": {"cpu": "1"}})
    made.manager.reset()
    await made.settle()
    assert phases(made) == {"first": "Running"}
    assert (await told(made, container=asks(cpu="1")))[0] == "OutOfcpu"
    assert made.world.follower(Admitted).room("node-1").used["cpu"] == 3 * 10**9


async def test_pods_that_others_take_care_of_count() -> None:
    made = await lab(count=1)
    await pod(made, "theirs", "node-1", container=asks(cpu="3"))
    await change(made, "pods", "theirs", {"status": {"phase": "Running"}}, "status")
    await made.settle()
    assert (await told(made, container=asks(cpu="2")))[0] == "OutOfcpu"


async def test_of_one_controller_a_pod_is_refused_every_second() -> None:
    made = await lab(count=1)
    for number in range(3):
        await pod(made, f"p{number}", "node-1", metadata={"ownerReferences": [OWNER]}, container=asks(cpu="5"))
    await pod(made, "other", "node-1", container=asks(cpu="5"))
    counts = []
    for seconds in (0, 0.5, 0.5, 1):
        await made.settle(seconds)
        counts.append(list(phases(made).values()).count("Failed"))
    assert counts == [2, 2, 3, 4]


# --- those that matter to the system


async def test_others_are_ended_for_a_pod_that_matters_to_the_system() -> None:
    made = await lab(count=1)
    amounts = {"cpu": "1", "memory": "1Gi"}
    both = {"requests": amounts, "limits": amounts}
    await pod(made, "light", "node-1")
    await pod(made, "small", "node-1", container=asks(cpu="500m"))
    await pod(made, "large", "node-1", container=asks(cpu="1200m"))
    await pod(made, "whole", "node-1", container={"resources": both})
    await pod(made, "system", "node-1", container=asks(cpu="1"), priority=CRITICAL)
    await made.settle()
    assert await told(made, container=asks(cpu="1"), priority=CRITICAL) == ("", "")
    assert {name for name, phase in phases(made).items() if phase == "Failed"} == {"large"}
    found = status(made, "large")
    assert (found["reason"], found["message"]) == ("Preempting", "Preempted in order to admit critical pod")
    assert found["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143
    target = condition(made.get("pods", "large"), "DisruptionTarget")
    assert (target["reason"], target["message"]) == (
        "TerminationByKubelet",
        "Pod was preempted by Kubelet to accommodate a critical pod.",
    )
    (event,) = made.all("events")
    assert (event["type"], event["reason"], event["involvedObject"]["name"]) == ("Warning", "Preempting", "large")


async def test_one_that_matters_is_refused_when_ending_others_does_not_help() -> None:
    made = await lab(count=1)
    await pod(made, "system", "node-1", container=asks(cpu="3"), priority=CRITICAL)
    await pod(made, "usual", "node-1", container=asks(cpu="500m"))
    await made.settle()
    reason, message = await told(made, container=asks(cpu="2"), priority=CRITICAL)
    assert reason == "UnexpectedAdmissionError"
    assert message == (
        "Pod was rejected: Unexpected error while attempting to recover from admission failure: preemption: error "
        "finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]"
    )
    assert phases(made)["usual"] == "Running"


# --- kernel parameters


@pytest.mark.parametrize(
    ("name", "spec", "wrong"),
    [
        ("net.ipv4.tcp_syncookies", {}, ""),
        ("net/ipv4/tcp_syncookies", {}, ""),
        ("net/ipv4/eth0.1/x", {}, '"net.ipv4.eth0/1.x" not allowlisted'),
        (
            "net.ipv4.tcp_syncookies",
            {"hostNetwork": True},
            '"net.ipv4.tcp_syncookies" not allowed with host Net enabled',
        ),
        ("kernel.shm_rmid_forced", {"hostIPC": True}, '"kernel.shm_rmid_forced" not allowed with host IPC enabled'),
        ("kernel.shm_rmid_forced", {"hostNetwork": True}, ""),
    ],
)
def test_kernel_parameters(name: str, spec: Obj, wrong: str) -> None:
    assert forbidden({**spec, "securityContext": {"sysctls": [{"name": name, "value": "1"}]}}) == wrong
