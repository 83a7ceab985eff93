"""ResourceQuota: the limits in force and how much of them is used, counted from what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from fakekube.core import quotas
from fakekube.core.meta import Obj
from fakekube.core.podresources import Amounts, add_amounts
from fakekube.core.quantity import ZERO, parse
from fakekube.machinery.controller import ANY, Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Plan, UpdateStatus
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Event

RESOURCE = "resourcequotas"
SOON = 1.0
"""A pod is overdue when its time has passed, and times are whole seconds."""
RECOUNT_SECONDS = 300.0
"""What was charged at admission for an object that did not come about is given back after this time."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Copy the limits to the status, and count."""
    quota = world.get(RESOURCE, *key)
    if quota is None:
        return NOTHING
    hard = quota["spec"].get("hard") or {}
    old = quota.get("status") or {}
    used = {**(old.get("used") or {}), **_used(key.namespace, quota["spec"], hard, world)}
    used = {name: amount for name, amount in used.items() if name in hard}
    after = min(RECOUNT_SECONDS, _next_overdue(key.namespace, hard, world))
    if _same(old.get("hard"), hard) and _same(old.get("used"), used):
        return Plan(after=after)
    return Plan([UpdateStatus(RESOURCE, status_update(quota, {"hard": hard, "used": used}))], after)


def _same(one: Obj | None, other: Obj) -> bool:
    return (
        one is not None and one.keys() == other.keys() and all(parse(one[name]) == parse(other[name]) for name in one)
    )


def _used(namespace: str, spec: Obj, hard: Obj, world: World) -> dict[str, str]:
    """The amounts in use of all limits that something counts against."""
    used: dict[str, str] = {}
    for resource in {kind for kind in map(quotas.counted_kind, hard) if kind is not None}:
        stored = world.scheme.stored(resource)
        if stored is None or not stored.namespaced or resource in quotas.UNCOUNTED:
            continue
        total: Amounts = {}
        for obj in world.list(resource, namespace):
            if quotas.fits_scopes(spec, resource, obj):
                add_amounts(total, quotas.usage(resource, obj, world.now()))
        used |= {name: str(total.get(name, ZERO)) for name in quotas.limits_on(resource, hard)}
    return used


def _next_overdue(namespace: str, hard: Obj, world: World) -> float:
    """Seconds until a pod whose deletion takes too long no longer counts."""
    if not any(quotas.counted_kind(name) == quotas.PODS for name in hard):
        return inf
    times = [quotas.overdue_at(pod.view["metadata"]) for pod in world.pods_in(namespace) if pod.deleting]
    return min((at + SOON - world.now() for at in times if at >= world.now()), default=inf)


def _of_quota(event: Event, world: World) -> Iterator[NamedKey]:
    """The quota, unless only its status was written."""
    before, after = event.before, event.after
    if after is not None and (before is None or before.view["spec"] != after.view["spec"]):
        yield NamedKey(event.key.namespace, event.key.name)


def _of_any(event: Event, world: World) -> Iterable[NamedKey]:
    """The quotas of the namespace, where something came, went, ended or asks for another amount."""
    quotas_there = world.store.list(RESOURCE, event.key.namespace) if event.key.namespace else ()
    if not quotas_there or not _counts_differently(event):
        return ()
    resource = event.key.resource
    return [
        NamedKey(stored.key.namespace, stored.key.name)
        for stored in quotas_there
        if any(quotas.counted_kind(name) == resource for name in stored.view["spec"].get("hard") or ())
    ]


def _counts_differently(event: Event) -> bool:
    before, after = event.before, event.after
    if before is None or after is None:
        return True
    if event.key.resource != quotas.PODS:
        return event.key.resource in (quotas.SERVICES, quotas.CLAIMS, quotas.DEVICE_CLAIMS)
    old, new = before.view, after.view
    return (
        (old.get("status") or {}).get("phase") != (new.get("status") or {}).get("phase")
        or old["metadata"].get("deletionTimestamp") != new["metadata"].get("deletionTimestamp")
        or old["metadata"].get("generation") != new["metadata"].get("generation")
    )


CONTROLLER = Controller(
    name="resourcequota",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_quota), Watch(ANY, _of_any)),
    user=service_account("resourcequota-controller"),
    component="resourcequota-controller",
)
