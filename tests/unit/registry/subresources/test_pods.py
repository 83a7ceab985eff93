"""Bindings and evictions: what decides about them, and what they do to the pod."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.access.authentication import Authenticator
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry.incoming import Body
from fakekube.registry.request import Outcome, Request
from fakekube.registry.subresources.pods import (
    binding_faults,
    bound,
    check_budget,
    needs_no_budget,
    set_condition,
    unhealthy_may_go,
)
from fakekube.registry.verbs import Registry
from tests.unit.registry.kinds.conftest import NAMESPACE, SCHEME, Api

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
SPEC: Obj = {"containers": [{"name": "c", "image": "i"}]}
BUDGETS = "poddisruptionbudgets.policy"


def binding(node: str = "n", **target: Any) -> Obj:
    return {"metadata": {"name": "x", "namespace": NAMESPACE}, "target": {"kind": "Node", "name": node, **target}}


def pod(**spec: Any) -> Obj:
    return {"metadata": {"name": "x", "namespace": NAMESPACE}, "spec": {**spec}, "status": {"phase": "Pending"}}


def budget(spec: Obj | None = None, generation: int = 1, **status: Any) -> Obj:
    found = {"observedGeneration": 1, "desiredHealthy": 1, "currentHealthy": 1, "disruptionsAllowed": 0, **status}
    return {"metadata": {"name": "b", "generation": generation}, "spec": spec or {}, "status": found}


def test_a_condition_keeps_its_time_while_it_stays_true() -> None:
    status: Obj = {}
    for time, truth in ((NOW, "True"), (LATER, "True")):
        set_condition(status, {"type": "T", "status": truth}, time)
        assert status["conditions"][0]["lastTransitionTime"] == NOW
    set_condition(status, {"type": "T", "status": "False"}, LATER)
    assert status["conditions"] == [
        {"type": "T", "status": "False", "lastProbeTime": None, "lastTransitionTime": LATER}
    ]


def test_what_is_wrong_with_a_binding() -> None:
    assert [str(each) for each in binding_faults(binding("", kind="Pod"))] == [
        'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
        "target.name: Required value",
    ]


def test_a_bound_pod() -> None:
    found = bound(pod(), {**binding(), "metadata": {"annotations": {"a": "b"}, "labels": {"c": "d"}}}, NOW)
    assert found["spec"]["nodeName"] == "n"
    assert (found["metadata"]["annotations"], found["metadata"]["labels"]) == ({"a": "b"}, {"c": "d"})
    assert found["status"]["conditions"][0]["type"] == "PodScheduled"


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"nodeName": "m"}, 'pod x is already assigned to node "m"'),
        ({"schedulingGates": [{"name": "g"}]}, "pod x has non-empty .spec.schedulingGates"),
    ],
)
def test_a_pod_that_cannot_be_bound(spec: Obj, fault: str) -> None:
    with pytest.raises(StatusError) as caught:
        bound(pod(**spec), binding(), NOW)
    assert caught.value.code == 409
    assert caught.value.message.endswith(fault)


def test_who_needs_no_budget() -> None:
    running = {**pod(), "status": {"phase": "Running"}}
    assert not needs_no_budget(running)
    assert needs_no_budget(pod())
    assert needs_no_budget({**running, "metadata": {"deletionTimestamp": NOW}})


def test_when_a_pod_that_is_not_ready_may_go() -> None:
    assert unhealthy_may_go(budget())
    assert not unhealthy_may_go(budget(currentHealthy=0))
    assert not unhealthy_may_go(budget(desiredHealthy=0))
    assert unhealthy_may_go(budget({"unhealthyPodEvictionPolicy": "AlwaysAllow"}, currentHealthy=0))


@pytest.mark.parametrize(
    ("found", "code", "told"),
    [
        (budget(), 429, "The disruption budget b needs 1 healthy pods and has 1 currently"),
        (budget(generation=2), 429, "The disruption budget b is still being processed by the server."),
        (budget(disruptionsAllowed=-1), 403, "pdb disruptions allowed is negative"),
        (
            budget(disruptionsAllowed=1, disruptedPods={str(number): NOW for number in range(2001)}),
            403,
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        ),
    ],
)
def test_a_budget_that_allows_nothing(found: Obj, code: int, told: str) -> None:
    with pytest.raises(StatusError) as caught:
        check_budget(found)
    causes = (caught.value.details or {}).get("causes") or [{"message": caught.value.message}]
    assert caught.value.code == code
    assert causes[0]["message"].endswith(told)


@pytest.fixture
def api() -> Api:
    return Api()


async def post(api: Api, subresource: str, obj: Obj) -> Outcome:
    """Post to the pod called x."""
    resource = SCHEME.stored("pods")
    assert resource is not None
    request = Request("create", resource, NAMESPACE, "x", subresource=subresource)
    return await Registry(api.backend, Authenticator(api.clock, b"secret")).create(request, Body(obj, b""))


async def evict(api: Api, **options: Any) -> None:
    metadata = {"name": "x", "namespace": NAMESPACE}
    await post(api, "eviction", {"metadata": metadata, **({"deleteOptions": options} if options else {})})


async def running(api: Api) -> None:
    """A pod on a node that is ready."""
    await api.make("pods", metadata={"labels": {"a": "b"}}, spec=SPEC)
    await post(api, "binding", binding())
    conditions = [{"type": "Ready", "status": "True"}]
    await api.change("pods", subresource="status", status={"phase": "Running", "conditions": conditions})


async def guarded(api: Api, allowed: int) -> None:
    """A budget for that pod."""
    await api.make(BUDGETS, "b", spec={"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}})
    status = budget(disruptionsAllowed=allowed, expectedPods=1)["status"]
    await api.change(BUDGETS, "b", subresource="status", status=status)


async def test_a_pod_is_bound_once(api: Api) -> None:
    await api.make("pods", spec=SPEC)
    outcome = await post(api, "binding", binding())
    assert (outcome.code, outcome.obj["status"]) == (201, "Success")
    assert (await api.get("pods", NAMESPACE, "x"))["spec"]["nodeName"] == "n"
    with pytest.raises(StatusError, match="is already assigned to node"):
        await post(api, "binding", binding("m"))


async def test_an_evicted_pod_says_why_it_goes(api: Api) -> None:
    await running(api)
    await evict(api)
    found = await api.get("pods", NAMESPACE, "x")
    assert found["metadata"]["deletionGracePeriodSeconds"] == 30
    assert found["status"]["conditions"][-1]["type"] == "DisruptionTarget"


async def test_a_budget_is_used_up(api: Api) -> None:
    await running(api)
    await guarded(api, allowed=1)
    await evict(api)
    status = (await api.get(BUDGETS, NAMESPACE, "b"))["status"]
    assert status["disruptionsAllowed"] == 0
    assert list(status["disruptedPods"]) == ["x"]


async def test_a_budget_without_room_keeps_the_pod(api: Api) -> None:
    await running(api)
    await guarded(api, allowed=0)
    with pytest.raises(StatusError) as caught:
        await evict(api)
    assert (caught.value.code, caught.value.reason) == (429, "TooManyRequests")
    assert "deletionTimestamp" not in (await api.get("pods", NAMESPACE, "x"))["metadata"]


async def test_an_eviction_that_is_tried_only_changes_nothing(api: Api) -> None:
    await running(api)
    await guarded(api, allowed=1)
    before = await api.get("pods", NAMESPACE, "x")
    await evict(api, dryRun=["All"])
    assert await api.get("pods", NAMESPACE, "x") == before
    assert (await api.get(BUDGETS, NAMESPACE, "b"))["status"]["disruptionsAllowed"] == 1


async def test_two_budgets_are_too_many(api: Api) -> None:
    await running(api)
    for name in ("b", "c"):
        await api.make(BUDGETS, name, spec={"minAvailable": 0, "selector": {"matchLabels": {"a": "b"}}})
    with pytest.raises(StatusError) as caught:
        await evict(api)
    assert caught.value.code == 500
    assert caught.value.message.startswith("This pod has more than one PodDisruptionBudget")
