"""Volume claims of a pod that is to be placed: where their volumes can be reached, and which to bind with the node."""

from __future__ import annotations

from fakekube.controllers.scheduler.nodes import NodeState
from fakekube.core.meta import Obj, annotations_of, is_deleting
from fakekube.machinery import volumes
from fakekube.machinery.plan import Change, Patch, Update
from fakekube.machinery.volumes import CLAIMS, NO_PROVISIONER, SELECTED_NODE, VOLUMES
from fakekube.machinery.world import World
from fakekube.storage.values import Key

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NOT_FOUND = "node(s) didn't find available persistent volumes to bind"
CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


class Claims:
    """The claims of one pod. `refusal`: why it cannot be placed at all; '' if it can."""

    def __init__(self, pod: Obj, world: World) -> None:
        self._world = world
        self.listed: list[Obj] = []
        self.refusal = ""
        self.waiting: list[Obj] = []
        listed = pod["spec"].get("volumes") or ()
        made = {f"{pod['metadata']['name']}-{each['name']}" for each in listed if each.get("ephemeral")}
        for name in volumes.mounted(pod):
            claim = world.get(CLAIMS, pod["metadata"]["namespace"], name)
            self.refusal = self.refusal or _missing(claim, name, ephemeral=name in made)
            if claim is not None:
                self.listed.append(claim)
        if not self.refusal:
            self._sort()

    def _sort(self) -> None:
        for claim in self.listed:
            if claim["spec"].get("volumeName") and (claim.get("status") or {}).get("phase") == "Bound":
                continue
            if volumes.waits_for_consumer(claim, self._world):
                self.waiting.append(claim)
            else:
                self.refusal = UNBOUND

    def conflict(self, state: NodeState) -> str:
        """Why the volumes cannot be had on the node; '' if they can."""
        for claim in self.listed:
            if claim in self.waiting:
                if self._unsuited(claim, state):
                    return NOT_FOUND
                continue
            volume = self._world.get(VOLUMES, "", claim["spec"]["volumeName"])
            if volume is None:
                return NO_VOLUME
            if not volumes.reachable(volume, state.obj):
                return CONFLICT
        return ""

    def _match(self, claim: Obj, state: NodeState) -> Obj | None:
        return volumes.best(self._world.list(VOLUMES), claim, state.obj, delayed=True)

    def _unsuited(self, claim: Obj, state: NodeState) -> bool:
        """Whether the claim has no volume for the node, and none can be made there."""
        chosen = annotations_of(claim).get(SELECTED_NODE)
        if chosen and chosen != state.name:
            return True
        if not chosen and self._match(claim, state) is not None:
            return False
        found = volumes.class_of(claim, self._world)
        if found is None or found["provisioner"] == NO_PROVISIONER:
            return True
        return not volumes.topology_met(found, state.obj)

    def bindings(self, state: NodeState) -> list[Change]:
        """What has to be written before the pod can be bound to the node."""
        changes: list[Change] = []
        for claim in self.waiting:
            if claim["spec"].get("volumeName") or annotations_of(claim).get(SELECTED_NODE):
                continue
            volume = self._match(claim, state)
            if volume is None:
                meta = claim["metadata"]
                key = Key(CLAIMS, meta["namespace"], meta["name"])
                changes.append(Patch(key, {"metadata": {"annotations": {SELECTED_NODE: state.name}}}))
            elif not volumes.names(volume, claim):
                changes.append(Update(VOLUMES, volumes.bound_to(volume, claim)))
        return changes


def _missing(claim: Obj | None, name: str, *, ephemeral: bool) -> str:
    if claim is None and ephemeral:
        return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    return f'persistentvolumeclaim "{name}" is being deleted' if is_deleting(claim) else ""
