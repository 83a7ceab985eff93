"""Fields of pods whose features are off by default in this version: what is not stored yet is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core.meta import Obj

CONTAINER_FIELDS = ("initContainers", "containers", "ephemeralContainers")
PROJECTIONS = ("clusterTrustBundle", "podCertificate")


def drop_disabled(spec: Obj | None, old: Obj | None) -> None:
    """Leave out of a pod's spec what the real server would not store."""
    if not spec:
        return
    if "schedulingGroup" in spec and "schedulingGroup" not in (old or {}):
        del spec["schedulingGroup"]
    for source in _projections(spec):
        for field in PROJECTIONS:
            if field in source and not _is_used(old, field):
                del source[field]
    for field in CONTAINER_FIELDS:
        for container in spec.get(field) or ():
            lifecycle = container.get("lifecycle")
            if lifecycle and "stopSignal" in lifecycle and not _stops(old):
                del lifecycle["stopSignal"]


def _projections(spec: Obj) -> Iterator[Obj]:
    for volume in spec.get("volumes") or ():
        if "projected" in volume:
            yield from volume["projected"].get("sources") or ()


def _is_used(old: Obj | None, field: str) -> bool:
    return old is not None and any(field in source for source in _projections(old))


def _stops(old: Obj | None) -> bool:
    """Whether a stored container names its stop signal."""
    containers = [each for field in CONTAINER_FIELDS for each in (old or {}).get(field) or ()]
    return any("stopSignal" in (each.get("lifecycle") or {}) for each in containers)
