"""Stages given to a cluster, and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fakekube import manifests
from fakekube.core.meta import Obj
from fakekube.nodes.stages import POD, Kind, Lot, Stages, kind_of
from fakekube.storage.values import Key

if TYPE_CHECKING:
    from fakekube.cluster.composition import Cluster


def give(cluster: Cluster, sources: Sequence[str | Path | Obj], *, beside: bool = False) -> Lot:
    """Have the cluster play the stages of these manifests; ValueError if one cannot be read or played."""
    from fakekube.nodes.stages.reading import read

    lot = Lot(read(manifests.read(*sources)), beside=beside)
    cluster.world.follower(Stages).add(lot)
    _revisit(cluster, lot)
    return lot


def take(cluster: Cluster, lot: Lot) -> None:
    """Have the cluster play them no more."""
    cluster.world.follower(Stages).remove(lot)
    _revisit(cluster, lot)


def _revisit(cluster: Cluster, lot: Lot) -> None:
    kinds = {stage.kind for stage in lot.stages} | {POD}
    cluster.manager.revisit(list(_keys(cluster, kinds)))


def _keys(cluster: Cluster, kinds: set[Kind]) -> Iterable[Key]:
    for resource in cluster.store.resources():
        found = cluster.store.list(resource)
        if found and kind_of(found[0].view) in kinds:
            yield from (stored.key for stored in found)
