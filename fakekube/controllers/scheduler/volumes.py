"""Volumes of a pod that is to be placed: who else uses them, where they can be reached, and which to bind then.

Rules and words are those of the plugins VolumeRestrictions, NodeVolumeLimits, VolumeBinding and VolumeZone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fakekube.controllers.scheduler.nodes import NodeState
from fakekube.core.meta import Obj, annotations_of, controller_of, is_deleting, labels_of
from fakekube.core.quantity import parse
from fakekube.machinery import volumes
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import Change, Patch, Update
from fakekube.machinery.selection import matcher
from fakekube.machinery.volumes import BY_CLAIM, CLAIMS, COMPLETED, NO_PROVISIONER, SELECTED_NODE, VOLUMES
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NOT_FOUND = "node(s) didn't find available persistent volumes to bind"
CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
NO_SPACE = "node(s) did not have enough free storage"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
DISK_TAKEN = "node(s) had no available disk"
POD_ALONE = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)
TOO_MANY = "node(s) exceed max volume count"
NO_ZONE = "node(s) had no available volume zone"
DRIVERS, CAPACITIES, CSI_NODES = (
    f"{plural}.storage.k8s.io" for plural in ("csidrivers", "csistoragecapacities", "csinodes")
)
_PLACES = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")
_OLD_PLACES = {
    "failure-domain.beta.kubernetes.io/zone": _PLACES[0],
    "failure-domain.beta.kubernetes.io/region": _PLACES[1],
}


@dataclass(slots=True)
class Bindings:
    """What the claims that wait would get on one node; `reasons`: why they cannot have it."""

    reasons: list[str] = field(default_factory=list)
    matches: list[tuple[Obj, Obj]] = field(default_factory=list)
    to_make: list[Obj] = field(default_factory=list)


class Waits:
    """Since when each pod that has a node waits for its volumes."""

    def __init__(self, world: World) -> None:
        self.since: dict[NamedKey, float] = {}

    def apply(self, event: Event) -> None:
        """A pod that is bound or gone does not wait."""
        if not self.since or event.key.resource != "pods":
            return
        if event.after is None or event.after.view["spec"].get("nodeName"):
            self.since.pop(NamedKey(event.key.namespace, event.key.name), None)


class Claims:
    """The volumes of one pod. `refusal`: why it cannot be placed at all, '' if it can; `matter`: whether any rule here
    has to be looked at."""

    def __init__(self, pod: Obj, world: World) -> None:
        self._world = world
        self._pod = pod
        self.listed: list[Obj] = []
        self.refusal = ""
        self.waiting: list[Obj] = []
        self._bound: list[Obj] = []
        self._disks: list[Obj] = []
        listed: list[Obj] = pod["spec"].get("volumes") or []
        if not all(_OF_OTHERS.isdisjoint(each) for each in listed):
            self._read(listed)
        self.matter = bool(self.listed or self._disks)

    def _read(self, listed: list[Obj]) -> None:
        pod, world = self._pod, self._world
        self._disks = [each for each in listed if any(each.get(kind) for kind in _SHARED)]
        made = {f"{pod['metadata']['name']}-{each['name']}" for each in listed if each.get("ephemeral")}
        for name in volumes.mounted(pod):
            claim = world.get(CLAIMS, pod["metadata"]["namespace"], name)
            self.refusal = self.refusal or _missing(claim, name, ephemeral=name in made)
            if claim is not None and name in made and not self.refusal:
                self.refusal = _of_another(claim, pod)
            if claim is not None:
                self.listed.append(claim)
        if not self.refusal:
            self._sort()

    def _sort(self) -> None:
        for claim in self.listed:
            named = claim["spec"].get("volumeName")
            if named and COMPLETED in annotations_of(claim):
                self._bound.append(claim)
            elif not named and volumes.waits_for_consumer(claim, self._world):
                self.waiting.append(claim)
            else:
                self.refusal = UNBOUND

    def conflict(self, state: NodeState, without: frozenset[Key]) -> tuple[tuple[str, ...], bool]:
        """Why the volumes cannot be had on the node, and whether they could not even if other pods left."""
        if self._disks and _taken(self._disks, _others(state, without, self._world)):
            return (DISK_TAKEN,), False
        if not self.listed:
            return (), False
        if self._used_alone(without):
            return (POD_ALONE,), False
        if self._exceeds(state, without):
            return (TOO_MANY,), False
        reasons = [*self._of_bound(state), *self._bind(state).reasons]
        if reasons:
            return tuple(reasons), True
        return ((NO_ZONE,), True) if not self._in_zone(state) else ((), False)

    def _used_alone(self, without: frozenset[Key]) -> bool:
        """Whether another pod has a claim that only one pod may have at a time."""
        for claim in self.listed:
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                place = (claim["metadata"]["namespace"], claim["metadata"]["name"])
                for pod in self._world.indexed(BY_CLAIM, place):
                    if pod["spec"].get("nodeName") and Key("pods", place[0], pod["metadata"]["name"]) not in without:
                        return True
        return False

    def _exceeds(self, state: NodeState, without: frozenset[Key]) -> bool:
        """Whether the node would have more volumes of a CSI driver than it can."""
        limits = _limits(self._world.get(CSI_NODES, "", state.name))
        if not limits:
            return False
        new = set(_attached(self._pod, self._world))
        there = {each for pod in _others(state, without, self._world) for each in _attached(pod, self._world)}
        used = Counter(driver for driver, _ in there)
        more = Counter(driver for driver, _ in new - there)
        return any(used[driver] + count > limits[driver] for driver, count in more.items() if driver in limits)

    def _of_bound(self, state: NodeState) -> list[str]:
        reasons: list[str] = []
        for claim in self._bound:
            volume = self._world.get(VOLUMES, "", claim["spec"]["volumeName"])
            if volume is None:
                return [*reasons, NO_VOLUME]
            if not volumes.reachable(volume, state.obj):
                return [*reasons, CONFLICT]
        return reasons

    def _bind(self, state: NodeState) -> Bindings:
        """Volumes for the claims that wait, none of them twice; small claims choose first."""
        found = Bindings()
        free: list[Obj] = []
        for claim in self.waiting:
            chosen = annotations_of(claim).get(SELECTED_NODE)
            if chosen and chosen != state.name:
                found.reasons = [NOT_FOUND]
                return found
            (found.to_make if chosen else free).append(claim)
        taken: set[str] = set()
        for claim in sorted(free, key=_size):
            volume = volumes.best(self._world.list(VOLUMES), claim, state.obj, delayed=True, taken=taken)
            if volume is None:
                found.to_make.append(claim)
            else:
                taken.add(volume["metadata"]["name"])
                found.matches.append((volume, claim))
        reasons = (self._cannot_make(claim, state) for claim in found.to_make)
        found.reasons = [reason for reason in reasons if reason][:1]
        return found

    def _cannot_make(self, claim: Obj, state: NodeState) -> str:
        found = volumes.class_of(claim, self._world)
        if found is None or found["provisioner"] == NO_PROVISIONER or not volumes.topology_met(found, state.obj):
            return NOT_FOUND
        driver = self._world.get(DRIVERS, "", found["provisioner"])
        if driver is None or not driver["spec"].get("storageCapacity"):
            return ""
        capacities = self._world.list(CAPACITIES)
        return "" if any(_has_room(each, found, claim, state) for each in capacities) else NO_SPACE

    def _in_zone(self, state: NodeState) -> bool:
        """Whether the node is in the zones and regions that the volumes' labels name."""
        if not any(name in state.labels for name in (*_PLACES, *_OLD_PLACES)):
            return True
        named = {(each.get("persistentVolumeClaim") or {}).get("claimName") for each in self._pod["spec"]["volumes"]}
        for claim in self._bound:
            volume = self._world.get(VOLUMES, "", claim["spec"]["volumeName"])
            if volume is None or claim["metadata"]["name"] not in named:
                continue
            for label, text in labels_of(volume).items():
                if label in _PLACES or label in _OLD_PLACES:
                    here = state.labels.get(label, state.labels.get(_OLD_PLACES.get(label, label)))
                    if here not in text.split("__"):
                        return False
        return True

    def bindings(self, state: NodeState) -> list[Change]:
        """What has to be written before the pod can be bound to the node."""
        if not self.waiting:
            return []
        found = self._bind(state)
        changes: list[Change] = [
            Update(VOLUMES, volumes.bound_to(volume, claim))
            for volume, claim in found.matches
            if not volumes.names(volume, claim)
        ]
        for claim in found.to_make:
            if not annotations_of(claim).get(SELECTED_NODE):
                key = Key(CLAIMS, claim["metadata"]["namespace"], claim["metadata"]["name"])
                changes.append(Patch(key, {"metadata": {"annotations": {SELECTED_NODE: state.name}}}))
        if changes and not (self._pod.get("status") or {}).get("nominatedNodeName"):
            meta = self._pod["metadata"]
            nominated = {"status": {"nominatedNodeName": state.name}}
            changes.insert(0, Patch(Key("pods", meta["namespace"], meta["name"]), nominated, subresource="status"))
        return changes


