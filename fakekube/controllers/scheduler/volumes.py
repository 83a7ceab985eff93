"""Volume claims of a pod that is to be placed: where their volumes can be reached, and which to bind with the node."""

from __future__ import annotations

from fakekube.controllers.scheduler.nodes import NodeState
from fakekube.core.meta import Obj, annotations_of, is_deleting
from fakekube.core.quantity import parse
from fakekube.machinery.plan import Change, Patch, Update
from fakekube.machinery.selection import matcher, node_selector
from fakekube.machinery.world import World
from fakekube.storage.values import Key

SELECTED_NODE = "volume.kubernetes.io/selected-node"
BOUND_BY = "pv.kubernetes.io/bound-by-controller"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NOT_FOUND = "node(s) didn't find available persistent volumes to bind"
CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


def claim_names(pod: Obj) -> list[str]:
    """The claims that the pod mounts, ephemeral ones by the name that they will have."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.append(volume["persistentVolumeClaim"]["claimName"])
        elif "ephemeral" in volume:
            found.append(f"{pod['metadata']['name']}-{volume['name']}")
    return found


class Claims:
    """The claims of one pod. `refusal`: why it cannot be placed at all; '' if it can."""

    def __init__(self, pod: Obj, world: World) -> None:
        self._world = world
        self.listed: list[Obj] = []
        self.refusal = ""
        self.waiting: list[Obj] = []
        for name in claim_names(pod):
            claim = world.get("persistentvolumeclaims", pod["metadata"]["namespace"], name)
            self.refusal = self.refusal or _missing(claim, name)
            if claim is not None:
                self.listed.append(claim)
        if not self.refusal:
            self._sort()

    def _sort(self) -> None:
        for claim in self.listed:
            if claim["spec"].get("volumeName") and (claim.get("status") or {}).get("phase") == "Bound":
                continue
            if _delayed(claim, self._world):
                self.waiting.append(claim)
            else:
                self.refusal = UNBOUND

    def conflict(self, state: NodeState) -> str:
        """Why the volumes cannot be had on the node; '' if they can."""
        for claim in self.listed:
            if claim in self.waiting:
                if self._match(claim, state) is None and not _provisioned(claim, self._world):
                    return NOT_FOUND
                continue
            volume = self._world.get("persistentvolumes", "", claim["spec"]["volumeName"])
            if volume is None:
                return NO_VOLUME
            if not reachable(volume, state.obj):
                return CONFLICT
        return ""

    def _match(self, claim: Obj, state: NodeState) -> Obj | None:
        """The smallest free volume that suits the claim and can be reached from the node."""
        suiting = [
            each for each in self._world.list("persistentvolumes") if suits(each, claim) and reachable(each, state.obj)
        ]
        return min(suiting, key=lambda each: parse(each["spec"]["capacity"]["storage"]).nanos, default=None)

    def bindings(self, state: NodeState) -> list[Change]:
        """What has to be written before the pod can be bound to the node."""
        changes: list[Change] = []
        for claim in self.waiting:
            if claim["spec"].get("volumeName") or annotations_of(claim).get(SELECTED_NODE):
                continue
            volume = self._match(claim, state)
            if volume is not None:
                changes.append(Update("persistentvolumes", bound_to(volume, claim)))
            else:
                meta = claim["metadata"]
                key = Key("persistentvolumeclaims", meta["namespace"], meta["name"])
                changes.append(Patch(key, {"metadata": {"annotations": {SELECTED_NODE: state.name}}}))
        return changes


def _missing(claim: Obj | None, name: str) -> str:
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    return f'persistentvolumeclaim "{name}" is being deleted' if is_deleting(claim) else ""


def _class_of(claim: Obj, world: World) -> Obj | None:
    name = claim["spec"].get("storageClassName")
    return world.get("storageclasses.storage.k8s.io", "", name) if name else None


def _delayed(claim: Obj, world: World) -> bool:
    found = _class_of(claim, world)
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def _provisioned(claim: Obj, world: World) -> bool:
    found = _class_of(claim, world)
    return found is not None and found["provisioner"] != NO_PROVISIONER


def reachable(volume: Obj, node: Obj | None) -> bool:
    """Whether the volume can be used on the node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or (node is not None and node_selector(required)(node))


def suits(volume: Obj, claim: Obj) -> bool:
    """Whether an unused volume fulfils the claim: class, modes, size and selector."""
    spec, wanted = volume["spec"], claim["spec"]
    reference = spec.get("claimRef")
    meta = claim["metadata"]
    if reference is not None:
        named = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
        return named and reference.get("uid") in (None, meta["uid"])
    if is_deleting(volume) or (spec.get("storageClassName") or "") != (wanted.get("storageClassName") or ""):
        return False
    if (spec.get("volumeMode") or "Filesystem") != (wanted.get("volumeMode") or "Filesystem"):
        return False
    if not set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ()):
        return False
    if wanted.get("selector") and not matcher(wanted["selector"])(volume["metadata"].get("labels") or {}):
        return False
    return parse(spec["capacity"]["storage"]) >= parse(wanted["resources"]["requests"]["storage"])


def bound_to(volume: Obj, claim: Obj) -> Obj:
    """The volume with a reference to the claim that it is for."""
    meta = claim["metadata"]
    reference = {
        "kind": "PersistentVolumeClaim",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "v1",
        "resourceVersion": meta["resourceVersion"],
    }
    annotations = {**annotations_of(volume), BOUND_BY: "yes"}
    return {
        **volume,
        "metadata": {**volume["metadata"], "annotations": annotations},
        "spec": {**volume["spec"], "claimRef": reference},
    }
