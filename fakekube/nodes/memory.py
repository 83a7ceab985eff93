"""What a kubelet knows of its pods beside their status: addresses that are taken, and since when they run or stop."""

from __future__ import annotations

from ipaddress import ip_network

from fakekube.core.meta import Obj, parse_time
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

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
        network = str(ip_network(cidr).network_address).rpartition(".")[0]
        last = self._last.get(network, FIRST - 1)
        for step in range(LAST - FIRST + 1):
            ip = f"{network}.{FIRST + (last - FIRST + 1 + step) % (LAST - FIRST + 1)}"
            if ip not in self._taken:
                return ip
        return ""


def _ip(pod: Obj) -> str:
    status = pod.get("status") or {}
    if status.get("phase") in TERMINAL or pod["spec"].get("hostNetwork"):
        return ""
    return status.get("podIP") or ""


class Moments:
    """Since when pods run, and since when they are being deleted, in seconds since the epoch."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.running: dict[Key, float] = {}
        self.deleting: dict[Key, float] = {}

    def apply(self, event: Event) -> None:
        """Take note of a pod's start and of its deletion; of what was there before, by the times it states."""
        if event.key.resource != "pods":
            return
        key = event.key
        if event.after is None:
            self.running.pop(key, None)
            self.deleting.pop(key, None)
            return
        pod = event.after.view
        status, meta = pod.get("status") or {}, pod["metadata"]
        if status.get("phase") == "Running" and key not in self.running:
            started = status.get("startTime")
            self.running[key] = parse_time(started) if event.before is None and started else self._world.now()
        if "deletionTimestamp" in meta and key not in self.deleting:
            asked = parse_time(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0)
            self.deleting[key] = asked if event.before is None else self._world.now()


class Starting:
    """The pods that are bound to the cluster's own nodes and have not been taken on yet."""

    def __init__(self, world: World) -> None:
        self._nodes = world.settings.nodes
        self.keys: set[Key] = set()

    def apply(self, event: Event) -> None:
        """Take note of a pod that is bound, or taken on."""
        if event.key.resource != "pods":
            return
        pod = None if event.after is None else event.after.view
        if pod is not None and pod["spec"].get("nodeName") in self._nodes:
            status = pod.get("status") or {}
            if not status.get("containerStatuses") and status.get("phase") not in TERMINAL:
                self.keys.add(event.key)
                return
        self.keys.discard(event.key)
