"""A kopf operator in the cluster's time: a day of its own timers and of a CronJob takes a second by the machine's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import kopf
import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed=1)

HOUR_SECONDS = 3600
LONGEST_SECONDS = 10.0
"""A day takes less than one; a busy machine is given more."""


class Operator:
    """Looks at each CronJob every hour, and notes it there; and notes for itself which Jobs have ended."""

    def __init__(self) -> None:
        self.looks: list[datetime] = []
        self.ended: set[str] = set()
        self.registry = kopf.OperatorRegistry()
        kopf.timer("batch", "v1", "cronjobs", interval=HOUR_SECONDS, registry=self.registry)(self.look)
        kopf.on.event("batch", "v1", "jobs", registry=self.registry)(self.see)

    async def look(self, patch: kopf.Patch, **_: Any) -> None:
        """The timer."""
        self.looks.append(self.now())
        patch.metadata.annotations["example.com/looks"] = str(len(self.looks))

    async def see(self, name: str, status: kopf.Status, **_: Any) -> None:
        """A Job was written."""
        if any(each["type"] == "Complete" for each in status.get("conditions") or ()):
            self.ended.add(name)

    def now(self) -> datetime:
        """What time it is for the operator."""
        return datetime.fromtimestamp(asyncio.get_running_loop().time(), UTC)


@pytest.fixture
def operator(kube: FakeCluster) -> Iterator[Operator]:
    """It runs in a thread of its own, in a loop of the cluster's time."""
    found, settings = Operator(), kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.watching.inactivity_timeout = 86_400  # its default, 70 seconds, would be one more timer to be met

    @kopf.on.login(registry=found.registry)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=kube.url, token=kube.token)

    stop = asyncio.Event()  # for a threading.Event one more thread would wait
    ready = threading.Event()
    loop = kube.clock.loop()

    def run() -> None:
        work = kopf.operator(
            registry=found.registry,
            settings=settings,
            clusterwide=True,
            standalone=True,
            stop_flag=stop,
            ready_flag=ready,
        )
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(work)

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    yield found
    loop.call_soon_threadsafe(stop.set)
    thread.join()


def cron_job() -> dict[str, Any]:
    template = {
        "metadata": {"annotations": {"fakekube/exit-code": "0", "fakekube/exit-after": "60"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]},
    }
    spec = {"schedule": "30 * * * *", "jobTemplate": {"spec": {"template": template}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "half-past"}, "spec": spec}


def test_a_day_of_timers_and_of_a_cron_job(kube: FakeCluster, operator: Operator) -> None:
    kube.settle()
    start = kube.clock.now()
    before = time.perf_counter()
    kube.apply(cron_job())
    kube.clock.advance(hours=24, minutes=15)
    assert time.perf_counter() - before < LONGEST_SECONDS
    assert len(operator.ended) == 24
    after = [round((look - start).total_seconds() / HOUR_SECONDS, 2) for look in operator.looks]
    assert after == [float(hour) for hour in range(25)]
    assert kube.get("cronjobs", "half-past")["metadata"]["annotations"]["example.com/looks"] == "25"


@pytest.mark.fakekube(clock="wall", tls=False)
def test_silence_of_the_operator_is_waited_for(kube: FakeCluster, operator: Operator) -> None:
    kube.apply(cron_job())
    kube.settle(quiet=0.3)
    assert kube.get("cronjobs", "half-past")["metadata"]["annotations"]["example.com/looks"] == "1"
