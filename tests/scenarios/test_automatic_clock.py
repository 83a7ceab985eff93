"""A time that runs ahead by itself, as clients over HTTP see it: they wait for nothing, and miss nothing."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="auto", tls=False, seed=1)

EVERY_SECONDS = 0.1
LONGEST_SECONDS = 20.0
"""A state comes within a second; a busy machine is given more."""
JOBS = "/apis/batch/v1/namespaces/default/jobs"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"

Obj = dict[str, Any]


class Client:
    """Asks over HTTP, and asks again and again for what it waits for, as scripts do."""

    def __init__(self, kube: FakeCluster) -> None:
        self.kube = kube
        self.connection = http.client.HTTPConnection(kube.url.removeprefix("http://"))

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Obj]:
        headers = {"Authorization": f"Bearer {self.kube.token}", "Content-Type": kind}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def make(self, path: str, obj: Obj) -> Obj:
        code, made = self.ask("POST", path, obj)
        assert code == 201, made
        return made

    def until(self, path: str, test: Callable[[int, Obj], Any]) -> list[Obj]:
        """All that was seen on the way to what was waited for."""
        end, seen = time.monotonic() + LONGEST_SECONDS, []
        while time.monotonic() < end:
            code, found = self.ask("GET", path)
            seen.append(found)
            if test(code, found):
                return seen
            time.sleep(EVERY_SECONDS)
        raise AssertionError(f"waited in vain: {seen[-1]}")

    def now(self) -> datetime:
        return self.kube.clock.now()


@pytest.fixture
def client(kube: FakeCluster) -> Client:
    return Client(kube)


def pod_spec(**more: Any) -> Obj:
    return {"containers": [{"name": "c", "image": "i"}], **more}


def job(name: str, annotations: dict[str, str], **spec: Any) -> Obj:
    template = {"metadata": {"annotations": annotations}, "spec": pod_spec(restartPolicy="Never")}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def deployment(name: str, annotations: dict[str, str], **spec: Any) -> Obj:
    labels = {"app": name}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod_spec()}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def holds(obj: Obj, kind: str, status: str = "True") -> bool:
    conditions = obj.get("status", {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == status for each in conditions)


def test_a_job_is_seen_to_run_to_end_and_to_go(client: Client) -> None:
    before = client.now()
    ends = {"fakekube/exit-code": "0", "fakekube/exit-after": "600"}
    client.make(JOBS, job("brief", ends, ttlSecondsAfterFinished=3600))
    path = f"{JOBS}/brief"
    client.until(path, lambda _, obj: obj["status"].get("ready") == 1)
    client.until(path, lambda _, obj: holds(obj, "Complete"))
    client.until(path, lambda code, _: code == 404)
    assert 4200 <= (client.now() - before).total_seconds() < 5000


def test_back_offs_are_waited_out(client: Client) -> None:
    before = client.now()
    client.make(JOBS, job("bad", {"fakekube/exit-code": "1"}, backoffLimit=3))
    seen = client.until(f"{JOBS}/bad", lambda _, obj: holds(obj, "Failed"))
    assert [count for count in range(5) if any(each["status"].get("failed") == count for each in seen)] == [1, 2, 3, 4]
    assert (client.now() - before).total_seconds() >= 10 + 20 + 40


def test_a_deployment_that_makes_no_progress_says_so_in_the_end(client: Client) -> None:
    client.make(DEPLOYMENTS, deployment("stuck", {"fakekube/ready": "false"}))
    seen = client.until(f"{DEPLOYMENTS}/stuck", lambda _, obj: holds(obj, "Progressing", "False"))
    assert holds(seen[0], "Progressing") or not seen[0]["status"].get("conditions")


def test_ready_is_seen_before_available(client: Client) -> None:
    client.make(DEPLOYMENTS, deployment("slow", {}, minReadySeconds=300))
    path = f"{DEPLOYMENTS}/slow"
    ready = client.until(path, lambda _, obj: obj["status"].get("readyReplicas") == 2)[-1]
    assert ready["status"].get("availableReplicas") is None
    client.until(path, lambda _, obj: obj["status"].get("availableReplicas") == 2)


def test_a_pod_that_stops_slowly_is_seen_to_stop(client: Client) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "slow"}, "spec": pod_spec()}
    pod["metadata"]["annotations"] = {"fakekube/stop-after": "20"}
    client.make(PODS, pod)
    client.until(f"{PODS}/slow", lambda _, obj: obj["status"].get("phase") == "Running")
    assert client.ask("DELETE", f"{PODS}/slow")[0] == 200
    assert "deletionTimestamp" in client.ask("GET", f"{PODS}/slow")[1]["metadata"]
    client.until(f"{PODS}/slow", lambda code, _: code == 404)


def test_a_taint_evicts_when_the_toleration_is_over(client: Client) -> None:
    client.make("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "far"}})
    toleration = {"key": "leave", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    spec = pod_spec(nodeName="far", tolerations=[toleration])
    client.make(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "later"}, "spec": spec})
    taints = {"spec": {"taints": [{"key": "leave", "effect": "NoExecute"}]}}
    client.ask("PATCH", "/api/v1/nodes/far", taints, "application/merge-patch+json")
    assert "deletionTimestamp" not in client.ask("GET", f"{PODS}/later")[1]["metadata"]
    client.until(f"{PODS}/later", lambda code, obj: code == 404 or "deletionTimestamp" in obj["metadata"])


def test_an_hourly_cron_job_runs_while_one_waits(client: Client) -> None:
    template = job("", {"fakekube/exit-code": "0", "fakekube/exit-after": "60"})["spec"]
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": template}}
    obj = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "hourly"}, "spec": spec}
    path = "/apis/batch/v1/namespaces/default/cronjobs"
    client.make(path, obj)
    client.until(f"{path}/hourly", lambda _, obj: "lastSuccessfulTime" in obj.get("status", {}))


def test_what_comes_next_year_is_far_away(client: Client) -> None:
    before = client.now()
    template = job("", {"fakekube/exit-code": "0"})["spec"]
    spec = {"schedule": "0 0 1 12 *", "jobTemplate": {"spec": template}}
    obj = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "yearly"}, "spec": spec}
    client.make("/apis/batch/v1/namespaces/default/cronjobs", obj)
    time.sleep(0.5)
    assert client.ask("GET", JOBS)[1]["items"] == []
    assert client.now() > before


def test_a_watch_that_nothing_happens_to_ends_by_the_machines_time(client: Client) -> None:
    before, begin = client.now(), time.monotonic()
    client.connection.request(
        "GET", f"{PODS}?watch=true&timeoutSeconds=1", headers={"Authorization": f"Bearer {client.kube.token}"}
    )
    assert client.connection.getresponse().read() == b""
    assert 0.5 < time.monotonic() - begin < LONGEST_SECONDS
    assert 1 <= (client.now() - before).total_seconds() < 60


def test_in_this_process_too_nothing_is_missed(kube: FakeCluster) -> None:
    kube.create(job("brief", {"fakekube/exit-code": "0", "fakekube/exit-after": "60"}, ttlSecondsAfterFinished=60))
    kube.wait_for("jobs/brief", "condition=Complete")
    assert kube.get("jobs", "brief")["status"]["succeeded"] == 1
    kube.wait_for("jobs/brief", "delete")
