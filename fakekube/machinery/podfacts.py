"""What controllers ask of pods, read once per write and kept small, so that counting ten thousand pods decodes none."""

from __future__ import annotations

from fakekube.core.meta import Obj, parse_time
from fakekube.storage.values import Event, Key, Stored

SCHEDULER = "default-scheduler"
"""The scheduler's name in the pods that it is to place."""
TERMINAL = frozenset({"Succeeded", "Failed"})


class PodFacts:
    """A pod as controllers count it. Times are seconds since the epoch."""

    __slots__ = (
        "annotations",
        "created",
        "deleting",
        "finalizers",
        "hostname",
        "ips",
        "key",
        "labels",
        "name",
        "namespace",
        "node",
        "owner",
        "owner_uid",
        "phase",
        "ready",
        "ready_since",
        "restarts",
        "revision",
        "stored",
        "subdomain",
        "uid",
    )

    def __init__(self, stored: Stored) -> None:
        pod = stored.view
        meta: Obj = pod["metadata"]
        spec: Obj = pod["spec"]
        status: Obj = pod.get("status") or {}
        self.stored = stored
        self.key = stored.key
        self.name: str = stored.key.name
        self.namespace: str = stored.key.namespace
        self.revision = stored.revision
        self.uid: str = meta["uid"]
        self.labels = stored.labels
        self.annotations: dict[str, str] = meta.get("annotations") or {}
        self.created: str = meta.get("creationTimestamp", "")
        self.deleting = "deletionTimestamp" in meta
        self.finalizers: list[str] = meta.get("finalizers") or []
        owner = stored.controller
        self.owner = owner
        self.owner_uid: str = owner["uid"] if owner is not None else ""
        self.node: str = spec.get("nodeName", "")
        self.hostname: str = spec.get("hostname", "")
        self.subdomain: str = spec.get("subdomain", "")
        self.phase: str = status.get("phase", "")
        self.ips: tuple[str, ...] = addresses_in(status)
        self.ready, self.ready_since = readiness_in(status)
        self.restarts = restarts_in(spec, status)

    @property
    def view(self) -> Obj:
        """The whole pod; nobody may change it."""
        return self.stored.view

    @property
    def active(self) -> bool:
        """Neither ended nor being deleted."""
        return not self.deleting and self.phase not in TERMINAL

    @property
    def terminal(self) -> bool:
        """Whether the pod has ended, well or not."""
        return self.phase in TERMINAL

    def available_after(self, now: float, min_ready_seconds: int) -> float | None:
        """Seconds until the pod counts as available if it stays ready: 0 if it does; None if it is not ready."""
        if not self.ready:
            return None
        if min_ready_seconds == 0:
            return 0.0
        return max(0.0, parse_time(self.ready_since) + min_ready_seconds - now) if self.ready_since else None


def addresses_in(status: Obj) -> tuple[str, ...]:
    """The pod's addresses; the first is podIP."""
    listed = status.get("podIPs")
    if listed:
        return tuple([each["ip"] for each in listed if each.get("ip")])
    single = status.get("podIP")
    return (single,) if single else ()


def readiness_in(status: Obj) -> tuple[bool, str]:
    """Whether the Ready condition is True, and the time at which it last changed."""
    for entry in status.get("conditions") or ():
        if entry.get("type") == "Ready":
            return entry.get("status") == "True", entry.get("lastTransitionTime") or ""
    return False, ""


def restarts_in(spec: Obj, status: Obj) -> tuple[int, int]:
    """The most restarts of any of the pod's containers, and of any of its sidecars."""
    regular = 0
    for each in status.get("containerStatuses") or ():
        if each.get("restartCount", 0) > regular:
            regular = each["restartCount"]
    started = status.get("initContainerStatuses")
    if not started:
        return regular, 0
    sidecars = {each["name"] for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"}
    return regular, max([each.get("restartCount", 0) for each in started if each["name"] in sidecars], default=0)


Group = dict[Key, PodFacts]


class PodIndex:
    """All pods' facts: by key, by the uid of their controller, those without controller, by node and by namespace."""

    def __init__(self) -> None:
        self.by_key: Group = {}
        self.by_owner: dict[str, Group] = {}
        self.loose: dict[str, Group] = {}
        self.by_node: dict[str, Group] = {}
        self.by_namespace: dict[str, Group] = {}

    def clear(self) -> None:
        """Forget everything."""
        for groups in self._groups():
            groups.clear()
        self.by_key.clear()

    def _groups(self) -> tuple[dict[str, Group], ...]:
        return self.by_owner, self.loose, self.by_node, self.by_namespace

    def apply(self, event: Event) -> None:
        """Follow a write of a pod."""
        key, stored = event.key, event.after
        old = self.by_key.get(key)
        new = None if stored is None else PodFacts(stored)
        if old is not None:
            self._leave(key, old, new)
        if new is None:
            self.by_key.pop(key, None)
            return
        self.by_key[key] = new
        if new.owner_uid:
            _put(self.by_owner, new.owner_uid, key, new)
        else:
            _put(self.loose, new.namespace, key, new)
        if new.node:
            _put(self.by_node, new.node, key, new)
        _put(self.by_namespace, new.namespace, key, new)

    def _leave(self, key: Key, old: PodFacts, new: PodFacts | None) -> None:
        """Take the pod out of the groups that it is no longer in; in the others it keeps its place."""
        if new is None:
            _take(self.by_namespace, old.namespace, key)
        if new is None or old.owner_uid != new.owner_uid:
            if old.owner_uid:
                _take(self.by_owner, old.owner_uid, key)
            else:
                _take(self.loose, old.namespace, key)
        if old.node and (new is None or old.node != new.node):
            _take(self.by_node, old.node, key)

    def get(self, key: Key) -> PodFacts | None:
        """The facts of one pod."""
        return self.by_key.get(key)


def _put(groups: dict[str, Group], place: str, key: Key, facts: PodFacts) -> None:
    group = groups.get(place)
    if group is None:
        group = groups[place] = {}
    group[key] = facts


def _take(groups: dict[str, Group], place: str, key: Key) -> None:
    group = groups.get(place)
    if group is not None:
        group.pop(key, None)
        if not group:
            del groups[place]
