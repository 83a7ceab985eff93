"""Which pods a kubelet ends for one that matters to the system and does not fit: as few as do, and small ones.

Pods without requests go before those with some, and those with all their limits go last, as the kubelet has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fakekube.core.meta import Obj
from fakekube.machinery.world import World
from fakekube.nodes.admission import Room, Shortage, in_units, is_critical
from fakekube.registry.kinds.pod_resources import qos_class
from fakekube.storage.values import Key

REASON, MESSAGE = "Preempting", "Preempted in order to admit critical pod"
WHY = "Pod was preempted by Kubelet to accommodate a critical pod."
FAILED = (
    "Unexpected error while attempting to recover from admission failure: "
    "preemption: error finding a set of pods to preempt"
)
CLASSES = ("BestEffort", "Burstable", "Guaranteed")
Needs = dict[str, int]


class Candidate:
    """A pod that may be ended for another."""

    __slots__ = ("key", "pod", "room")

    def __init__(self, key: Key, pod: Obj, room: Room) -> None:
        self.key = key
        self.pod = pod
        self.room = room

    def gives(self, resource: str) -> int:
        """How much of a resource is free when the pod has ended."""
        return 1 if resource == "pods" else in_units(resource, self.room.pods[self.key].amounts.get(resource, 0))


class NoneFound(Exception):
    """All that may be ended would not make room enough; the text tells what would still be missing."""


def victims(pod: Obj, shortages: Iterable[Shortage], room: Room, world: World) -> list[Obj]:
    """The pods to end for this one; NoneFound if there are not enough."""
    needs = {each.resource: each.missing for each in shortages}
    light, middle, heavy = _by_class(pod, room, world)
    left = _less(needs, [*light, *middle, *heavy])
    if left:
        raise NoneFound(_told(left))
    from_heavy = _nearest(heavy, _less(needs, [*light, *middle]))
    from_middle = _nearest(middle, _less(needs, [*light, *from_heavy]))
    from_light = _nearest(light, _less(needs, [*from_middle, *from_heavy]))
    return [each.pod for each in (*from_light, *from_middle, *from_heavy)]


def _by_class(pod: Obj, room: Room, world: World) -> list[list[Candidate]]:
    found: dict[str, list[Candidate]] = {name: [] for name in CLASSES}
    for key in room.pods:
        other = world.at(key)
        if other is not None and _may_end(pod["spec"], other["spec"]):
            kind = (other.get("status") or {}).get("qosClass") or qos_class(other["spec"])
            found[kind].append(Candidate(key, other, room))
    return list(found.values())


def _may_end(spec: Obj, other: Obj) -> bool:
    return (is_critical(spec) and not is_critical(other)) or (spec.get("priority") or 0) > (other.get("priority") or 0)


def _less(needs: Needs, ended: Sequence[Candidate]) -> Needs:
    """What is still missing when these have ended."""
    left = {name: amount - sum(each.gives(name) for each in ended) for name, amount in needs.items()}
    return {name: amount for name, amount in left.items() if amount > 0}


def _nearest(candidates: Sequence[Candidate], needs: Needs) -> list[Candidate]:
    """Those of the candidates to end: again and again the one that leaves least missing; of equals the smallest."""
    left, chosen = list(candidates), []
    while needs:
        wanted = needs
        best = min(left, key=lambda each: (_distance(each, wanted), each.gives("memory"), each.gives("cpu")))
        left.remove(best)
        chosen.append(best)
        needs = _less(needs, [best])
    return chosen


def _distance(candidate: Candidate, needs: Needs) -> float:
    """How far the needs are from being met; each counts alike."""
    missing = ((max(0, amount - candidate.gives(name)) / amount) for name, amount in needs.items())
    return sum(part * part for part in missing)


def _told(needs: Needs) -> str:
    listed = "".join(f"(res: {name}, q: {amount}), " for name, amount in needs.items())
    return f"no set of running pods found to reclaim resources: [{listed}]"
