"""ServiceAccounts: every namespace has one named default."""

from __future__ import annotations

from fakekube.machinery.controller import Controller, NamedKey, Watch, its_namespace, itself, service_account
from fakekube.machinery.plan import NOTHING, Create, Plan
from fakekube.machinery.world import World

NAME = "default"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Make the namespace's default account, unless the namespace is going."""
    if world.terminating(key.name) or world.get("serviceaccounts", key.name, NAME) is not None:
        return NOTHING
    account = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": NAME, "namespace": key.name}}
    return Plan([Create("serviceaccounts", account)])


CONTROLLER = Controller(
    name="serviceaccount",
    reconcile=reconcile,
    watches=(Watch("namespaces", itself), Watch("serviceaccounts", its_namespace)),
    user=service_account("service-account-controller"),
    component="service-account-controller",
)
