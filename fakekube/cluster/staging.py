"""Stages given to a cluster, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fakekube import manifests
from fakekube.core.meta import Obj
from fakekube.nodes.stages import POD, Lot, Stages, keys_of

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
    cluster.manager.revisit(list(keys_of(kinds, cluster.store)))