def _size(claim: Obj) -> int:
    return parse(claim["spec"]["resources"]["requests"]["storage"]).nanos


def _missing(claim: Obj | None, name: str, *, ephemeral: bool) -> str:
    if claim is None and ephemeral:
        return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    return f'persistentvolumeclaim "{name}" is being deleted' if is_deleting(claim) else ""


def _of_another(claim: Obj, pod: Obj) -> str:
    """Whether the claim that should have been made for the pod is somebody else's."""
    meta, owner = pod["metadata"], controller_of(claim)
    if owner is not None and owner["uid"] == meta["uid"]:
        return ""
    place, name = meta["namespace"], claim["metadata"]["name"]
    return f"PVC {place}/{name} was not created for pod {place}/{meta['name']} (pod is not owner)"


def _has_room(capacity: Obj, found: Obj, claim: Obj, state: NodeState) -> bool:
    """Whether a CSIStorageCapacity promises enough to the node."""
    room = capacity.get("maximumVolumeSize", capacity.get("capacity"))
    if capacity["storageClassName"] != found["metadata"]["name"] or room is None or parse(room).nanos < _size(claim):
        return False
    return matcher(capacity.get("nodeTopology"))(state.labels)


def _limits(csi_node: Obj | None) -> dict[str, int]:
    """How many volumes of each driver the node can have."""
    drivers = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    counts = {each["name"]: (each.get("allocatable") or {}).get("count") for each in drivers}
    return {name: count for name, count in counts.items() if count is not None}


