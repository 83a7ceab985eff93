"""Whatever goes by the time goes by the cluster's."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed=1)

Obj = dict[str, Any]
PODS = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def pod(name: str, annotations: dict[str, str] | None = None, **spec: Any) -> Obj:
    spec = {"containers": [{"name": "c", "image": "i"}], **spec}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": spec,
    }


def job(name: str, **spec: Any) -> Obj:
    ends = {"fakekube/exit-code": "0", "fakekube/exit-after": "60"}
    template = {"metadata": {"annotations": ends}, "spec": pod("", restartPolicy="Never")["spec"]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


@contextmanager
def asked(kube: FakeCluster, path: str, accept: str = "application/json") -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(kube.url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {kube.token}", "Accept": accept})
        yield connection.getresponse()
    finally:
        connection.close()


def is_there(kube: FakeCluster, resource: str, name: str) -> bool:
    return name in {each["metadata"]["name"] for each in kube.list(resource, "default")}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_timestamps(kube: FakeCluster) -> None:
    kube.clock.advance(seconds=100)
    made = kube.create(pod("p"))
    assert moment(made["metadata"]["creationTimestamp"]) == kube.clock.now()
    assert {moment(each["time"]) for each in made["metadata"]["managedFields"]} == {kube.clock.now()}
    kube.clock.advance(seconds=100)
    deleted = kube.delete("pods", "p", gracePeriodSeconds=30)
    assert moment(deleted["metadata"]["deletionTimestamp"]) == kube.clock.now() + timedelta(seconds=30)


def test_the_age_that_is_shown(kube: FakeCluster) -> None:
    kube.create(pod("p"))
    kube.clock.advance(hours=50)
    with asked(kube, PODS, TABLE) as answer:
        table = json.load(answer)
    column = [each["name"] for each in table["columnDefinitions"]].index("Age")
    assert table["rows"][0]["cells"][column] == "2d2h"


def test_a_watch_ends_when_it_was_to_last(kube: FakeCluster) -> None:
    with asked(kube, f"{PODS}?watch=1&timeoutSeconds=300") as answer:
        kube.clock.advance(seconds=299)
        kube.create(pod("p"))
        kube.settle()
        assert kube.stats().streams == 1
        kube.clock.advance(seconds=2)
        assert kube.stats().streams == 0
        assert b'"ADDED"' in answer.read()


def test_a_watch_lasts_an_hour_and_tells_where_it_stands_when_time_stops(kube: FakeCluster) -> None:
    with asked(kube, f"{PODS}?watch=1&allowWatchBookmarks=true") as answer:
        kube.clock.advance(seconds=59)
        kube.clock.advance(minutes=10)
        kube.clock.advance(minutes=60)
        events = [json.loads(line)["type"] for line in answer.read().splitlines()]
    assert events == ["BOOKMARK"] * 2


def test_events_go_after_an_hour(kube: FakeCluster) -> None:
    kube.create(job("once"))
    kube.clock.advance(minutes=59)
    assert {each["reason"] for each in kube.list("events", "default")} >= {"SuccessfulCreate", "Completed"}
    kube.clock.advance(minutes=3)
    assert kube.list("events", "default") == []


def test_an_event_that_is_written_again_stays_an_hour_more(kube: FakeCluster) -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "p"}
    meta = {"name": "e", "namespace": "default"}
    kube.create({"apiVersion": "v1", "kind": "Event", "metadata": meta, "involvedObject": about, "count": 1})
    kube.clock.advance(minutes=50)
    kube.patch("events", "e", {"count": 2})
    kube.clock.advance(minutes=50)
    assert is_there(kube, "events", "e")
    with asked(kube, "/api/v1/namespaces/default/events?watch=1&resourceVersion=0") as answer:
        kube.clock.advance(minutes=11)
        kinds = [json.loads(answer.readline())["type"] for _ in range(2)]
    assert kinds == ["ADDED", "DELETED"]


def test_finished_jobs_go(kube: FakeCluster) -> None:
    kube.create(job("brief", ttlSecondsAfterFinished=7200))
    kube.clock.advance(seconds=7200 + 55)
    assert is_there(kube, "jobs", "brief")
    kube.clock.advance(seconds=10)
    assert not is_there(kube, "jobs", "brief")


def test_jobs_that_take_too_long_fail(kube: FakeCluster) -> None:
    kube.create(job("slow", activeDeadlineSeconds=30))
    kube.clock.advance(seconds=90)
    conditions = {each["type"]: each["reason"] for each in kube.get("jobs", "slow")["status"]["conditions"]}
    assert conditions["Failed"] == "DeadlineExceeded"


def test_containers_that_crash_are_left_alone_for_longer_each_time(kube: FakeCluster) -> None:
    kube.create(pod("crashes", {"fakekube/exit-code": "1", "fakekube/restarts": "true"}))
    counts = []
    for seconds in (9, 2, 20, 40, 80):
        kube.clock.advance(seconds=seconds)
        counts.append(kube.get("pods", "crashes")["status"]["containerStatuses"][0]["restartCount"])
    assert counts == [1, 2, 3, 4, 5]


def test_a_node_that_falls_silent_is_noticed_and_emptied(kube: FakeCluster) -> None:
    kube.create(pod("p"))
    kube.settle()
    node = kube.get("pods", "p")["spec"]["nodeName"]
    kube.nodes.stop(node)

    def ready() -> str:
        conditions = kube.get("nodes", node)["status"]["conditions"]
        return str(next(each["status"] for each in conditions if each["type"] == "Ready"))

    kube.clock.advance(seconds=35)
    assert ready() == "True"
    kube.clock.advance(seconds=30)
    assert ready() == "Unknown"
    assert "deletionTimestamp" not in kube.get("pods", "p")["metadata"]
    kube.clock.advance(seconds=330)  # tolerationSeconds: 300
    assert not is_there(kube, "pods", "p") or "deletionTimestamp" in kube.get("pods", "p")["metadata"]


def test_leases_of_nodes_are_renewed(kube: FakeCluster) -> None:
    kube.clock.advance(days=1)
    lease = kube.get("leases", "node-1", "kube-node-lease")
    assert kube.clock.now() - moment(lease["spec"]["renewTime"]) <= timedelta(seconds=10)


def test_autoscalers_look_every_quarter_of_a_minute(kube: FakeCluster) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod("")["spec"]}
    spec: Obj = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    kube.settle()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 5}
    meta = {"name": "web"}
    kube.create({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec})
    kube.clock.advance(seconds=16)
    assert kube.get("deployments", "web")["spec"]["replicas"] == 3
