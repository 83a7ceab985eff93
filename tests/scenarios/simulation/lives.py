"""Leads lives: a seed, a number of things that happen, and after each of them whether all is as it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

from fakekube.cluster.composition import Cluster
from fakekube.core.errors import StatusError
from fakekube.settings import Settings
from tests.scenarios.simulation.invariants import AT_REST, IN_PEACE, is_broken, is_in_the_way, problems
from tests.scenarios.simulation.objects import CLASS, MADE, NAMESPACE
from tests.scenarios.simulation.operations import LETTER, OPERATIONS, Life

STEPS = 25
NODES = 3
REST_SECONDS = 10.0
"""By the machine's time: a hundred times what it takes."""
PEACE_SECONDS = 1500.0
"""Longer than back-offs, evictions and the deadlines of Jobs take."""


class Broken(AssertionError):
    """An invariant does not hold; says which, and what had happened."""

    def __init__(self, seed: int, found: list[str], trace: list[str]) -> None:
        happened = "\n".join(f"  {number:2} {line}" for number, line in enumerate(trace))
        super().__init__(f"seed {seed}:\n" + "\n".join(found[:5]) + f"\nafter\n{happened}")
        self.seed, self.found, self.trace = seed, found, trace


def settings() -> Settings:
    """What the cluster is that all lives are led in."""
    return Settings(tls=False, dns_port=None, clock="virtual", seed="simulation", nodes=NODES)


async def lead(cluster: Cluster, seed: int, steps: int = STEPS) -> list[str]:
    """One life, from a clean cluster to the end of everything made in it; what happened, a line each."""
    await cluster.reset()
    trace: list[str] = []
    life = Life(cluster, Random(seed))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    await cluster.client.create("namespaces", "", namespace)
    await cluster.client.create("storageclasses.storage.k8s.io", "", CLASS)
    await cluster.settle()
    before = _present(cluster)
    for _ in range(steps):
        await _within(_happen(life, trace), seed, trace)
        await _within(cluster.settle(), seed, trace)
        _check(cluster, seed, trace)
        trace.append(_summary(cluster))
    await _within(_make_peace(life), seed, trace)
    trace.append("peace")
    _check(cluster, seed, trace, IN_PEACE)
    await _within(_end(life), seed, trace)
    trace.append("the end")
    if left := _present(cluster) - before:
        raise Broken(seed, [f"{each} is left" for each in sorted(left)], trace)
    return trace


async def _within(work: Coroutine[Any, Any, None], seed: int, trace: list[str]) -> None:
    try:
        await asyncio.wait_for(work, REST_SECONDS)
    except TimeoutError:
        raise Broken(seed, ["the controllers do not come to rest"], trace) from None
    except AssertionError as fault:
        raise Broken(seed, [str(fault)], trace) from fault


async def _happen(life: Life, trace: list[str]) -> None:
    rows, weights = zip(*OPERATIONS, strict=True)
    while True:
        operation = life.chance.choices(rows, weights)[0]
        try:
            done = await operation(life)
        except StatusError as error:
            done = f"{operation.__name__}: {error.code} {error.reason}"
            if error.code not in (403, 404, 409, 422, 429):
                raise
        if done is not None:
            trace.append(done)
            return


def _check(cluster: Cluster, seed: int, trace: list[str], invariants=AT_REST) -> None:  # type: ignore[no-untyped-def]
    if found := problems(cluster, invariants):
        raise Broken(seed, found, trace)


def _summary(cluster: Cluster) -> str:
    """The pods there are, by which two lives can be told apart."""
    pods = (stored.view for stored in cluster.store.list("pods", NAMESPACE))
    return " ".join(
        f"{pod['metadata']['name']}@{pod['spec'].get('nodeName', '?')}={pod['status']['phase'][:1]}" for pod in pods
    )


async def _make_peace(life: Life) -> None:
    """Nodes speak and take pods, nothing is held, paused or broken; and time passes."""
    for name in sorted(life.cluster.roster.silent):
        await life.nodes.start(name)
    while len(life.cluster.store.list("nodes")) < NODES + 3:
        await life.nodes.add()
    for stored in life.cluster.store.list("nodes"):
        if stored.view["spec"].get("unschedulable"):
            await life.client.patch("nodes", "", stored.key.name, {"spec": {"unschedulable": None}})
    for stored in life.cluster.store.list("resourcequotas", NAMESPACE):
        await life.client.delete("resourcequotas", NAMESPACE, stored.key.name, {})
    for resource, change in _MENDED.items():
        for stored in life.cluster.store.list(resource, NAMESPACE):
            await life.client.patch(resource, NAMESPACE, stored.key.name, change)
    await _release(life)
    await life.cluster.settle()
    pods = [stored.view for stored in life.cluster.store.list("pods", NAMESPACE)]
    broken = {pod["metadata"]["name"].rpartition("-")[0] for pod in pods if is_broken(pod)} | _of_broken_revisions(life)
    for stored in life.cluster.store.list("statefulsets.apps", NAMESPACE):
        if stored.key.name in broken:  # it makes the same pods again and waits for them, as the real one does
            await life.client.delete("statefulsets.apps", NAMESPACE, stored.key.name, {})
    for stored in life.cluster.store.list("pods", NAMESPACE):
        if is_in_the_way(stored.view):
            await life.client.delete("pods", NAMESPACE, stored.key.name, {})
    await life.cluster.advance(PEACE_SECONDS)


def _of_broken_revisions(life: Life) -> set[str]:
    """StatefulSets whose current pods are not there, and would not become ready if they were."""
    current = {
        stored.view["status"].get("currentRevision"): stored.key.name
        for stored in life.cluster.store.list("statefulsets.apps", NAMESPACE)
    }
    revisions = life.cluster.store.list("controllerrevisions.apps", NAMESPACE)
    broken = [stored.key.name for stored in revisions if "fakekube/ready" in str(stored.view["data"])]
    return {current[name] for name in broken if name in current}


_WHOLE = {"spec": {"template": {"metadata": {"annotations": {"fakekube/ready": None}}}}}
_MENDED = {
    "deployments.apps": {
        "metadata": {"annotations": {"deprecated.deployment.rollback.to": None}},
        "spec": {"paused": False, **_WHOLE["spec"]},
    },
    "statefulsets.apps": _WHOLE,
    "daemonsets.apps": _WHOLE,
    "jobs.batch": {"spec": {"suspend": False}},
    "cronjobs.batch": {"spec": {"suspend": True}},
}


async def _release(life: Life) -> None:
    for resource in MADE:
        for stored in life.cluster.store.list(resource, NAMESPACE):
            finalizers = stored.view["metadata"].get("finalizers") or ()
            if LETTER in finalizers:
                kept = [each for each in finalizers if each != LETTER]
                await life.client.patch(resource, NAMESPACE, stored.key.name, {"metadata": {"finalizers": kept}})


async def _end(life: Life) -> None:
    """Delete what was made, then see what is left."""
    for stored in life.cluster.store.list("jobs.batch", NAMESPACE):  # pods, which go first, may be kept for these
        await life.client.delete("jobs.batch", NAMESPACE, stored.key.name, {"propagationPolicy": "Background"})
    await life.client.delete("namespaces", "", NAMESPACE, {})
    await life.cluster.advance(120)


def _present(cluster: Cluster) -> set[str]:
    """What is in the namespace; it goes too."""
    store = cluster.store
    return {
        f"{resource}/{stored.key.namespace}/{stored.key.name}"
        for resource in store.resources()
        for stored in store.list(resource)
        if resource not in ("nodes", "leases.coordination.k8s.io", "events")
    }
