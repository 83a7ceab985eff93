"""Devices that a pod claims (dynamic resource allocation). None are allocated here: a claim that somebody else has
allocated counts, with its nodes; for any other there is nothing to be had, and the pod is told so.

Words are those of the plugin DynamicResources.
"""

from __future__ import annotations

from fakekube.controllers.scheduler import DEVICE_CLAIMS, DEVICE_CLASSES
from fakekube.controllers.scheduler.nodes import NodeState
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.plan import Change, Patch
from fakekube.machinery.selection import node_selector
from fakekube.machinery.world import World
from fakekube.storage.values import Key

UNALLOCATED = "cannot allocate all claims"
ELSEWHERE = "resourceclaim not available on the node"


class Devices:
    """The resource claims of one pod. `waits`: whether one of them is yet to be made; `refusal`: why it cannot be
    placed at all."""

    def __init__(self, pod: Obj, world: World) -> None:
        self._pod = pod
        self.listed: list[Obj] = []
        self.waits = False
        self.refusal = ""
        for entry in pod["spec"].get("resourceClaims") or ():
            name = _name_of(entry, pod)
            claim = world.get(DEVICE_CLAIMS, pod["metadata"]["namespace"], name) if name else None
            if name is None or (name and (claim is None or is_deleting(claim))):
                self.waits = True
            elif claim is not None:
                self.listed.append(claim)
                self.refusal = self.refusal or _without_class(claim, world)

    def conflict(self, state: NodeState) -> str:
        """Why the devices cannot be had on the node; '' if they can."""
        for claim in self.listed:
            allocation = (claim.get("status") or {}).get("allocation")
            if allocation is None:
                return UNALLOCATED
            selector = allocation.get("nodeSelector")
            if selector is not None and (state.obj is None or not node_selector(selector)(state.obj)):
                return ELSEWHERE
        return ""

    def reservations(self) -> list[Change]:
        """What is written before the pod is bound: the claims are reserved for it."""
        meta = self._pod["metadata"]
        consumer = {"resource": "pods", "name": meta["name"], "uid": meta["uid"]}
        changes: list[Change] = []
        for claim in self.listed:
            status = claim.get("status") or {}
            reserved = status.get("reservedFor") or []
            if all(each["uid"] != meta["uid"] for each in reserved):
                key = Key(DEVICE_CLAIMS, meta["namespace"], claim["metadata"]["name"])
                changes.append(Patch(key, {"status": {"reservedFor": [*reserved, consumer]}}, "merge", "status"))
        return changes


def _name_of(entry: Obj, pod: Obj) -> str | None:
    """The claim's name; None if it is yet to be made of its template, '' if there is to be none."""
    if entry.get("resourceClaimName"):
        return str(entry["resourceClaimName"])
    for each in (pod.get("status") or {}).get("resourceClaimStatuses") or ():
        if each["name"] == entry["name"]:
            return str(each.get("resourceClaimName") or "")
    return None


def _without_class(claim: Obj, world: World) -> str:
    if (claim.get("status") or {}).get("allocation") is not None:
        return ""
    for request in (claim["spec"].get("devices") or {}).get("requests") or ():
        options = [request.get("exactly")] if request.get("exactly") else request.get("firstAvailable") or []
        for option in options:
            name = option.get("deviceClassName")
            if name and world.get(DEVICE_CLASSES, "", name) is None:
                path = request["name"] if "exactly" in request else f"{request['name']}/{option['name']}"
                return f"request {path}: device class {name} does not exist"
    return ""
