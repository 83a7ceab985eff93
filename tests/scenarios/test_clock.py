"""The time of a cluster in the test's hands."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed=1)

START = datetime(2026, 1, 1, tzinfo=UTC)
CRON_JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "hourly"},
    "spec": {
        "schedule": "0 * * * *",
        "jobTemplate": {
            "spec": {
                "template": {
                    "metadata": {"annotations": {"fakekube/exit-code": "0", "fakekube/exit-after": "60"}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]},
                }
            }
        },
    },
}


def ask(kube: FakeCluster, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or kube.token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(kube.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_time_stands_still_until_it_is_moved(kube: FakeCluster) -> None:
    before = kube.clock.now()
    made = kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    assert datetime.fromisoformat(made["metadata"]["creationTimestamp"]) == before
    assert kube.clock.advance(90) == before + timedelta(seconds=90)
    assert kube.clock.advance(minutes=1) == before + timedelta(seconds=150)


def test_a_day_of_an_hourly_cron_job(kube: FakeCluster) -> None:
    kube.apply(CRON_JOB)
    kube.clock.advance(days=1)
    assert len(kube.get("cronjobs", "hourly")["status"]["active"]) == 1  # what is due at the day's end has begun
    kube.clock.advance(minutes=10)
    status = kube.get("cronjobs", "hourly")["status"]
    assert datetime.fromisoformat(status["lastScheduleTime"]).minute == 0
    assert datetime.fromisoformat(status["lastSuccessfulTime"]) > kube.clock.now() - timedelta(hours=2)
    jobs = kube.list("jobs", "default")
    assert len(jobs) == 3  # successfulJobsHistoryLimit
    assert all(job["status"]["succeeded"] == 1 for job in jobs)


def test_a_leap_goes_to_the_next_timer(kube: FakeCluster) -> None:
    kube.apply(CRON_JOB)
    before = kube.clock.now()
    after = kube.clock.leap()
    while after is not None and not kube.list("jobs", "default"):
        after = kube.clock.leap()
    assert after is not None
    assert before < after <= before + timedelta(hours=1, minutes=1)


def test_tokens_expire_by_the_clusters_time(kube: FakeCluster) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    _, made = ask(kube, "POST", path, body)
    token = made["status"]["token"]
    assert ask(kube, "GET", "/api/v1/namespaces/default/pods", token=token)[0] == 200
    kube.clock.advance(601)
    assert ask(kube, "GET", "/api/v1/namespaces/default/pods", token=token)[0] == 401


def test_the_control_page_moves_time_too(kube: FakeCluster) -> None:
    _, before = ask(kube, "GET", "/fakekube/clock")
    code, after = ask(kube, "POST", "/fakekube/clock", {"advance": 3600})
    assert (code, after["mode"]) == (200, "virtual")
    passed = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert passed == timedelta(hours=1)
    assert ask(kube, "POST", "/fakekube/settle")[0] == 200
    for wrong in ({}, {"advance": -1}, {"advance": "soon"}, {"leap": False}, []):
        assert ask(kube, "POST", "/fakekube/clock", wrong)[0] == 400
    assert ask(kube, "GET", "/fakekube/clock", token="wrong")[0] == 401


def test_the_control_page_waits_for_the_silence_of_clients(kube: FakeCluster) -> None:
    before = time.perf_counter()
    assert ask(kube, "POST", "/fakekube/settle", {"quiet": 0.05})[0] == 200
    assert time.perf_counter() - before >= 0.05
    code, status = ask(kube, "POST", "/fakekube/settle", {"quiet": 5, "timeout": 0.01})
    assert (code, status["reason"]) == (504, "Timeout")
    for wrong in ([], {"quiet": -1}, {"quiet": True}, {"loud": 1}):
        assert ask(kube, "POST", "/fakekube/settle", wrong)[0] == 400


@pytest.mark.fakekube(clock="wall", tls=False)
def test_the_machines_time_is_not_moved(kube: FakeCluster) -> None:
    with pytest.raises(StatusError, match="keeps the machine's time"):
        kube.clock.advance(1)
    assert ask(kube, "POST", "/fakekube/clock", {"leap": True})[0] == 409
    assert ask(kube, "GET", "/fakekube/clock")[1]["mode"] == "wall"


@pytest.mark.fakekube(clock="auto", tls=False, seed=1)
def test_an_automatic_clock_runs_ahead_by_itself(kube: FakeCluster) -> None:
    kube.apply(CRON_JOB)
    found = kube.wait_for("cronjobs/hourly", lambda obj: "lastSuccessfulTime" in obj.get("status", {}), timeout=20)
    assert found is not None
    assert kube.clock.now() - START >= timedelta(hours=1)


def test_the_same_seed_and_clock_give_the_same_cluster(kube: FakeCluster) -> None:
    from fakekube import FakeCluster

    def run() -> list[dict[str, Any]]:
        with FakeCluster(clock="virtual", seed="again", tls=False, dns_port=None) as cluster:
            cluster.apply(CRON_JOB)
            cluster.clock.advance(hours=3)
            return cluster.list("pods") + cluster.list("events") + cluster.list("jobs")

    assert run() == run()
