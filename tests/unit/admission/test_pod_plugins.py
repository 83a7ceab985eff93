"""What admission adds to pods, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.admission.chain import UPDATE
from fakekube.admission.plugins.default_tolerations import DefaultTolerationSeconds
from fakekube.admission.plugins.limit_ranger import LimitRanger
from fakekube.admission.plugins.pod_resize import PodResize
from fakekube.admission.plugins.pod_topology_labels import PodTopologyLabels
from fakekube.admission.plugins.priority import CLASSES as PRIORITY_CLASSES
from fakekube.admission.plugins.priority import Priority
from fakekube.admission.plugins.runtime_class import CLASSES as RUNTIME_CLASSES
from fakekube.admission.plugins.runtime_class import RuntimeClass, merged
from fakekube.admission.plugins.service_account import ServiceAccount
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from tests.unit.admission.conftest import NAMESPACE, World, asks, attributes_of, pod

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


async def admitted(world: World, plugin: Any, **spec: Any) -> Obj:
    found: Obj = (await world.run(plugin, attributes_of("pods", pod(**spec))))["spec"]
    return found


async def refused(world: World, plugin: Any, obj: Obj | None = None, **spec: Any) -> str:
    with pytest.raises(StatusError) as caught:
        await world.run(plugin, attributes_of("pods", obj or pod(**spec)))
    assert caught.value.code == 403
    return caught.value.message


# --- service accounts


async def test_a_pod_runs_as_the_default_account_and_mounts_its_token(world: World) -> None:
    await world.put("serviceaccounts", "default", NAMESPACE)
    spec = await admitted(world, ServiceAccount())
    (volume,) = spec["volumes"]
    assert spec["serviceAccountName"] == "default"
    assert volume["name"].startswith("kube-api-access-")
    assert [next(iter(source)) for source in volume["projected"]["sources"]] == [
        "serviceAccountToken",
        "configMap",
        "downwardAPI",
    ]
    mount = {"name": volume["name"], "readOnly": True, "mountPath": TOKEN_PATH}
    assert spec["containers"][0]["volumeMounts"] == [mount]


@pytest.mark.parametrize(
    ("account", "own", "mounted"), [(False, None, False), (False, True, True), (True, False, False)]
)
async def test_the_pods_word_on_mounting_counts_first(
    world: World, account: bool, own: bool | None, mounted: bool
) -> None:
    await world.put("serviceaccounts", "default", NAMESPACE, automountServiceAccountToken=account)
    spec = await admitted(world, ServiceAccount(), **({} if own is None else {"automountServiceAccountToken": own}))
    assert ("volumes" in spec) is mounted


async def test_a_mount_of_ones_own_is_left_alone(world: World) -> None:
    await world.put("serviceaccounts", "default", NAMESPACE)
    containers = [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": TOKEN_PATH}]}]
    assert "volumes" not in await admitted(world, ServiceAccount(), containers=containers)


async def test_an_account_that_is_not_there(world: World) -> None:
    assert await refused(world, ServiceAccount(), serviceAccountName="a") == (
        'pods "x" is forbidden: error looking up service account ns/a: serviceaccount "a" not found'
    )


async def test_secrets_for_pulling_come_from_the_account(world: World) -> None:
    await world.put("serviceaccounts", "default", NAMESPACE, imagePullSecrets=[{"name": "s"}])
    assert (await admitted(world, ServiceAccount()))["imagePullSecrets"] == [{"name": "s"}]
    assert (await admitted(world, ServiceAccount(), imagePullSecrets=[{"name": "t"}]))["imagePullSecrets"] == [
        {"name": "t"}
    ]


async def test_a_mirror_pod_leans_on_nothing(world: World) -> None:
    mirror = pod(serviceAccountName="a")
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert (await refused(world, ServiceAccount(), mirror)).endswith("a mirror pod may not reference service accounts")


# --- priority


async def test_a_pod_without_a_class_has_priority_zero(world: World) -> None:
    spec = await admitted(world, Priority())
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")


async def test_a_class_gives_its_value(world: World) -> None:
    await world.put(PRIORITY_CLASSES, "high", value=7, preemptionPolicy="Never")
    spec = await admitted(world, Priority(), priorityClassName="high")
    assert (spec["priority"], spec["preemptionPolicy"]) == (7, "Never")
    assert (await refused(world, Priority(), priorityClassName="none")).endswith(
        "no PriorityClass with name none was found"
    )
    assert "the integer value of priority (3) must not be provided in pod spec" in await refused(
        world, Priority(), priorityClassName="high", priority=3
    )


async def test_there_is_one_default_class(world: World) -> None:
    await world.put(PRIORITY_CLASSES, "usual", value=5, globalDefault=True)
    assert (await admitted(world, Priority()))["priorityClassName"] == "usual"
    other = {"metadata": {"name": "other"}, "value": 1, "globalDefault": True}
    with pytest.raises(StatusError, match="PriorityClass usual is already marked as default"):
        await world.run(Priority(), attributes_of(PRIORITY_CLASSES, other, name="other"))


# --- tolerations


async def test_pods_stay_five_minutes_on_a_lost_node(world: World) -> None:
    spec = await admitted(world, DefaultTolerationSeconds())
    assert [(each["key"], each["tolerationSeconds"]) for each in spec["tolerations"]] == [
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    ]


async def test_who_tolerates_already_is_left_alone(world: World) -> None:
    everything = [{"operator": "Exists"}]
    assert (await admitted(world, DefaultTolerationSeconds(), tolerations=everything))["tolerations"] == everything


# --- limit ranges


async def limits(world: World, **limit: Any) -> None:
    await world.put("limitranges", "l", NAMESPACE, spec={"limits": [{"type": "Container", **limit}]})


async def test_defaults_of_a_limit_range_are_filled_in_and_told(world: World) -> None:
    await limits(world, default={"cpu": "1"}, defaultRequest={"cpu": "500m"})
    obj = await world.run(LimitRanger(), attributes_of("pods", pod()))
    assert obj["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "500m"}}
    assert obj["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    }


@pytest.mark.parametrize(
    ("limit", "resources", "fault"),
    [
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "maximum cpu usage per Container is 1, but limit is 2"),
        (
            {"min": {"cpu": "1"}},
            {"requests": {"cpu": "500m"}},
            "minimum cpu usage per Container is 1, but request is 500m",
        ),
        ({"max": {"cpu": "1"}}, {}, "maximum cpu usage per Container is 1.  No limit is specified"),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"limits": {"cpu": "3"}, "requests": {"cpu": "1"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
    ],
)
async def test_bounds_of_a_limit_range(world: World, limit: Obj, resources: Obj, fault: str) -> None:
    await limits(world, **limit)
    assert fault in await refused(world, LimitRanger(), containers=[{"name": "c", "resources": resources}])


async def test_a_pod_is_not_judged_again_when_it_changes(world: World) -> None:
    await limits(world, max={"cpu": "1"})
    assert not asks(LimitRanger(), attributes_of("pods", pod(), UPDATE, old=pod()))


# --- runtime classes


async def test_a_runtime_class_adds_its_overhead_and_place(world: World) -> None:
    scheduling = {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "k", "operator": "Exists"}]}
    await world.put(RUNTIME_CLASSES, "r", overhead={"podFixed": {"cpu": "1"}}, scheduling=scheduling)
    spec = await admitted(world, RuntimeClass(), runtimeClassName="r", nodeSelector={"c": "d"})
    assert spec["overhead"] == {"cpu": "1"}
    assert spec["nodeSelector"] == {"a": "b", "c": "d"}
    assert spec["tolerations"] == scheduling["tolerations"]
    assert "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c" in await refused(
        world, RuntimeClass(), runtimeClassName="r", nodeSelector={"a": "c"}
    )
    assert (await refused(world, RuntimeClass(), overhead={"cpu": "1"})).endswith(
        "Pod Overhead set without corresponding RuntimeClass defined Overhead"
    )


def test_tolerations_that_others_cover_go() -> None:
    every, one = {"operator": "Exists"}, {"key": "a", "operator": "Equal", "value": "b"}
    assert merged([one, every]) == [every]
    assert merged([one, one]) == [one]
    other = {**one, "value": "c"}
    assert merged([one, other]) == [one, other]


# --- nodes


async def test_a_bound_pod_shows_where_its_node_is(world: World) -> None:
    zone = {"topology.kubernetes.io/zone": "z", "other": "o"}
    await world.put("nodes", "n", metadata={"labels": zone})
    obj = await world.run(PodTopologyLabels(), attributes_of("pods", pod(nodeName="n")))
    assert obj["metadata"]["labels"] == {"topology.kubernetes.io/zone": "z"}


async def test_a_pod_does_not_outgrow_its_node(world: World) -> None:
    await world.put("nodes", "n", status={"allocatable": {"cpu": "2", "memory": "1Gi"}})
    small, big = (
        pod(nodeName="n", containers=[{"name": "c", "resources": {"requests": {"cpu": cpu}}}]) for cpu in ("1", "3")
    )
    attributes = attributes_of("pods", small, UPDATE, old=big, subresource="resize")
    assert await world.run(PodResize(), attributes) == small
    with pytest.raises(StatusError, match="cpu, requested: 3000, allocatable: 2000"):
        await world.run(PodResize(), attributes_of("pods", big, UPDATE, old=small, subresource="resize"))
