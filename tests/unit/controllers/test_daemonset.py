from typing import Any

from fakekube.controllers.daemonset.templates import tolerations
from fakekube.core.errors import forbidden
from fakekube.core.meta import Obj, time_text
from fakekube.nodes import bootstrap
from tests.unit.controllers.labs import change, lab, names, pod, selector, template
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
    (third,) = names(made)
    assert third != second
    await change(made, "pods", third, {"status": {"phase": "Failed"}}, "status")
    await made.settle()
    assert names(made) == [third]
    await change(made, SETS, "ds", {"spec": {"minReadySeconds": 1}})
    await made.settle()
    assert names(made) != [third]  # who has changed it need not wait for what went wrong before


SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


async def test_with_surge_a_pod_on_a_node_that_should_have_none_outlasts_the_update_of_the_others() -> None:
    made = await lab("daemonset", count=2)
    await make_set(made, updateStrategy=SURGE)
    await made.settle()
    await made.api.patch("nodes", "", "node-2", {"spec": {"taints": [{"key": "t", "effect": "NoSchedule"}]}})
    await made.settle()
    assert places(made) == ["node-1", "node-2"]
    await change(made, SETS, "ds", {"spec": {"template": template(container={"image": "app:2"})}})
    await made.settle(60)
    assert places(made) == ["node-1"]


async def test_a_pod_that_has_ended_and_cannot_go_holds_no_place() -> None:
    made = await lab("daemonset", count=1)
    await make_set(made, template=template())
    await made.settle()
    (name,) = names(made)
    await change(made, "pods", name, {"metadata": {"finalizers": ["example.com/hold"]}})
    await change(made, "pods", name, {"status": {"phase": "Failed"}}, "status")
    await made.settle(40)
    assert len(names(made)) == 2
    assert status(made)["numberReady"] == 1


async def test_a_pod_without_a_node_that_is_adopted_is_left_alone() -> None:
    made = await lab("daemonset", count=1, kubelets=False)
    await pod(made, "free")
    await make_set(made)
    await made.settle()
    assert len(names(made)) == 2
    assert (made.get("pods", "free") or {})["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"


async def test_a_refusal_keeps_the_status_up_to_date() -> None:
    made = await lab("daemonset", count=3)
    made.api.refuse["pods"], made.api.room["pods"] = forbidden("", "pods", "ds-x", "exceeded quota: q"), 2
    await make_set(made)
    await made.settle()
    assert (status(made)["desiredNumberScheduled"], status(made)["currentNumberScheduled"]) == (3, 2)
    assert made.told("FailedCreate")[0] == 'Error creating: pods "ds-x" is forbidden: exceeded quota: q'


async def test_old_revisions_go_and_one_that_a_pod_has_counts_too() -> None:
    made = await lab("daemonset", count=1)
    await make_set(made, updateStrategy={"type": "OnDelete"}, revisionHistoryLimit=2)
    await made.settle()
    for number in range(2, 5):
        await change(made, SETS, "ds", {"spec": {"template": template(container={"image": f"app:{number}"})}})
        await made.settle()
    assert sorted(each["revision"] for each in made.all("controllerrevisions.apps")) == [1, 3, 4]


async def test_going_back_to_an_old_template_makes_its_revision_the_newest() -> None:
    made = await lab("daemonset", count=1)
    await make_set(made)
    for image in ("app:1", "app:2", "app:1"):
        await change(made, SETS, "ds", {"spec": {"template": template(container={"image": image})}})
        await made.settle()
    assert sorted(each["revision"] for each in made.all("controllerrevisions.apps")) == [2, 3]


async def test_a_revision_that_an_earlier_owner_left_is_used_until_it_goes() -> None:
    made = await lab("daemonset", count=1)
    await make_set(made)
    await made.settle()
    await made.api.delete(SETS, "default", "ds")
    await make_set(made)
    await made.settle()
    (revision,) = made.all("controllerrevisions.apps")
    assert "collisionCount" not in status(made)
    await made.api.delete("controllerrevisions.apps", "default", revision["metadata"]["name"])
    await made.settle()
    (again,) = made.all("controllerrevisions.apps")
    assert again["metadata"]["name"] == revision["metadata"]["name"]
    assert again["metadata"]["ownerReferences"][0]["uid"] == (made.get(SETS, "ds") or {})["metadata"]["uid"]


def test_a_toleration_that_holds_for_a_while_holds_for_ever_in_a_daemon_pod() -> None:
    brief = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    found = tolerations({"tolerations": [brief, {"key": "mine"}]})
    assert found[:2] == [{name: brief[name] for name in ("key", "operator", "effect")}, {"key": "mine"}]
    assert len(found) == 7
