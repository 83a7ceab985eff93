from collections.abc import Callable
from itertools import count

import pytest

from fakekube.core.meta import Obj, time_text
from fakekube.nodes.kubelet import CROWD
from fakekube.storage.values import Event
from tests.unit.controllers.labs import change, condition, lab, phases, pod
from tests.unit.machinery.fakeapi import Lab

READY = "test/ready"


def found(made: Lab, name: str = "p") -> Obj:
    obj = made.get("pods", name)
    assert obj is not None
    return obj


def state(made: Lab, name: str = "p") -> Obj:
    (only,) = found(made, name)["status"]["containerStatuses"]
    return dict(only["state"])


async def test_a_bound_pod_is_taken_on_and_then_runs() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1")
    await made.manager.step()
    while not found(made)["status"].get("containerStatuses"):
        assert await made.manager.step()
    assert phases(made) == {"p": "Pending"}
    assert state(made) == {"waiting": {"reason": "ContainerCreating"}}
    await made.settle()
    running = found(made)["status"]
    assert (running["phase"], running["podIP"], running["hostIP"]) == ("Running", "10.244.1.2", "10.0.0.1")
    assert running["podIPs"] == [{"ip": "10.244.1.2"}]
    assert condition(found(made), "Ready")["status"] == "True"
    assert state(made) == {"running": {"startedAt": time_text(made.clock.now())}}
    assert made.all("events") == []


async def test_pods_of_a_crowd_run_after_one_write_each_though_time_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made = await lab(count=2)
    for number in range(CROWD + 20):
        await pod(made, f"p{number}", schedulerName="default-scheduler", nodeName="" if number % 2 else "node-1")
    monkeypatch.setattr(made.clock, "now", ticking(made.clock.now()))
    phases_told: list[str] = []
    made.store.listen(lambda event: phases_told.append(told_by_kubelet(event)))
    while await made.manager.step():
        pass
    assert set(phases(made).values()) == {"Running"}
    assert phases_told.count("Running") == CROWD + 20
    assert 0 < phases_told.count("Pending") <= CROWD


def ticking(now: float) -> Callable[[], float]:
    """A clock that is never read twice at the same time."""
    ticks = count()
    return lambda: now + next(ticks) * 1e-5


def told_by_kubelet(event: Event) -> str:
    """The phase of a pod that the kubelet has written."""
    status = event.after.view.get("status") if event.key.resource == "pods" and event.after is not None else None
    return str(status["phase"]) if status and status.get("containerStatuses") else ""


async def test_the_kubelet_writes_as_its_node() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1")
    await made.settle()
    assert "system:node:node-1 kubelet" in made.api.users


async def test_pods_of_other_nodes_are_left_alone() -> None:
    made = await lab(count=1)
    await pod(made, "p", "elsewhere")
    await made.settle()
    assert phases(made) == {"p": "Pending"}


async def test_init_containers_have_ended_and_sidecars_run() -> None:
    made = await lab(count=1)
    inits = [{"name": "i", "image": "i"}, {"name": "s", "image": "s", "restartPolicy": "Always"}]
    await pod(made, "p", "node-1", initContainers=inits)
    await made.settle()
    first, second = found(made)["status"]["initContainerStatuses"]
    assert first["state"]["terminated"]["exitCode"] == 0
    assert "running" in second["state"]


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [
        ("Never", "0", "Succeeded"),
        ("Never", "3", "Failed"),
        ("OnFailure", "0", "Succeeded"),
        ("OnFailure", "3", "Running"),
        ("Always", "0", "Running"),
    ],
)
async def test_containers_end_as_annotated(policy: str, code: str, phase: str) -> None:
    made = await lab(count=1)
    notes = {"fakekube/exit-code": code, "fakekube/exit-after": "5"}
    await pod(made, "p", "node-1", metadata={"annotations": notes}, restartPolicy=policy)
    await made.settle(4)
    assert phases(made) == {"p": "Running"}
    assert "running" in state(made)
    await made.settle(1)
    assert phases(made) == {"p": phase}
    if phase == "Running":
        assert state(made)["waiting"]["reason"] == "CrashLoopBackOff"
        (only,) = found(made)["status"]["containerStatuses"]
        assert only["restartCount"] == 1
        assert only["lastState"]["terminated"]["exitCode"] == int(code)
        assert condition(found(made), "Ready")["reason"] == "ContainersNotReady"
    else:
        assert state(made)["terminated"]["exitCode"] == int(code)