def _others(state: NodeState, without: frozenset[Key], world: World) -> list[Obj]:
    """The pods on the node besides those that are thought away."""
    return [pod for key in state.pods if key not in without and (pod := world.at(key)) is not None]


def _attached(pod: Obj, world: World) -> Iterable[tuple[str, str]]:
    """Driver and identity of the CSI volumes that a pod mounts."""
    for namespace, name in volumes.places(pod):
        claim = world.get(CLAIMS, namespace, name)
        if claim is None:
            continue
        volume = world.get(VOLUMES, "", claim["spec"].get("volumeName") or "")
        if volume is not None:
            source = volume["spec"].get("csi")
            if source is not None:
                yield source["driver"], source["volumeHandle"]
        elif (found := volumes.class_of(claim, world)) is not None:
            yield found["provisioner"], f"{namespace}/{name}"


def _taken(disks: list[Obj], pods: list[Obj]) -> bool:
    """Whether one of the pods has one of the disks in a way that leaves no room for another."""
    return any(
        rule(mine[kind], theirs[kind])
        for pod in pods
        for theirs in pod["spec"].get("volumes") or ()
        for mine in disks
        for kind, rule in _SHARED.items()
        if mine.get(kind) and theirs.get(kind)
    )


def _both_read(one: Obj, other: Obj) -> bool:
    return bool(one.get("readOnly") and other.get("readOnly"))


def _same_image(one: Obj, other: Obj) -> bool:
    same = all(one.get(name) == other.get(name) for name in ("pool", "image"))
    return same and bool(set(one["monitors"]) & set(other["monitors"])) and not _both_read(one, other)


_SHARED: dict[str, Callable[[Obj, Obj], bool]] = {
    "gcePersistentDisk": lambda one, other: one["pdName"] == other["pdName"] and not _both_read(one, other),
    "awsElasticBlockStore": lambda one, other: bool(one["volumeID"] == other["volumeID"]),
    "iscsi": lambda one, other: one["iqn"] == other["iqn"] and not _both_read(one, other),
    "rbd": _same_image,
}
"""Volumes that are disks, and when two pods of one node cannot both have them."""
_OF_OTHERS = frozenset({*_SHARED, "persistentVolumeClaim", "ephemeral"})
"""What a volume may be that the rules here are about."""
