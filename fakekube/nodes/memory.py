"""What a kubelet knows of its pods beside their status: addresses that are taken, and since when they run or stop."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network
from typing import NamedTuple

from fakekube.core.meta import Obj, parse_time
from fakekube.machinery.podfacts import SCHEDULER, TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RUNNING, TERMINATED = "running", "terminated"
FORGIVEN_SECONDS = 600.0
"""Who has run for so long begins anew with the back-off of restarts: twice the longest one."""
FIRST, LAST = 2, 254
"""Of a /24: the network, the gateway and the broadcast address are no pod's."""


class Addresses:
    """Pod addresses by node network; the next one given is the one after the last, so that none is used again soon."""

    def __init__(self, world: World) -> None:
        self._taken: dict[str, Key] = {}
        self._of: dict[Key, str] = {}
        self._last: dict[str, int] = {}

    def apply(self, event: Event) -> None:
        """Take note of the addresses of pods that have not ended."""
        if event.key.resource != "pods":
            return
        ip = "" if event.after is None else _ip(event.after.view)
        old = self._of.get(event.key, "")
        if ip == old:
            return
        if old:
            self._taken.pop(old, None)
            del self._of[event.key]
        if ip:
            self._of[event.key] = ip
            self._taken[ip] = event.key
            network, _, host = ip.rpartition(".")
            if network:
                self._last[network] = int(host)

    def free(self, cidr: str) -> str:
        """An address of the network that no pod has; '' if there is none."""
        network = _network(cidr)
        last = self._last.get(network, FIRST - 1)
        for step in range(LAST - FIRST + 1):
            ip = f"{network}.{FIRST + (last - FIRST + 1 + step) % (LAST - FIRST + 1)}"
            if ip not in self._taken:
                return ip
        return ""


@lru_cache(maxsize=8192)
def _network(cidr: str) -> str:
    """What its addresses begin with."""
    return str(ip_network(cidr).network_address).rpartition(".")[0]


def _ip(pod: Obj) -> str:
    status = pod.get("status") or {}
    if status.get("phase") in TERMINAL or pod["spec"].get("hostNetwork"):
        return ""
    return status.get("podIP") or ""


class Run(NamedTuple):
    """A state of a container: what it is, after how many restarts, and since when."""

    state: str
    restarts: int
    since: float


class Moments:
    """Since when pods are taken on, run and are being deleted, and since when each container is in its state.

    In seconds since the epoch with their parts: a status tells whole seconds only. `runs` are kept of pods that the
    kubelet has taken on.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.running: dict[Key, float] = {}
        self.deleting: dict[Key, float] = {}
        self.taken: dict[Key, float] = {}
        self.runs: dict[Key, dict[str, Run]] = {}
        self.forgiven: dict[tuple[Key, str], int] = {}
        """Restarts that count no more for the back-off, for the container has run for long since."""
        self.pulls: dict[tuple[Key, str], int] = {}
        """How often an image could not be pulled."""

    def apply(self, event: Event) -> None:
        """Take note of a pod's start and of its deletion; of what was there before, by the times it states."""
        if event.key.resource != "pods":
            return
        key = event.key
        if event.after is None:
            self._forget(key)
            return
        pod = event.after.view
        status, meta = pod.get("status") or {}, pod["metadata"]
        if status.get("phase") == "Running" and key not in self.running:
            started = status.get("startTime")
            self.running[key] = parse_time(started) if event.before is None and started else self._world.now()
        if "startTime" in status and key not in self.taken:
            self.taken[key] = parse_time(status["startTime"]) if event.before is None else self._world.now()
        if "deletionTimestamp" in meta and key not in self.deleting:
            asked = parse_time(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0)
            self.deleting[key] = asked if event.before is None else self._world.now()
        for field in ("initContainerStatuses", "containerStatuses"):
            if listed := status.get(field):
                self._follow(key, listed, stated=event.before is None)

    def since(self, key: Key, container: str, now: float) -> float:
        """Since when the container is in the state that it is in: of one that is not known yet, since now."""
        found = self.runs.get(key, {}).get(container)
        return now if found is None else found.since

    def _follow(self, key: Key, listed: list[Obj], *, stated: bool) -> None:
        runs = self.runs.setdefault(key, {})
        for each in listed:
            name, state, restarts = each["name"], state_of(each), each.get("restartCount") or 0
            old = runs.get(name)
            if old is not None and old.state == state and old.restarts == restarts:
                continue
            moment = self._world.now()
            runs[name] = Run(state, restarts, stated_since(each, moment) if stated else moment)
            if state == "ErrImagePull":
                self.pulls[key, name] = self.pulls.get((key, name), 0) + 1
            if old is not None and old.state == RUNNING and moment - old.since >= FORGIVEN_SECONDS:
                self.forgiven[key, name] = old.restarts

    def _forget(self, key: Key) -> None:
        self.running.pop(key, None)
        self.deleting.pop(key, None)
        self.taken.pop(key, None)
        for name in self.runs.pop(key, ()):
            self.forgiven.pop((key, name), None)
            self.pulls.pop((key, name), None)


def state_of(status: Obj) -> str:
    """running, terminated, or the reason for which the container waits."""
    state = status.get("state") or {}
    if RUNNING in state or TERMINATED in state:
        return RUNNING if RUNNING in state else TERMINATED
    return (state.get("waiting") or {}).get("reason") or "waiting"


def stated_since(status: Obj, otherwise: float) -> float:
    """Since when the container is in its state, by the times that the status tells."""
    state, last = status.get("state") or {}, status.get("lastState") or {}
    told = (state.get(RUNNING) or {}).get("startedAt")
    told = told or (state.get(TERMINATED) or last.get(TERMINATED) or {}).get("finishedAt")
    return parse_time(told) if told else otherwise


class Starting:
    """The pods that the cluster's own nodes are still to take on: those bound to them, and those that the scheduler has
    not looked at yet and will bind to them in a moment."""

    def __init__(self, world: World) -> None:
        self._nodes = world.settings.nodes
        self.keys: set[Key] = set()

    def apply(self, event: Event) -> None:
        """Take note of a pod that comes, is bound, is put off, or is taken on."""
        if event.key.resource != "pods":
            return
        if event.after is not None and self._is_to_start(event.after.view):
            self.keys.add(event.key)
        else:
            self.keys.discard(event.key)

    def _is_to_start(self, pod: Obj) -> bool:
        spec, status = pod["spec"], pod.get("status") or {}
        if status.get("containerStatuses") or status.get("phase") in TERMINAL:
            return False
        node = spec.get("nodeName")
        if node:
            return node in self._nodes
        return spec.get("schedulerName") == SCHEDULER and not status.get("conditions")


class Anew:
    """Pods whose status is to be posted anew by a kubelet that speaks again: others may have changed it meanwhile."""

    def __init__(self, world: World) -> None:
        self.keys: set[Key] = set()

    def apply(self, event: Event) -> None:
        """What is gone needs no posting."""
        if event.after is None:
            self.keys.discard(event.key)
