"""StatefulSet: pods with names, made and updated in the order of their numbers, and their claims."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    its_controller_or_adopter,
    itself,
    service_account,
)
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event

RESOURCE = "statefulsets.apps"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the pods and claims of a StatefulSet to what it asks for."""
    from fakekube.controllers.statefulset.round import reconcile as decide

    return decide(key, world)


def _of_claim(event: Event, world: World) -> Iterable[NamedKey]:
    """The StatefulSet of a pod that waits for its claim."""
    for stored in world.store.list(RESOURCE, event.key.namespace):
        for template in stored.view["spec"].get("volumeClaimTemplates") or ():
            if event.key.name.startswith(f"{template['metadata']['name']}-{stored.key.name}-"):
                yield NamedKey(stored.key.namespace, stored.key.name)
                break


CONTROLLER = Controller(
    name="statefulset",
    reconcile=reconcile,
    watches=(
        Watch(RESOURCE, itself),
        Watch("pods", its_controller_or_adopter("StatefulSet", "apps", RESOURCE)),
        Watch("controllerrevisions.apps", its_controller("StatefulSet", "apps")),
        Watch("persistentvolumeclaims", _of_claim),
    ),
    user=service_account("statefulset-controller"),
    component="statefulset-controller",
)
