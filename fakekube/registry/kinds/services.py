"""Services: many fields follow from others, addresses and ports come from shared ranges, and a type can be changed."""

from __future__ import annotations

from fakekube.core import addresses, names
from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.registry import allocation, fields
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.kinds.service_families import choose_addresses, owner_of, refuse, settle_families
from fakekube.registry.kinds.service_ports import choose_ports, keep_ports, needs_health_port, needs_node_ports, numbers
from fakekube.registry.kinds.service_rules import (
    balancer_status_faults,
    is_external,
    service_faults,
    service_warnings,
    update_faults,
)
from fakekube.registry.strategy import Context, Undo
from fakekube.storage.values import Key

AFFINITY_SECONDS = 10800
PARENT_FAMILY, PARENT_MANAGER = "ipaddress.kubernetes.io/ip-family", "ipaddress.kubernetes.io/managed-by"
ALLOCATOR = "ipallocator.k8s.io"
SERVER = "kube-apiserver"
"""The field manager of what the server writes by itself."""


class ServiceStrategy(SelectableStrategy):
    """PUT creates; DELETE answers the object, and takes the Endpoints of the same name along."""

    create_on_update = True
    generation_fields = None
    answers_deleted_object = True
    follows_up = True
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        "spec.clusterIP": lambda obj: (obj.get("spec") or {}).get("clusterIP") or "",
        "spec.type": lambda obj: (obj.get("spec") or {}).get("type") or "",
    }

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """A DNS label; a digit may come first."""
        return names.dns1123_label(names.masked(name) if prefix else name)

    def default(self, obj: Obj) -> None:
        """Type, affinity, ports and policies."""
        spec = obj.setdefault("spec", {})
        spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
        _default_affinity(spec)
        kind = spec["type"] = spec.get("type") or "ClusterIP"
        for port in spec.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"
            if port.get("targetPort") in (None, 0, ""):
                port["targetPort"] = port.get("port", 0)
        if is_external(spec) and not spec.get("externalTrafficPolicy"):
            spec["externalTrafficPolicy"] = "Cluster"
        if kind in ("NodePort", "LoadBalancer", "ClusterIP"):
            fill(spec, "internalTrafficPolicy", "Cluster")
        if kind == "LoadBalancer":
            fill(spec, "allocateLoadBalancerNodePorts", True)
            for each in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
                if each.get("ip"):
                    fill(each, "ipMode", "VIP")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Find families, addresses and ports. Raises StatusError where they cannot be had."""
        obj["status"] = {"loadBalancer": {}}
        spec = obj["spec"]
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        settle_families(context, obj, None)
        choose_addresses(context, obj, None)
        choose_ports(context, obj, None)
        _forget_internal_policy(spec)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """Keep what was allocated and is left out, allocate what is new, and wipe what the type no longer has."""
        spec, then = obj["spec"], old.get("spec") or {}
        _keep_addresses(spec, then)
        keep_ports(spec, then)
        _normalize_addresses(spec, then)
        settle_families(context, obj, old)
        choose_addresses(context, obj, old)
        choose_ports(context, obj, old)
        _wipe(obj, spec, then)
        _forget_internal_policy(spec)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """The rules for any Service."""
        return service_faults(obj, None)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What may not change, then the rules for any Service."""
        return update_faults(obj, old)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The addresses that a load balancer gave."""
        found, before = ((each.get("status") or {}).get("loadBalancer") or {} for each in (obj, old))
        return balancer_status_faults(found, before, (obj.get("spec") or {}).get("type", ""))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Deprecated and ignored fields, or addresses in the status that are spelt oddly."""
        if context.request.subresource != "status":
            return service_warnings(obj)
        found = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        texts = [
            addresses.ip_warnings(f"status.loadBalancer.ingress[{index}]", each["ip"])
            for index, each in enumerate(found)
            if each.get("ip")
        ]
        return [text for group in texts for text in group]

    def allocate(self, context: Context, obj: Obj, old: Obj | None) -> Undo | None:
        """See that nobody else took what was chosen while webhooks were asked; what is held follows from the store."""
        if context.request.dry_run:
            return None
        owner, shown = owner_of(obj), obj["spec"].get("clusterIPs")
        for text in set(allocation.addresses_of(obj)) - set(allocation.addresses_of(old or {})):
            if why := allocation.address_fault(context.store, text, owner):
                refuse(obj, [invalid("spec.clusterIPs", shown, f"failed to allocate IP {text}: {why}")])
        for port in allocation.ports_of(obj) - allocation.ports_of(old or {}):
            if why := allocation.port_fault(context.store, port, owner):
                refuse(obj, [invalid("spec.ports", port, why)])
        return None

    async def follow_up(self, context: Context, before: Obj | None, after: Obj | None) -> None:
        """Keep an IPAddress for each cluster IP; with the service go the Endpoints of its name."""
        held = set(allocation.addresses_of(before or {}))
        wanted = set(allocation.addresses_of(after or {}))
        for text in sorted(wanted - held):
            await _keep_address(context, after or {}, text)
        for text in sorted(held - wanted):
            await _drop(context, Key(allocation.ADDRESSES, "", text), owner_of(before or {}))
        if after is None and before is not None:
            await _drop(context, Key("endpoints", namespace_of(before), name_of(before)), None)


