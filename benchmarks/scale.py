"""How costs grow: the same done at three sizes, each twice the one before. Linear growth shows as equal figures per
object; the growth that is told is the last size's time per object by the first one's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import objects
from processes import Server, fakekube, generate, message
from rows import Row

PARTS = (4, 2, 1)
QUICKER = 4
"""By how much the sizes are smaller when everything is measured."""
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
POLL_SECONDS = 0.02
PATIENCE = 10
LONGEST_PAUSE_SECONDS = 0.25
"""The pause before the next question, in times of what the last answer took: asking is to cost little."""

Measure = Callable[[int], Iterator[tuple[str, float, str]]]


def nodes_for(pods: int) -> str:
    """So many nodes have room for the pods, and for those of a rollout."""
    return str(pods // 80 + 3)


def _until(holds: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    begin = time.perf_counter()
    while True:
        asked = time.perf_counter()
        if holds():
            break
        time.sleep(min(POLL_SECONDS + PATIENCE * (time.perf_counter() - asked), LONGEST_PAUSE_SECONDS))
    return time.perf_counter() - begin


def _status(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.call("GET", f"{DEPLOYMENTS}/web").get("status", {})
    return found


def deployment(replicas: int) -> Iterator[tuple[str, float, str]]:
    """A Deployment until all its pods are ready, and a rollout of it until all are new."""
    with fakekube("--nodes", nodes_for(replicas)) as server:
        begin = time.perf_counter()
        server.call("POST", DEPLOYMENTS, objects.deployment(replicas))
        _until(lambda: _status(server).get("readyReplicas", 0) == replicas)
        yield "Deployment until all are ready", time.perf_counter() - begin, "s"


def rollout(replicas: int) -> Iterator[tuple[str, float, str]]:
    """A change of the template until every pod is of the new one and none of the old is left."""
    with fakekube("--nodes", nodes_for(replicas * 2)) as server:
        server.call("POST", DEPLOYMENTS, objects.deployment(replicas))
        _until(lambda: _status(server).get("readyReplicas", 0) == replicas)
        begin = time.perf_counter()
        change = {"spec": {"template": {"metadata": {"annotations": {"turn": "2"}}}}}
        server.call("PATCH", f"{DEPLOYMENTS}/web", change, "application/merge-patch+json")
        _until(lambda: _is_new(_status(server), replicas))
        yield "rollout", time.perf_counter() - begin, "s"


def _is_new(status: dict[str, Any], replicas: int) -> bool:
    counts = [status.get(name, 0) for name in ("updatedReplicas", "replicas", "readyReplicas")]
    return counts == [replicas] * 3 and status.get("observedGeneration") == 2


def pods(count: int) -> Iterator[tuple[str, float, str]]:
    """Pods that clients create, until all run, and the memory they take."""
    with fakekube("--nodes", nodes_for(count)) as server:
        begin = time.perf_counter()
        generate(server, request=message("POST", PODS, objects.pod()), count=count)
        _until(lambda: not _waiting(server))
        yield "pods until all run", time.perf_counter() - begin, "s"
        yield "memory with these pods", server.memory(), "MB"


def _waiting(server: Server) -> list[Any]:
    found: list[Any] = server.call("GET", f"{PODS}?limit=1&fieldSelector=status.phase%21%3DRunning")["items"]
    return found


def nodes(count: int) -> Iterator[tuple[str, float, str]]:
    """A cluster with so many nodes, until the first answer."""
    with fakekube("--nodes", str(count)) as server:
        yield "start with nodes", server.seconds, "s"


def namespace(count: int) -> Iterator[tuple[str, float, str]]:
    """The deletion of a namespace with so many objects, half of them pods, until it is gone."""
    with fakekube("--nodes", nodes_for(count // 2)) as server:
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "full"}})
        for plural, body in (("pods", objects.pod()), ("configmaps", objects.config_map())):
            path = f"/api/v1/namespaces/full/{plural}"
            generate(server, request=message("POST", path, body), count=count // 2)
        path = "/api/v1/namespaces/full/pods?limit=1&fieldSelector=status.phase%21%3DRunning"
        _until(lambda: not server.call("GET", path)["items"])
        begin = time.perf_counter()
        server.call("DELETE", "/api/v1/namespaces/full")
        names = "/api/v1/namespaces?fieldSelector=metadata.name%3Dfull"
        _until(lambda: not server.call("GET", names)["items"])
        yield "deletion of a namespace with objects", time.perf_counter() - begin, "s"


MEASURES: tuple[tuple[Measure, int, dict[str, str]], ...] = (
    (deployment, 1_000, {"s": "< 2 s"}),
    (rollout, 2_000, {"s": "~ linear"}),
    (pods, 10_000, {"s": "< 15 s", "MB": "< 250 MB"}),
    (nodes, 5_000, {"s": "< 10 s"}),
    (namespace, 10_000, {"s": "~ linear"}),
)
"""Each with its largest size and the goals there, by unit."""


def rows(*, quicker: bool) -> Iterator[Row]:
    """All of them at three sizes."""
    for measure, largest, goals in MEASURES:
        first: dict[str, float] = {}
        for part in PARTS:
            size = largest // part // (QUICKER if quicker else 1)
            for name, value, unit in measure(size):
                each = value / size
                growth = each / first.setdefault(name, each) if unit == "s" else None
                goal = goals[unit] if part == 1 and not quicker else ""
                yield Row(f"{name}: {size:,}", value, unit, ratio=growth, goal=goal)


if __name__ == "__main__":
    print(json.dumps([row._asdict() for row in rows(quicker=False)], indent=2))
