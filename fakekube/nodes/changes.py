"""What a kubelet does when the spec of a running pod changes: other images, resources in place, ephemeral containers.

A pod whose status tells an observedGeneration before its generation has such a change. The rules are the kubelet's: a
container with another image is started anew; other resources are taken over in place if the node has them, else the
resize is put off (PodResizePending); an ephemeral container starts beside the others and is never started again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from fakekube.core.meta import Obj, time_text
from fakekube.core.podresources import POD_LEVEL, add_amounts, requested
from fakekube.core.quantity import ZERO, parse
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.nodes import statuses
from fakekube.nodes.admission import Shortage
from fakekube.nodes.memory import RUNNING, state_of
from fakekube.storage.values import Event, Key

PENDING, RESTART = "PodResizePending", "RestartContainer"
EPHEMERAL = "ephemeralContainerStatuses"
Told = tuple[str, str, str]


def moved(pod: Obj) -> bool:
    """Whether the pod's spec has changed since its kubelet has last told of it."""
    return 0 < ((pod.get("status") or {}).get("observedGeneration") or 0) < (pod["metadata"].get("generation") or 0)


@dataclass(slots=True)
class Followed:
    """The status that follows the spec, what is told, and whether a resize is put off."""

    status: Obj
    told: list[Told] = field(default_factory=list)
    deferred: bool = False


def follow(pod: Obj, world: World) -> Followed:
    """Bring the containers of a running pod to what its spec says now."""
    found = Followed(dict(pod.get("status") or {}))
    lacking = _lacking(pod, world) if _resizes(pod) else ""
    found.deferred = bool(lacking)
    for place, of_spec in statuses.LISTS[:2]:
        specs = {each["name"]: each for each in pod["spec"].get(of_spec) or ()}
        listed = found.status.get(place)
        if listed:
            found.status[place] = [_container(pod, specs[each["name"]], each, found, world) for each in listed]
    _add_ephemeral(pod, found, world)
    _tell_resize(pod, found, lacking, world)
    return found


def _container(pod: Obj, spec: Obj, status: Obj, found: Followed, world: World) -> Obj:
    if state_of(status) != RUNNING:
        return status
    if status.get("image") != spec.get("image"):
        found.told.append(("Normal", "Killing", f"Container {spec['name']} definition changed, will be restarted"))
        return _anew(pod, spec, status, world)
    if found.deferred or not _differs(spec, status):
        return status
    if _restarts(spec, status):
        message = f"Container {spec['name']} resize requires restart"
        found.told.append(("Normal", "Killing", message))
        return _anew(pod, spec, status, world)
    return status | statuses.resources(spec, always=True)


def _anew(pod: Obj, spec: Obj, status: Obj, world: World) -> Obj:
    """The container is killed and started again at once."""
    now = world.now()
    ended = statuses.end(pod, spec, status, statuses.TERMINATED, now)
    count = (status.get("restartCount") or 0) + 1
    again = statuses.run(pod, spec, now, attempt=count)
    return again | {"lastState": ended["state"], "restartCount": count}


# --- resources


def _differs(spec: Obj, status: Obj) -> bool:
    return "resources" in status and (spec.get("resources") or {}) != status["resources"]


def _resizes(pod: Obj) -> bool:
    present = {each["name"]: each for each in (pod.get("status") or {}).get("containerStatuses") or ()}
    return any(each["name"] in present and _differs(each, present[each["name"]]) for each in pod["spec"]["containers"])


def _restarts(spec: Obj, status: Obj) -> bool:
    """Whether the policy of a resource that changes asks for a restart."""
    for policy in spec.get("resizePolicy") or ():
        if policy.get("restartPolicy") == RESTART:
            name, old, new = policy["resourceName"], status["resources"], spec.get("resources") or {}
            if any(
                (old.get(side) or {}).get(name) != (new.get(side) or {}).get(name) for side in ("requests", "limits")
            ):
                return True
    return False


