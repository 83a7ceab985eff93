"""Failed daemon pods are taken away at once at first, and then ever more slowly."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0
"""Seconds between two failed pods on a node being taken away; doubled each time."""


class Failures:
    """When failed daemon pods were last taken off a node, and how often: the next one waits longer.

    A DaemonSet that was changed since then begins anew.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, int, str], tuple[int, float]] = {}

    def apply(self, event: Event) -> None:
        """Take note of a failed pod that goes."""
        if event.key.resource != "pods" or event.after is not None or event.before is None:
            return
        pod = event.before.view
        above = event.before.controller
        if above is None or above["kind"] != "DaemonSet" or (pod.get("status") or {}).get("phase") != "Failed":
            return
        owner = self._world.at(Key("daemonsets.apps", event.key.namespace, above["name"]))
        if owner is not None:
            place = _place(owner, pod["spec"].get("nodeName", ""))
            self._known[place] = (self._known.get(place, (0, 0.0))[0] + 1, self._world.now())

    def wait(self, owner: Obj, node: str) -> float:
        """Seconds until a failed pod may be taken off the node."""
        place = _place(owner, node)
        count, last = self._known.get(place, (0, 0.0))
        if not count:
            return 0.0
        seconds = min(FIRST_WAIT * float(2 ** min(count - 1, 20)), LONGEST_WAIT)
        if self._world.now() - last > 2 * LONGEST_WAIT:
            del self._known[place]
            return 0.0
        return max(0.0, last + seconds - self._world.now())


def _place(owner: Obj, node: str) -> tuple[str, int, str]:
    return owner["metadata"]["uid"], (owner.get("status") or {}).get("observedGeneration", 0), node
