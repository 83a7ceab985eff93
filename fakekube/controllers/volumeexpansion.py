"""Growing volumes: a claim that asks for more gets it from the provisioners that are played here; others are told of.

First the volume grows, then what is on it when a pod that mounts it runs, as with a CSI driver. Rules and words:
kubernetes/pkg/controller/volume/expand and the CSI external-resizer.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, annotations_of, time_text
from fakekube.core.quantity import parse
from fakekube.machinery import volumes
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan
from fakekube.machinery.volumes import BY_CLAIM, CLAIMS, PROVISIONED_BY, VOLUMES
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESIZING, PENDING = "Resizing", "FileSystemResizePending"
RESTART = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


def reconcile(key: NamedKey, world: World) -> Plan:
    """Go on with the claim's growth, or say that it is another's to do."""
    claim = world.get(CLAIMS, *key)
    volume = world.get(VOLUMES, "", claim["spec"].get("volumeName") or "") if claim is not None else None
    if claim is None or volume is None or not volumes.names(volume, claim):
        return NOTHING
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    if parse(wanted) <= parse(_capacity(claim)):
        return NOTHING
    if parse(volume["spec"]["capacity"]["storage"]) < parse(wanted):
        text = "waiting for an external controller to expand this PVC"
        told = Emit(claim, "ExternalExpanding", text)
        played = volumes.played(annotations_of(volume).get(PROVISIONED_BY, ""), world)
        return Plan([told, *_grow(claim, volume, wanted, world)] if played else [told])
    return Plan(_finish(claim, volume, world))


def _capacity(claim: Obj) -> str | None:
    found: str | None = ((claim.get("status") or {}).get("capacity") or {}).get("storage")
    return found


def _grow(claim: Obj, volume: Obj, wanted: str, world: World) -> list[Change]:
    name = volume["metadata"]["name"]
    return [
        _status(claim, world, RESIZING, "", wanted, "ControllerResizeInProgress"),
        Emit(claim, "Resizing", f"External resizer is resizing volume {name}"),
        Patch(Key(VOLUMES, "", name), {"spec": {"capacity": {"storage": wanted}}}, "merge"),
        _status(claim, world, PENDING, RESTART, wanted, "NodeResizePending"),
        Emit(claim, "FileSystemResizeRequired", "Require file system resize of volume on node"),
    ]


def _status(claim: Obj, world: World, kind: str, message: str, wanted: str, state: str) -> Change:
    entry = {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": time_text(world.now())}
    if message:
        entry["message"] = message
    status = {
        "conditions": [*_others(claim), entry],
        "allocatedResources": {"storage": wanted},
        "allocatedResourceStatuses": {"storage": state},
    }
    return _patch(claim, status)


def _others(claim: Obj) -> list[Obj]:
    listed = (claim.get("status") or {}).get("conditions") or ()
    return [each for each in listed if each["type"] not in (RESIZING, PENDING)]


def _patch(claim: Obj, status: Obj) -> Change:
    return Patch(
        Key(CLAIMS, claim["metadata"]["namespace"], claim["metadata"]["name"]), {"status": status}, "merge", "status"
    )


def _finish(claim: Obj, volume: Obj, world: World) -> list[Change]:
    """What is on the volume grows on the node where a pod mounts it."""
    place = (claim["metadata"]["namespace"], claim["metadata"]["name"])
    running = [pod for pod in world.indexed(BY_CLAIM, place) if (pod.get("status") or {}).get("phase") == "Running"]
    if not running:
        return []
    status = {
        "capacity": volume["spec"]["capacity"],
        "conditions": _others(claim) or None,
        "allocatedResources": volume["spec"]["capacity"],
        "allocatedResourceStatuses": None,
    }
    name, node = volume["metadata"]["name"], running[0]["spec"]["nodeName"]
    text = f'MountVolume.NodeExpandVolume succeeded for volume "{name}" {node}'
    return [_patch(claim, status), *(Emit(about, "FileSystemResizeSuccessful", text) for about in (running[0], claim))]


def _of_claim(event: Event, world: World) -> Iterable[NamedKey]:
    """A claim that comes, is bound or asks for more."""
    before, after = event.before, event.after
    if after is None:
        return
    if before is None or _asked(before.view) != _asked(after.view):
        yield NamedKey(event.key.namespace, event.key.name)


def _asked(claim: Obj) -> object:
    return claim["spec"].get("volumeName"), (claim["spec"].get("resources") or {}).get("requests")


def _of_volume(event: Event, world: World) -> Iterable[NamedKey]:
    """The claim of a volume that has grown, by our hand or another's."""
    before, after = event.before, event.after
    if before is None or after is None or before.view["spec"].get("capacity") == after.view["spec"].get("capacity"):
        return
    reference = after.view["spec"].get("claimRef")
    if reference is not None:
        yield NamedKey(reference.get("namespace", ""), reference.get("name", ""))


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The claims of a pod that has come to run."""
    before, after = event.before, event.after
    if after is None or (after.view.get("status") or {}).get("phase") != "Running":
        return ()
    if before is not None and (before.view.get("status") or {}).get("phase") == "Running":
        return ()
    return [NamedKey(*each) for each in volumes.places(after.view)]


CONTROLLER = Controller(
    name="persistentvolume-expander",
    reconcile=reconcile,
    watches=(Watch(CLAIMS, _of_claim), Watch(VOLUMES, _of_volume), Watch("pods", _of_pod)),
    user=service_account("expand-controller"),
    component="volume_expand",
)
