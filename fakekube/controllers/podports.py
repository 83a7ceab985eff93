"""The ports of a Service as its pods have them: made once for all pods that call theirs the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import orjson

from fakekube.core.meta import Obj
from fakekube.machinery import serving
from fakekube.machinery.podfacts import PodFacts

T = TypeVar("T")
NOTE = "named ports"
"""Under which a stored pod keeps the named ports that were read of it."""


class PodPorts(Generic[T]):
    """What `make` makes of a Service's ports (in the form of EndpointPort), for one pod after the other."""

    def __init__(self, service: Obj, make: Callable[[list[Obj]], T]) -> None:
        self._service = service
        self._make = make
        listed: list[Obj] = service["spec"].get("ports") or []
        self._named = not all(isinstance(port.get("targetPort", port["port"]), int) for port in listed)
        self._made: dict[str, T] = {}

    def of(self, pod: PodFacts) -> T:
        """For this pod; shared, so that nobody may change it."""
        names = pod.stored.noted(NOTE, _names) if self._named else ""
        found = self._made.get(names)
        if found is None:
            found = self._made[names] = self._make(list(serving.ports_of(self._service, pod)))
        return found


def _names(pod: Obj) -> str:
    """The named ports of the pod's containers and sidecars, as a text."""
    spec = pod["spec"]
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    listed = [
        (port["name"], port.get("protocol", "TCP"), port["containerPort"])
        for container in (*(spec.get("containers") or ()), *sidecars)
        for port in container.get("ports") or ()
        if port.get("name")
    ]
    return orjson.dumps(listed).decode()
