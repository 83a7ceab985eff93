"""A kopf operator lives through a day of CronJobs that takes a second by the machine's time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import kopf
import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed=1)

HOURS = 24
LONGEST_SECONDS = 10.0
"""A day takes about one; a busy machine is given more."""


class Diary:
    """An operator that notes each Job that is made and each that ends, and marks what has ended."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.ended: set[str] = set()
        self.watches = threading.Event()
        self.day_is_over = threading.Event()
        self.registry = kopf.OperatorRegistry()
        kopf.on.event("batch", "v1", "cronjobs", registry=self.registry)(self.on_cron_job)
        kopf.on.event("batch", "v1", "jobs", registry=self.registry)(self.on_job)
        kopf.on.field("batch", "v1", "cronjobs", field="status.lastSuccessfulTime", registry=self.registry)(self.on_run)

    def on_cron_job(self, **_: Any) -> None:
        """A CronJob was written."""
        self.watches.set()

    def on_job(self, name: str, status: kopf.Status, **_: Any) -> None:
        """A Job was written."""
        self.made.add(name)
        if any(each["type"] == "Complete" for each in status.get("conditions") or ()):
            self.ended.add(name)
        if len(self.ended) == HOURS:
            self.day_is_over.set()

    def on_run(self, new: str | None, patch: kopf.Patch, **_: Any) -> None:
        """A run of a CronJob has ended well."""
        if new is not None:
            patch.metadata.annotations["example.com/last"] = new


@pytest.fixture
def diary(kube: FakeCluster) -> Iterator[Diary]:
    """The operator, in a thread, until the test is over."""
    found, settings = Diary(), kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.posting.enabled = False

    @kopf.on.login(registry=found.registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=kube.url, token=kube.token)

    stop, ready = threading.Event(), threading.Event()
    work = kopf.operator(
        registry=found.registry, settings=settings, clusterwide=True, standalone=True, stop_flag=stop, ready_flag=ready
    )
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    ready.wait(10)
    try:
        yield found
    finally:
        kube.reset()
        stop.set()
        thread.join()


def cron_job(schedule: str) -> dict[str, Any]:
    container = {"name": "c", "image": "i"}
    template = {
        "metadata": {"annotations": {"fakekube/exit-code": "0", "fakekube/exit-after": "60"}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "hourly"}, "spec": spec}


def test_an_operator_sees_a_day_of_jobs(kube: FakeCluster, diary: Diary) -> None:
    kube.apply(cron_job("0 * * * *"))
    assert diary.watches.wait(10)
    before = time.perf_counter()
    kube.clock.advance(hours=HOURS, seconds=120)
    assert time.perf_counter() - before < LONGEST_SECONDS
    last = kube.get("cronjobs", "hourly")["status"]["lastSuccessfulTime"]
    kube.wait_for("cronjobs/hourly", lambda obj: obj["metadata"].get("annotations", {}).get("example.com/last") == last)
    assert diary.day_is_over.wait(10)
    assert len(diary.made) == len(diary.ended) == HOURS
    assert last.startswith("2026-01-02T00:01")
    kube.settle()
    assert len(kube.list("jobs", "default")) == 3  # the history that a CronJob keeps, whoever writes to it meanwhile
