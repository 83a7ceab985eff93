"""ClusterRole aggregation: the rules of a role that gathers those of others, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, labels_of
from fakekube.machinery.controller import Controller, Watch, service_account
from fakekube.machinery.plan import NOTHING, Patch, Plan
from fakekube.machinery.selection import matcher
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event, Key

RESOURCE = "clusterroles.rbac.authorization.k8s.io"
GATHERING = Index(RESOURCE, lambda role: (True,) if role.get("aggregationRule") else ())


def reconcile(name: str, world: World) -> Plan:
    """Bring the role's rules to those of all roles that its selectors select, each rule once."""
    role = world.get(RESOURCE, "", name)
    if role is None or not role.get("aggregationRule"):
        return NOTHING
    rules: list[Obj] = []
    for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
        matches = matcher(selector)
        for other in world.list(RESOURCE):
            if other["metadata"]["name"] != name and matches(labels_of(other)):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
    if rules == (role.get("rules") or []):
        return NOTHING
    about = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    return Plan([Patch(Key(RESOURCE, "", name), {**about, "rules": rules}, "apply")])


def _of_role(event: Event, world: World) -> Iterable[str]:
    """Every role that gathers: another's change may concern it."""
    return [role["metadata"]["name"] for role in world.indexed(GATHERING, True)]


CONTROLLER = Controller(
    name="clusterrole-aggregation",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_role),),
    user=service_account("clusterrole-aggregation-controller"),
    component="clusterrole-aggregation-controller",
    field_manager="clusterrole-aggregation-controller",
)