def _lacking(pod: Obj, world: World) -> str:
    """Which resource the node has not enough of for what the pod asks now; '' if it has."""
    node = world.get("nodes", "", pod["spec"]["nodeName"]) or {}
    offered = (node.get("status") or {}).get("allocatable") or {}
    used = dict.fromkeys(POD_LEVEL, ZERO)
    for other in world.pods_on(pod["spec"]["nodeName"]):
        obj = world.at(other.key)
        if obj is None or obj["metadata"]["uid"] == pod["metadata"]["uid"]:
            continue
        if (obj.get("status") or {}).get("phase") not in TERMINAL:
            add_amounts(used, requested(obj["spec"], "requests"))
    wanted = requested(pod["spec"], "requests")
    for name in POD_LEVEL:
        asked, has = wanted.get(name, ZERO), parse(offered.get(name, "0"))
        if asked + used[name] > has:
            amounts = [each.milli() if name == "cpu" else each.value() for each in (asked, used[name], has)]
            return Shortage(name, *amounts).text
    return ""


def _tell_resize(pod: Obj, found: Followed, lacking: str, world: World) -> None:
    old = [each for each in found.status.get("conditions") or () if each["type"] == PENDING]
    others = [each for each in found.status.get("conditions") or () if each["type"] != PENDING]
    generation = pod["metadata"].get("generation")
    if lacking:
        same = bool(old) and old[0].get("observedGeneration") == generation
        entry = {
            "type": PENDING,
            "observedGeneration": generation,
            "status": "True",
            "lastProbeTime": time_text(world.now()),
            "lastTransitionTime": old[0]["lastTransitionTime"] if old else time_text(world.now()),
            "reason": "Deferred",
            "message": lacking,
        }
        others = [*others, old[0] if same and old[0].get("message") == lacking else entry]
        if not same:
            found.told.append(("Warning", "ResizeDeferred", f"Pod resize Deferred: {_summary(pod, lacking)}"))
    elif _resizes(pod):
        found.told.append(("Normal", "ResizeStarted", f"Pod resize started: {_summary(pod)}"))
        found.told.append(("Normal", "ResizeCompleted", f"Pod resize completed: {_summary(pod)}"))
    if "conditions" in found.status:
        found.status["conditions"] = others


def _summary(pod: Obj, error: str = "") -> str:
    made: Obj = {}
    for place in ("initContainers", "containers"):
        listed = [
            {"name": each["name"], "resources": dict(sorted((each.get("resources") or {}).items()))}
            for each in pod["spec"].get(place) or ()
        ]
        if listed:
            made[place] = listed
    made["generation"] = pod["metadata"].get("generation")
    return json.dumps(made | ({"error": error} if error else {}), separators=(",", ":"))


# --- ephemeral containers


def _add_ephemeral(pod: Obj, found: Followed, world: World) -> None:
    present = found.status.get(EPHEMERAL) or []
    names = {each["name"] for each in present}
    added = [each for each in pod["spec"].get("ephemeralContainers") or () if each["name"] not in names]
    if added:
        made = [_ephemeral(pod, each, world.now()) for each in added]
        found.status[EPHEMERAL] = [*present, *made]
        found.told += [("Normal", "Started", "Container started") for _ in added]


def _ephemeral(pod: Obj, spec: Obj, now: float) -> Obj:
    status = statuses.run(pod, spec, now)
    del status["started"]
    return status | {"ready": False}


class Deferred:
    """Pods whose resize waits for room on their node, by node."""

    def __init__(self, world: World) -> None:
        self._by_node: dict[str, set[Key]] = {}

    def apply(self, event: Event) -> None:
        """A pod that is gone waits no more."""
        if event.after is None and self._by_node:
            for keys in self._by_node.values():
                keys.discard(event.key)

    def note(self, node: str, key: Key, waits: bool) -> None:
        """Whether the pod waits."""
        keys = self._by_node.get(node)
        if waits:
            self._by_node.setdefault(node, set()).add(key)
        elif keys is not None:
            keys.discard(key)

    def on(self, node: str) -> Iterable[Key]:
        """Those that wait on a node."""
        return sorted(self._by_node.get(node, ())) if self._by_node else ()

    def __contains__(self, key: Key) -> bool:
        return any(key in keys for keys in self._by_node.values())
