"""ResourceQuota: nothing is stored that takes a namespace beyond what a quota allows.

The limits are those of the quota's status, which its controller has copied there; what is used is counted anew for each
request, so that no two requests can share what is left. The rules are those of
k8s.io/apiserver/pkg/admission/plugin/resourcequota.
"""

from __future__ import annotations

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import listed, refused
from fakekube.core import quotas
from fakekube.core.meta import Obj
from fakekube.core.podresources import Amounts, add_amounts
from fakekube.core.quantity import ZERO, parse

GROWING = frozenset({quotas.SERVICES, quotas.CLAIMS, quotas.DEVICE_CLAIMS})
"""Kinds of which an update may use more than before. Pods do so through their resize subresource alone."""


class ResourceQuota(Plugin):
    name = "ResourceQuota"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        if resource_id in quotas.UNCOUNTED:
            return False
        if operation == CREATE:
            return not subresource
        grows = (resource_id in GROWING and not subresource) or (resource_id == quotas.PODS and subresource == "resize")
        return operation == UPDATE and grows

    def handles(self, attributes: Attributes) -> bool:
        return attributes.obj is not None and bool(attributes.namespace)

    async def validate(self, attributes: Attributes, context: Context) -> None:
        resource, obj = attributes.resource.id, attributes.obj or {}
        asked: Amounts | None = None
        for quota in listed(context.store, "resourcequotas", attributes.namespace):
            hard = (quota.get("status") or {}).get("hard") or {}
            limits = quotas.limits_on(resource, hard)
            if not limits or not quotas.fits_scopes(quota["spec"], resource, obj):
                continue
            name = quota["metadata"]["name"]
            missing = quotas.unsaid(limits, obj) if resource == quotas.PODS else ""
            if missing:
                raise refused(attributes, f"failed quota: {name}: {missing}")
            if asked is None:
                asked = _more(attributes, context.clock.now())
            wanted = {limit: asked[limit] for limit in limits if asked.get(limit, ZERO) > ZERO}
            if wanted:
                _refuse_excess(attributes, context, quota, hard, wanted)


def _more(attributes: Attributes, now: float) -> Amounts:
    """What the object uses beyond what it already does."""
    resource = attributes.resource.id
    used = quotas.usage(resource, attributes.obj or {}, now)
    if attributes.old is None:
        return used
    before = quotas.usage(resource, attributes.old, now)
    return {name: amount - before.get(name, ZERO) for name, amount in used.items()}


def _refuse_excess(attributes: Attributes, context: Context, quota: Obj, hard: Obj, wanted: Amounts) -> None:
    resource, now, used = attributes.resource.id, context.clock.now(), Amounts()
    for obj in listed(context.store, resource, attributes.namespace):
        if quotas.fits_scopes(quota["spec"], resource, obj):
            add_amounts(used, quotas.usage(resource, obj, now))
    limits = {name: parse(hard[name]) for name in wanted}
    used = {name: used.get(name, ZERO) for name in wanted}
    exceeded = sorted(name for name in wanted if limits[name] < used[name] + wanted[name])
    if not exceeded:
        return
    parts = (("requested", wanted), ("used", used), ("limited", limits))
    told = [f"{word}: " + ",".join(f"{name}={amounts[name]}" for name in exceeded) for word, amounts in parts]
    raise refused(attributes, ", ".join((f"exceeded quota: {quota['metadata']['name']}", *told)))
