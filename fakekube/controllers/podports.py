"""The ports of a Service as its pods have them: made once for all pods on which they have the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

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
        targets: list[tuple[Any, str]] = [
            (port.get("targetPort", port["port"]), port.get("protocol", "TCP")) for port in listed
        ]
        self._named = [each for each in targets if not isinstance(each[0], int)]
        self._made: dict[tuple[int | None, ...], T] = {}

    def of(self, pod: PodFacts) -> T:
        """For this pod; shared, so that nobody may change it."""
        numbers: tuple[int | None, ...] = ()
        if self._named:
            offered = _offered(pod.stored.noted(NOTE, _told))
            numbers = tuple([offered.get(each) for each in self._named])
        found = self._made.get(numbers)
        if found is None:
            found = self._made[numbers] = self._make(list(serving.ports_of(self._service, pod)))
        return found


def _told(pod: Obj) -> str:
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


@lru_cache(maxsize=1024)
def _offered(text: str) -> dict[tuple[str, str], int]:
    """The numbers by name and protocol; of several the first."""
    found: dict[tuple[str, str], int] = {}
    for name, protocol, number in orjson.loads(text):
        found.setdefault((name, protocol), int(number))
    return found