async def test_containers_that_never_start_wait_for_their_image() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1", metadata={"annotations": {"fakekube/start": "never"}})
    await made.settle(60)
    assert phases(made) == {"p": "Pending"}
    assert state(made)["waiting"] == {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "app:1"'}


async def test_a_deleted_pod_goes_when_its_containers_have_stopped() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1", metadata={"annotations": {"fakekube/stop-after": "10"}})
    await pod(made, "fast", "node-1")
    await made.settle()
    await made.api.delete("pods", "default", "p")
    await made.api.delete("pods", "default", "fast")
    await made.settle(9)
    assert phases(made) == {"p": "Running"}
    await made.settle(1)
    assert phases(made) == {}


async def test_the_grace_period_is_the_longest_that_stopping_takes() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1", metadata={"annotations": {"fakekube/stop-after": "100"}})
    await made.settle()
    await made.api.delete("pods", "default", "p", {"gracePeriodSeconds": 3})
    await made.settle(2)
    assert phases(made) == {"p": "Running"}
    await made.settle(1)
    assert phases(made) == {}


async def test_finalizers_hold_a_pod_that_has_stopped() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1", metadata={"finalizers": ["test/hold"]})
    await made.settle()
    await made.api.delete("pods", "default", "p")
    await made.settle()
    assert phases(made) == {"p": "Failed"}
    assert state(made)["terminated"]["exitCode"] == 143


async def test_readiness_gates_hold_a_pod_back_until_somebody_says_they_are_met() -> None:
    made = await lab(count=1)
    await pod(made, "p", "node-1", readinessGates=[{"conditionType": READY}])
    await made.settle()
    ready = condition(found(made), "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")
    assert ready["message"] == f'corresponding condition of pod readiness gate "{READY}" does not exist.'
    listed = [*found(made)["status"]["conditions"], {"type": READY, "status": "True"}]
    await change(made, "pods", "p", {"status": {"conditions": listed}}, "status")
    await made.settle()
    assert condition(found(made), "Ready")["status"] == "True"
    assert condition(found(made), READY)["status"] == "True"


async def test_addresses_are_given_in_turn_and_those_of_ended_pods_again() -> None:
    made = await lab(count=1)
    for number in range(3):
        await pod(made, f"p{number}", "node-1")
    await made.settle()
    ips = [found(made, f"p{number}")["status"]["podIP"] for number in range(3)]
    assert sorted(ips) == ["10.244.1.2", "10.244.1.3", "10.244.1.4"]
    await made.api.delete("pods", "default", "p0")
    await made.settle()
    await pod(made, "next", "node-1")
    await pod(made, "host", "node-1", hostNetwork=True)
    await made.settle()
    assert found(made, "next")["status"]["podIP"] == "10.244.1.5"
    assert found(made, "host")["status"]["podIP"] == "10.0.0.1"


async def test_a_pod_without_an_address_waits_for_one() -> None:
    made = await lab(count=1)
    await made.api.patch("nodes", "", "node-1", {"status": {"allocatable": {"pods": "300"}}}, subresource="status")
    for number in range(254):
        await pod(made, f"p{number}", "node-1")
    await made.settle()
    assert sorted(set(phases(made).values())) == ["Pending", "Running"]
    await made.api.delete("pods", "default", "p0")
    await made.api.delete("pods", "default", "p1")
    await made.settle(2)
    assert set(phases(made).values()) == {"Running"}


async def test_leases_are_renewed_every_ten_seconds() -> None:
    made = await lab("node-heartbeat", count=2)
    await made.make("namespaces", "Namespace", "kube-node-lease")
    await made.settle()
    leases = "leases.coordination.k8s.io"
    first = made.get(leases, "node-2", "kube-node-lease")
    assert first is not None
    assert first["spec"]["leaseDurationSeconds"] == 40
    assert first["metadata"]["ownerReferences"][0]["name"] == "node-2"
    await made.settle(9)
    assert made.get(leases, "node-2", "kube-node-lease") == first
    await made.settle(1)
    renewed = made.get(leases, "node-2", "kube-node-lease")
    assert renewed is not None
    assert renewed["spec"]["renewTime"] == "2026-01-01T00:00:10.000000Z"