def _default_affinity(spec: Obj) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}}


def _forget_internal_policy(spec: Obj) -> None:
    """ExternalName services show none; a wrong one is left for validation to refuse."""
    if spec.get("type") == "ExternalName" and spec.get("internalTrafficPolicy") in ("Cluster", "Local"):
        del spec["internalTrafficPolicy"]


def _keep_addresses(spec: Obj, then: Obj) -> None:
    """An update that leaves the addresses out keeps them."""
    if "ExternalName" in (spec.get("type"), then.get("type")):
        return
    if not spec.get("clusterIP") and then.get("clusterIP"):
        spec["clusterIP"] = then["clusterIP"]
    if not spec.get("clusterIPs") and then.get("clusterIPs"):
        spec["clusterIPs"] = list(then["clusterIPs"])


def _normalize_addresses(spec: Obj, then: Obj) -> None:
    """A client that knows only clusterIP, or only changes it, means the list as well."""
    new, old = spec.get("clusterIP") or "", then.get("clusterIP") or ""
    many, before = spec.get("clusterIPs") or [], then.get("clusterIPs") or []
    if before and not many and new == old:
        spec["clusterIPs"] = list(before)
    elif new != old and many == before:
        if new:
            spec["clusterIPs"] = [new]
        elif old:
            spec.pop("clusterIPs", None)


def _wipe(obj: Obj, spec: Obj, then: Obj) -> None:
    """Drop what the type no longer has, unless the user changed it as well (then validation refuses it)."""
    if then.get("type") != "ExternalName" and spec.get("type") == "ExternalName":
        if all(_same(spec, then, name) for name in ("clusterIP", "clusterIPs")):
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
        for name in ("ipFamilies", "ipFamilyPolicy"):
            _wipe_same(spec, then, name)
    if needs_node_ports(then) and not needs_node_ports(spec) and set(numbers(spec)) <= set(numbers(then)):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_port(then) and not needs_health_port(spec):
        _wipe_same(spec, then, "healthCheckNodePort")
    if then.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            _wipe_same(spec, then, name)
    if is_external(then) and not is_external(spec):
        _wipe_same(spec, then, "externalTrafficPolicy")
    if spec.get("type") != "LoadBalancer":
        obj["status"] = {**(obj.get("status") or {}), "loadBalancer": {}}


def _same(spec: Obj, then: Obj, name: str) -> bool:
    return spec.get(name) == then.get(name)


def _wipe_same(spec: Obj, then: Obj, name: str) -> None:
    if _same(spec, then, name):
        spec.pop(name, None)


async def _keep_address(context: Context, service: Obj, text: str) -> None:
    """Store the IPAddress that says whose the address is, unless there is one."""
    key = Key(allocation.ADDRESSES, "", text)
    found = addresses.parse_ip(text)
    if found is None or context.store.get(key) is not None:
        return
    parent = {"resource": "services", "namespace": namespace_of(service), "name": name_of(service)}
    meta: Obj = {
        "name": text,
        "uid": context.ids.uid(),
        "creationTimestamp": timestamp(context.clock),
        "labels": {PARENT_FAMILY: f"IPv{found.version}", PARENT_MANAGER: ALLOCATOR},
    }
    obj: Obj = {
        "kind": "IPAddress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": meta,
        "spec": {"parentRef": parent},
    }
    resource = context.scheme.stored(allocation.ADDRESSES)
    assert resource is not None, "every version serves IPAddresses"
    fields.update(resource, None, obj, SERVER, "", meta["creationTimestamp"])
    await context.store.commit(key, obj, expected=None)


async def _drop(context: Context, key: Key, parent: Key | None) -> None:
    """Remove an object, if it is there (and, an address, if it is this service's)."""
    stored = context.store.get(key)
    if stored is None:
        return
    if parent is not None:
        found = (stored.view.get("spec") or {}).get("parentRef") or {}
        if (found.get("resource"), found.get("namespace"), found.get("name")) != parent:
            return
    await context.store.commit(key, None, expected=stored.revision)


ROWS = {"services": ServiceStrategy()}
