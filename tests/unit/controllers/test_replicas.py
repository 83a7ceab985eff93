from typing import Any

from fakekube.core.errors import forbidden
from tests.unit.controllers.labs import change, condition, lab, names, phases, pod, selector, template
from tests.unit.machinery.fakeapi import Lab

SETS = "replicasets.apps"


async def make_set(made: Lab, name: str = "rs", replicas: int = 2, **more: Any) -> None:
    spec = {"replicas": replicas, "selector": selector(), "template": template(), **more}
    await made.make(SETS, "ReplicaSet", name, spec=spec)


def status(made: Lab, name: str = "rs") -> dict[str, Any]:
    found = made.get(SETS, name)
    assert found is not None
    return dict(found["status"])


async def test_pods_are_made_and_counted() -> None:
    made = await lab("replicaset")
    await make_set(made, minReadySeconds=10)
    await made.settle()
    assert (status(made)["readyReplicas"], status(made).get("availableReplicas", 0)) == (2, 0)
    await made.settle(10)
    assert status(made)["availableReplicas"] == 2
    created = [f"Created pod: {name}" for name in names(made)]
    assert sorted(made.told("SuccessfulCreate")) == sorted(created)
    assert all(name.startswith("rs-") for name in names(made))


async def test_a_deleted_pod_is_replaced_at_once_and_one_that_ended_too() -> None:
    made = await lab("replicaset")
    await make_set(made, template=template(annotations={"fakekube/stop-after": "20"}))
    await made.settle()
    gone, *_ = names(made)
    await made.api.delete("pods", "default", gone)
    await made.settle()
    assert len(names(made)) == 3
    assert status(made)["replicas"] == 2
    assert status(made)["terminatingReplicas"] == 1
    await made.settle(20)
    assert len(names(made)) == 2
    await change(made, "pods", names(made)[0], {"status": {"phase": "Failed"}}, "status")
    await made.settle()
    assert sorted(phases(made).values()) == ["Failed", "Running", "Running"]


async def test_scaling_down_takes_pods_that_do_not_run_first() -> None:
    made = await lab("replicaset")
    await pod(made, "stuck", metadata={"labels": {"app": "a"}, "annotations": {"fakekube/start": "never"}})
    await make_set(made, replicas=3)
    await made.settle()
    await change(made, SETS, "rs", {"spec": {"replicas": 2}})
    await made.settle()
    assert "stuck" not in names(made)
    assert made.told("SuccessfulDelete") == ["Deleted pod: stuck"]


async def test_pods_that_no_longer_match_are_let_go_and_those_that_do_are_adopted() -> None:
    made = await lab("replicaset")
    await make_set(made)
    await made.settle()
    one = names(made)[0]
    await change(made, "pods", one, {"metadata": {"labels": {"app": "b"}}})
    await made.settle()
    loose = made.get("pods", one)
    assert loose is not None
    assert "ownerReferences" not in loose["metadata"]
    assert len(names(made)) == 3
    await change(made, "pods", one, {"metadata": {"labels": {"app": "a"}}})
    await made.settle()
    assert len(names(made)) == 2


async def test_what_another_controls_is_left_alone() -> None:
    made = await lab("replicaset")
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u", "controller": True}
    await pod(made, "others", metadata={"labels": {"app": "a"}, "ownerReferences": [other]})
    await make_set(made, replicas=1)
    await made.settle()
    assert len(names(made)) == 2


async def test_a_refusal_is_told_and_tried_again() -> None:
    made = await lab("replicaset")
    made.api.refuse["pods"] = forbidden("", "pods", "rs-x", "exceeded quota: q")
    await make_set(made)
    await made.settle()
    failure = condition(made.get(SETS, "rs"), "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert failure["message"] == 'pods "rs-x" is forbidden: exceeded quota: q'
    assert made.told("FailedCreate")[0] == 'Error creating: pods "rs-x" is forbidden: exceeded quota: q'
    made.api.refuse.clear()
    await made.settle(60)
    assert len(names(made)) == 2
    assert condition(made.get(SETS, "rs"), "ReplicaFailure") == {}


async def test_a_replication_controller_does_the_same() -> None:
    made = await lab("replicationcontroller")
    spec = {"replicas": 2, "selector": {"app": "a"}, "template": template()}
    await made.make("replicationcontrollers", "ReplicationController", "rc", spec=spec)
    await made.settle()
    found = made.get("replicationcontrollers", "rc")
    assert found is not None
    assert found["status"]["availableReplicas"] == 2
    owner = made.all("pods")[0]["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ReplicationController", "rc", True)


async def test_pods_are_made_in_batches_of_which_the_one_that_fails_is_the_last() -> None:
    made = await lab("replicaset", kubelets=False)
    made.api.refuse["pods"], made.api.room["pods"] = forbidden("", "pods", "rs-x", "exceeded quota: q"), 4
    await make_set(made, replicas=12)
    await made.settle()
    assert len(names(made)) == 4
    # One, two and four were tried; of the four one went well, and for those after them it is no use before it is
    # tried again, with one.
    assert -5 <= made.api.room["pods"] <= -3


async def test_a_pod_that_cannot_be_deleted_keeps_no_other() -> None:
    made = await lab("replicaset", kubelets=False)
    await make_set(made, replicas=3)
    await made.settle()
    kept = sorted(made.all("pods"), key=lambda each: str(each["metadata"]["uid"]))[0]["metadata"]["name"]
    made.api.keep[kept] = forbidden("", "pods", kept, "denied")
    await change(made, SETS, "rs", {"spec": {"replicas": 0}})
    await made.settle()
    assert names(made) == [kept]
    failure = condition(made.get(SETS, "rs"), "ReplicaFailure")
    assert (failure["reason"], failure["message"]) == (
        "FailedDelete",
        f'unable to delete pods: pods "{kept}" is forbidden: denied',
    )
    assert made.told("FailedDelete")[0] == f'Error deleting: pods "{kept}" is forbidden: denied'
