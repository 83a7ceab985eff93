from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, lab, pod
from tests.unit.machinery.fakeapi import Lab

QUOTAS = "resourcequotas"


async def make(made: Lab, hard: dict[str, str], **spec: object) -> None:
    await made.make(QUOTAS, "ResourceQuota", "q", spec={"hard": hard, **spec})


def status(made: Lab) -> Obj:
    found = made.get(QUOTAS, "q")
    assert found is not None
    return dict(found.get("status") or {})


async def test_what_is_there_is_counted_and_followed() -> None:
    made = await lab("resourcequota", count=1)
    hard = {"pods": "5", "requests.cpu": "4", "secrets": "3", "count/deployments.apps": "1", "unknown.io/x": "1"}
    await pod(made, "p", container={"resources": {"requests": {"cpu": "250m"}}})
    await make(made, hard)
    await made.settle()
    counted = {"pods": "1", "requests.cpu": "250m", "secrets": "0", "count/deployments.apps": "0"}
    assert status(made) == {"hard": hard, "used": counted}
    await made.make("secrets", "Secret", "s")
    await made.make("secrets", "Secret", "s", "elsewhere")
    await change(made, "pods", "p", {"status": {"phase": "Succeeded"}}, "status")
    await made.settle()
    assert status(made)["used"] == {**counted, "pods": "0", "requests.cpu": "0", "secrets": "1"}
    await made.api.delete("secrets", "default", "s")
    await change(made, QUOTAS, "q", {"spec": {"hard": {"pods": None, "requests.cpu": None}}})
    await made.settle()
    assert status(made)["used"] == {"secrets": "0", "count/deployments.apps": "0"}


async def test_scopes_leave_pods_out() -> None:
    made = await lab("resourcequota", count=1)
    await make(made, {"pods": "5"}, scopes=["BestEffort"])
    await pod(made, "plain")
    await pod(made, "asks", container={"resources": {"requests": {"cpu": "1"}}})
    await made.settle()
    assert status(made)["used"] == {"pods": "1"}


async def test_what_was_charged_for_nothing_is_given_back() -> None:
    made = await lab("resourcequota", count=1)
    await make(made, {"pods": "5"})
    await made.settle()
    await change(made, QUOTAS, "q", {"status": {"used": {"pods": "3"}}}, "status")
    await made.settle(10)
    assert status(made)["used"] == {"pods": "3"}
    await made.settle(300)
    assert status(made)["used"] == {"pods": "0"}


async def test_a_pod_that_cannot_be_stopped_is_given_up_on() -> None:
    made = await lab("resourcequota", count=1)
    await make(made, {"pods": "5"})
    await pod(made, "p", "elsewhere")
    await made.settle()
    await made.api.delete("pods", "default", "p")
    await made.settle(59)
    assert status(made)["used"] == {"pods": "1"}
    await made.settle(3)
    assert status(made)["used"] == {"pods": "0"}
