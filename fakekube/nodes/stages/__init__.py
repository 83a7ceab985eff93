"""Stages as KWOK writes them (kwok.x-k8s.io/v1alpha1, kind Stage): `reading` compiles them, `playing` plays them.

This module alone is loaded with a cluster; the rest when there are stages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from fakekube.core.meta import Obj, split_api_version
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

if TYPE_CHECKING:
    from fakekube.nodes.stages.reading import Stage

Kind = tuple[str, str]
"""Group and kind."""
POD: Kind = ("", "Pod")
NODE: Kind = ("", "Node")


class Turn(NamedTuple):
    """The stage that was chosen for an object at a revision, and when it is due; `played`: and has been."""

    revision: int
    stage: Stage | None
    due: float
    played: bool = False


class Lot:
    """Stages that were given together. `beside`: pods live on as usual where no stage of this lot says otherwise."""

    def __init__(self, stages: Iterable[Stage], *, beside: bool) -> None:
        self.stages = tuple(stages)
        self.beside = beside


class Stages:
    """The stages of a cluster, and which stage each object waits for."""

    def __init__(self, world: World) -> None:
        self._lots: list[Lot] = []
        self.of: dict[Kind, list[Stage]] = {}
        self.turns: dict[Key, Turn] = {}
        self.replaces_pods = False
        """Pods live by stages alone."""

    def apply(self, event: Event) -> None:
        """What is gone waits for nothing."""
        if event.after is None and self.turns:
            self.turns.pop(event.key, None)

    def add(self, lot: Lot) -> None:
        """From now on these count, too."""
        self._lots.append(lot)
        self._collect()

    def remove(self, lot: Lot) -> None:
        """From now on these count no more."""
        if lot in self._lots:
            self._lots.remove(lot)
            self._collect()

    def _collect(self) -> None:
        self.turns.clear()
        self.of.clear()
        for lot in self._lots:
            for stage in lot.stages:
                self.of.setdefault(stage.kind, []).append(stage)
        self.replaces_pods = any(stage.kind == POD for lot in self._lots if not lot.beside for stage in lot.stages)


def holds_pod(key: Key, world: World) -> bool:
    """Whether stages say what becomes of the pod: all pods if they are not beside the usual life, else those that wait
    for a stage."""
    stages = world.follower(Stages)
    if stages.replaces_pods or POD not in stages.of:
        return stages.replaces_pods
    from fakekube.nodes.stages.playing import turn_of

    turn = turn_of(key, world)
    return turn is not None and turn.stage is not None and not turn.played


def kind_of(obj: Obj) -> Kind:
    """The group and kind of an object."""
    return split_api_version(obj["apiVersion"])[0], obj["kind"]
