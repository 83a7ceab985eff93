"""kube-root-ca.crt: a ConfigMap in every namespace with the authority that pods are to trust."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Create, Plan, Update
from fakekube.machinery.world import World
from fakekube.storage.values import Event

NAME = "kube-root-ca.crt"
DESCRIPTION = "kubernetes.io/description"
TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def reconcile(key: NamedKey, world: World) -> Plan:
    """Make the ConfigMap, or set it back to what it should hold."""
    if world.terminating(key.name):
        return NOTHING
    data = {"ca.crt": world.settings.root_ca}
    found = world.get("configmaps", key.name, NAME)
    if found is None:
        meta: Obj = {"name": NAME, "namespace": key.name, "annotations": {DESCRIPTION: TEXT}}
        return Plan([Create("configmaps", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta, "data": data})])
    told = found["metadata"].get("annotations") or {}
    if found.get("data") == data and told.get(DESCRIPTION):
        return NOTHING
    meta = {**found["metadata"], "annotations": {**told, DESCRIPTION: TEXT}}
    return Plan([Update("configmaps", {**found, "metadata": meta, "data": data})])


def _of_configmap(event: Event, world: World) -> Iterable[NamedKey]:
    return (NamedKey("", event.key.namespace),) if event.key.name == NAME else ()


CONTROLLER = Controller(
    name="root-ca",
    reconcile=reconcile,
    watches=(Watch("namespaces", itself), Watch("configmaps", _of_configmap)),
    user=service_account("root-ca-cert-publisher"),
    component="root-ca-cert-publisher",
)
