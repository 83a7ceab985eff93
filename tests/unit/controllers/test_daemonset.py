from typing import Any

from fakekube.core.meta import Obj, time_text
from fakekube.nodes import bootstrap
from tests.unit.controllers.labs import change, lab, names, selector, template
from tests.unit.machinery.fakeapi import Lab

SETS = "daemonsets.apps"


async def make_set(made: Lab, **more: Any) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    fields: Obj = {"selector": selector(), "template": template(), "updateStrategy": strategy, **more}
    await made.make(SETS, "DaemonSet", "ds", spec={"revisionHistoryLimit": 10, **fields})


def places(made: Lab) -> list[str]:
    return sorted(each["spec"].get("nodeName", "") for each in made.all("pods"))


def status(made: Lab) -> Obj:
    found = made.get(SETS, "ds")
    assert found is not None
    return dict(found["status"])


async def test_each_node_gets_one_pod_also_those_that_come_later() -> None:
    made = await lab("daemonset", count=2)
    await make_set(made)
    await made.settle()
    assert places(made) == ["node-1", "node-2"]
    assert {
        name: status(made)[name] for name in ("desiredNumberScheduled", "numberAvailable", "numberMisscheduled")
    } == {
        "desiredNumberScheduled": 2,
        "numberAvailable": 2,
        "numberMisscheduled": 0,
    }
    await made.api.create("nodes", "", bootstrap.node(3, time_text(made.clock.now()), "v1.36.0"))
    await made.settle()
    assert places(made) == ["node-1", "node-2", "node-3"]


async def test_nodes_that_are_not_meant_are_left_out_and_their_pods_taken_away() -> None:
    made = await lab("daemonset", count=2)
    await make_set(made, template=template(nodeSelector={"disk": "ssd"}))
    await made.settle()
    assert places(made) == []
    await made.api.patch("nodes", "", "node-2", {"metadata": {"labels": {"disk": "ssd"}}})
    await made.settle()
    assert places(made) == ["node-2"]
    await made.api.patch("nodes", "", "node-2", {"metadata": {"labels": {"disk": None}}})
    await made.settle()
    assert places(made) == []


async def test_a_cordoned_node_gets_its_pod_and_a_tainted_one_does_not() -> None:
    made = await lab("daemonset", count=2)
    await made.api.patch("nodes", "", "node-1", {"spec": {"unschedulable": True}})
    await made.api.patch("nodes", "", "node-2", {"spec": {"taints": [{"key": "t", "effect": "NoSchedule"}]}})
    await make_set(made)
    await made.settle()
    assert places(made) == ["node-1"]


async def test_an_update_takes_so_many_nodes_at_a_time() -> None:
    made = await lab("daemonset", count=3)
    await make_set(made)
    await made.settle()
    await change(made, SETS, "ds", {"spec": {"template": template(container={"image": "app:2"})}})
    least = 3
    while await made.manager.step():
        least = min(least, sum(1 for each in made.all("pods") if each["status"]["phase"] == "Running"))
    assert least == 2
    assert {each["spec"]["containers"][0]["image"] for each in made.all("pods")} == {"app:2"}
    assert status(made)["updatedNumberScheduled"] == 3


async def test_with_surge_the_new_pod_runs_before_the_old_one_goes() -> None:
    made = await lab("daemonset", count=2)
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await make_set(made, updateStrategy=surge)
    await made.settle()
    await change(made, SETS, "ds", {"spec": {"template": template(container={"image": "app:2"})}})
    least, most = 2, 2
    while await made.manager.step():
        count = sum(1 for each in made.all("pods") if each["status"]["phase"] == "Running")
        least, most = min(least, count), max(most, count)
    assert (least, most) == (2, 3)


async def test_a_failed_pod_is_replaced_and_the_next_one_later() -> None:
    made = await lab("daemonset", count=1)
    await make_set(made)
    await made.settle()
    (name,) = names(made)
    await change(made, "pods", name, {"status": {"phase": "Failed"}}, "status")
    await made.settle()
    (second,) = names(made)
    assert second != name
    assert made.told("FailedDaemonPod") == [
        f"Found failed daemon pod default/{name} on node node-1, will try to kill it"
    ]
    await change(made, "pods", second, {"status": {"phase": "Failed"}}, "status")
    await made.settle()
    assert names(made) == [second]
    await made.settle(2)
    assert names(made) != [second]
