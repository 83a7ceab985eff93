"""Deployment: a ReplicaSet for each template it has had, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller_or_adopter,
    itself,
    service_account,
)
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take a Deployment a step on towards its template."""
    from fakekube.controllers.deployment.rollout import reconcile as decide

    return decide(key, world)


def _of_gone_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The Deployment of a pod that went, if it recreates: it waits until the last old pod is gone."""
    if event.after is not None or event.before is None:
        return ()
    above = event.before.controller
    if above is None or above["kind"] != "ReplicaSet":
        return ()
    owner = world.store.get(Key("replicasets.apps", event.key.namespace, above["name"]))
    over = owner.controller if owner is not None else None
    if over is None or over["kind"] != "Deployment":
        return ()
    found = world.store.get(Key("deployments.apps", event.key.namespace, over["name"]))
    if found is None or found.view["spec"]["strategy"]["type"] != "Recreate":
        return ()
    return (NamedKey(event.key.namespace, over["name"]),)


CONTROLLER = Controller(
    name="deployment",
    reconcile=reconcile,
    watches=(
        Watch("deployments.apps", itself),
        Watch("replicasets.apps", its_controller_or_adopter("Deployment", "apps", "deployments.apps")),
        Watch("pods", _of_gone_pod),
    ),
    user=service_account("deployment-controller"),
    component="deployment-controller",
)
