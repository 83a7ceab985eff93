"""Stages as KWOK writes them (kwok.x-k8s.io/v1alpha1, kind Stage): `reading` compiles them, `playing` plays them.

They are handed in (as a Lot), or are objects of the cluster's API where Stage is defined (`definition`, `admission`).
This module alone is loaded with a cluster; the rest when there are stages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from fakekube.core.meta import Obj, annotations_of, split_api_version
from fakekube.machinery.world import World
from fakekube.storage.store import Store
from fakekube.storage.values import Event, Key

if TYPE_CHECKING:
    from fakekube.nodes.stages.reading import Stage

Kind = tuple[str, str]
"""Group and kind."""
POD: Kind = ("", "Pod")
NODE: Kind = ("", "Node")
GROUP = "kwok.x-k8s.io"
STAGES = f"stages.{GROUP}"
"""The resource of stages that come through the API."""
BESIDE = "fakekube/beside"
"""The annotation 'true' on a Stage object for pods: pods live on as usual where the stage does not say otherwise."""


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
        self._objects: dict[Key, Lot] = {}
        self.of: dict[Kind, list[Stage]] = {}
        self.turns: dict[Key, Turn] = {}
        self.replaces_pods = False
        """Pods live by stages alone."""

    def apply(self, event: Event) -> None:
        """What is gone waits for nothing; a Stage object counts while it is there."""
        if event.after is None and self.turns:
            self.turns.pop(event.key, None)
        if event.key.resource == STAGES:
            self._follow(event)

    def _follow(self, event: Event) -> None:
        from fakekube.nodes.stages.faults import StageError
        from fakekube.nodes.stages.reading import read

        after = event.after
        if after is None:
            self._objects.pop(event.key, None)
        else:
            try:  # admission has judged it; what was stored before that plays no part
                stages = read([after.view])
            except StageError:
                stages = []
            self._objects[event.key] = Lot(stages, beside=annotations_of(after.view).get(BESIDE) == "true")
        self._collect()

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
        lots = [*self._lots, *(self._objects[key] for key in sorted(self._objects))]
        for lot in lots:
            for stage in lot.stages:
                self.of.setdefault(stage.kind, []).append(stage)
        self.replaces_pods = any(stage.kind == POD for lot in lots if not lot.beside for stage in lot.stages)


def keys_of(kinds: set[Kind], store: Store) -> Iterable[Key]:
    """The objects of these kinds."""
    for resource in store.resources():
        found = store.list(resource)
        if found and kind_of(found[0].view) in kinds:
            yield from (stored.key for stored in found)


def kinds_of(event: Event) -> set[Kind]:
    """The kinds that a Stage object is and was about."""
    found = set()
    for stored in (event.before, event.after):
        reference = ((stored.view.get("spec") or {}) if stored is not None else {}).get("resourceRef") or {}
        if reference.get("kind"):
            found.add((split_api_version(reference.get("apiGroup") or "v1")[0], reference["kind"]))
    return found


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
