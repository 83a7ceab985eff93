"""What is wrong with a Service, in the order of the real server (validateService)."""

from __future__ import annotations

from typing import Any

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds.checks import (
    PROTOCOLS,
    dns_label,
    dns_subdomain,
    endpoint_ip,
    invalids,
    label_name,
    labels,
    legacy_cidr,
    legacy_ip,
    one_of,
    port_number,
)
from fakekube.registry.kinds.service_families import address_faults, change_faults, is_headless
from fakekube.registry.kinds.service_ports import needs_health_port

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
TRAFFIC_POLICIES = ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
IP_MODES = ("Proxy", "VIP")
LONGEST_AFFINITY_SECONDS = 86400
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'"


def is_external(spec: Obj) -> bool:
    """Whether traffic can come from outside of the cluster."""
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def service_faults(obj: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with a Service, new or changed."""
    spec = obj.get("spec") or {}
    faults = _topology(annotations_of(obj))
    if not spec.get("ports") and not is_headless(spec) and spec.get("type") != "ExternalName":
        faults.append(required("spec.ports"))
    faults += _of_type(spec)
    faults += _ports(spec)
    faults += labels("spec.selector", spec.get("selector"))
    faults += _affinity(spec)
    faults += address_faults(spec, old)
    faults += _external_ips(spec, old)
    kind = spec.get("type", "")
    faults += one_of("spec.type", kind, TYPES) if kind else [required("spec.type")]
    faults += _node_ports(spec)
    faults += _source_ranges(obj, spec, old)
    return faults + _balancer(spec) + _traffic(spec)


def _topology(annotations: dict[str, str]) -> list[FieldError]:
    hints, mode = annotations.get(TOPOLOGY_HINTS), annotations.get(TOPOLOGY_MODE)
    if hints is None or mode is None or hints == mode:
        return []
    why = f"must match annotations[{TOPOLOGY_HINTS}] when both are specified"
    return [invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, why)]


def _of_type(spec: Obj) -> list[FieldError]:
    kind = spec.get("type")
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        return [invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")]
    if kind != "ExternalName":
        return []
    why = "may not be set for ExternalName services"
    fields = ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
    faults = [forbidden(f"spec.{field}", why) for field in fields if spec.get(field)]
    name = (spec.get("externalName") or "").removesuffix(".")
    return faults + (dns_subdomain("spec.externalName", name) if name else [required("spec.externalName")])


def _ports(spec: Obj) -> list[FieldError]:
    ports = spec.get("ports") or []
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        field, name, protocol = f"spec.ports[{index}]", port.get("name", ""), port.get("protocol", "")
        if name:
            faults += dns_label(f"{field}.name", name)
            if name in seen:
                faults.append(duplicate(f"{field}.name", name))
            seen.add(name)
        elif len(ports) > 1:
            faults.append(required(f"{field}.name"))
        faults += port_number(f"{field}.port", port.get("port", 0))
        faults += one_of(f"{field}.protocol", protocol, PROTOCOLS) if protocol else [required(f"{field}.protocol")]
        target = port.get("targetPort", 0)
        wrong = names.port_number(target) if isinstance(target, int) else names.port_name(target)
        faults += invalids(f"{field}.targetPort", target, wrong)
        if port.get("appProtocol") is not None:
            faults += label_name(f"{field}.appProtocol", port["appProtocol"])
    return faults


def _affinity(spec: Obj) -> list[FieldError]:
    kind, config = spec.get("sessionAffinity", ""), spec.get("sessionAffinityConfig")
    field = "spec.sessionAffinityConfig"
    faults = one_of("spec.sessionAffinity", kind, ("ClientIP", "None")) if kind else [required("spec.sessionAffinity")]
    if kind == "None" and config is not None:
        return [*faults, forbidden(field, "must not be set when session affinity is None")]
    return faults + _client_affinity(field, config) if kind == "ClientIP" else faults


def _client_affinity(field: str, config: Any) -> list[FieldError]:
    found = config
    for part in ("", "clientIP", "timeoutSeconds"):
        if part:
            found, field = found.get(part), f"{field}.{part}"
        if found is None:
            return [required(field, "when session affinity type is ClientIP")]
    if 0 < found <= LONGEST_AFFINITY_SECONDS:
        return []
    return [invalid(field, found, f"must be greater than 0 and less than {LONGEST_AFFINITY_SECONDS}")]


def _external_ips(spec: Obj, old: Obj | None) -> list[FieldError]:
    before = ((old or {}).get("spec") or {}).get("externalIPs") or []
    faults: list[FieldError] = []
    for index, text in enumerate(spec.get("externalIPs") or ()):
        field = f"spec.externalIPs[{index}]"
        faults += legacy_ip(field, text, before) or endpoint_ip(field, text)
    return faults


def _node_ports(spec: Obj) -> list[FieldError]:
    ports = list(enumerate(spec.get("ports") or ()))
    faults: list[FieldError] = []
    if spec.get("type") == "ClusterIP":
        why = "may not be used when `type` is 'ClusterIP'"
        faults += [forbidden(f"spec.ports[{index}].nodePort", why) for index, port in ports if port.get("nodePort")]
    seen: set[tuple[str, int]] = set()
    for index, port in ports:
        if not port.get("nodePort"):
            continue
        pair = (port.get("protocol", ""), port["nodePort"])
        if pair in seen:
            faults.append(duplicate(f"spec.ports[{index}].nodePort", port["nodePort"]))
        seen.add(pair)
    seen = set()
    for index, port in ports:
        pair = (port.get("protocol", ""), port.get("port", 0))
        if pair in seen:
            shown = {
                "Name": "",
                "Protocol": pair[0],
                "AppProtocol": None,
                "Port": pair[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            faults.append(duplicate(f"spec.ports[{index}]", shown))
        seen.add(pair)
    return faults


def _source_ranges(obj: Obj, spec: Obj, old: Obj | None) -> list[FieldError]:
    ranges, is_balancer = spec.get("loadBalancerSourceRanges") or [], spec.get("type") == "LoadBalancer"
    if ranges:
        field = "spec.LoadBalancerSourceRanges"
        faults = [] if is_balancer else [forbidden(field, _BALANCER_ONLY)]
        before = ((old or {}).get("spec") or {}).get("loadBalancerSourceRanges") or []
        known = [text.strip() for text in before]
        for index, text in enumerate(ranges):
            faults += legacy_cidr(f"{field}[{index}]", text.strip(), known)
        return faults
    text = annotations_of(obj).get(SOURCE_RANGES)
    if text is None:
        return []
    field = f"metadata.annotations[{SOURCE_RANGES}]"
    faults = [] if is_balancer else [forbidden(field, _BALANCER_ONLY)]
    if text.strip() and (old is None or annotations_of(old).get(SOURCE_RANGES) != text):
        for part in text.strip().split(","):
            faults += legacy_cidr(field, part.strip())
    return faults


def _balancer(spec: Obj) -> list[FieldError]:
    gives, is_balancer = spec.get("allocateLoadBalancerNodePorts"), spec.get("type") == "LoadBalancer"
    faults: list[FieldError] = []
    if gives is not None and not is_balancer:
        faults.append(forbidden("spec.allocateLoadBalancerNodePorts", _BALANCER_ONLY))
    if gives is None and is_balancer:
        faults.append(required("allocateLoadBalancerNodePorts"))
    return faults + _class(spec, None)


def _class(spec: Obj, then: Obj | None) -> list[FieldError]:
    field, found = "spec.loadBalancerClass", spec.get("loadBalancerClass")
    is_balancer = spec.get("type") == "LoadBalancer"
    faults: list[FieldError] = []
    if (
        then is not None
        and is_balancer
        and then.get("type") == "LoadBalancer"
        and found != then.get("loadBalancerClass")
    ):
        faults.append(invalid(field, found, "may not change once set"))
    if found is None:
        return faults
    return faults + (label_name(field, found) if is_balancer else [forbidden(field, _BALANCER_ONLY)])


def _traffic(spec: Obj) -> list[FieldError]:
    field, policy = "spec.externalTrafficPolicy", spec.get("externalTrafficPolicy") or ""
    faults: list[FieldError] = []
    if not is_external(spec):
        if policy:
            faults.append(invalid(field, policy, "may only be set for externally-accessible services"))
    else:
        faults += one_of(field, policy, TRAFFIC_POLICIES) if policy else [required(field)]
    field, port = "spec.healthCheckNodePort", spec.get("healthCheckNodePort") or 0
    if needs_health_port(spec):
        faults += port_number(field, port) if port else [required(field)]
    elif port:
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        faults.append(invalid(field, port, why))
    field, inner = "spec.internalTrafficPolicy", spec.get("internalTrafficPolicy")
    if inner is None:
        if spec.get("type") in ("NodePort", "LoadBalancer", "ClusterIP"):
            faults.append(required(field))
    elif inner not in TRAFFIC_POLICIES:
        faults.append(not_supported(field, inner, TRAFFIC_POLICIES))
    spread = spec.get("trafficDistribution")
    return faults + ([] if spread is None else one_of("spec.trafficDistribution", spread, DISTRIBUTIONS))


def update_faults(obj: Obj, old: Obj) -> list[FieldError]:
    """What is wrong with a changed Service: what may not change, then all the rest."""
    spec, then = obj.get("spec") or {}, old.get("spec") or {}
    faults = change_faults(spec, then) + _class(spec, then)
    moved = spec.get("healthCheckNodePort") != then.get("healthCheckNodePort")
    if moved and needs_health_port(spec) and needs_health_port(then):
        faults.append(forbidden("spec.healthCheckNodePort", "field is immutable"))
    return faults + service_faults(obj, old)


def balancer_status_faults(status: Obj, old: Obj, kind: str) -> list[FieldError]:
    """What is wrong with status.loadBalancer."""
    found, field = status.get("ingress") or [], "status.loadBalancer.ingress"
    if kind != "LoadBalancer" and found:
        return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")]
    before = [each["ip"] for each in old.get("ingress") or () if each.get("ip")]
    faults: list[FieldError] = []
    for index, each in enumerate(found):
        faults += _ingress(f"{field}[{index}]", each, before)
    return faults


def _ingress(field: str, each: Obj, before: list[str]) -> list[FieldError]:
    ip, mode, host = each.get("ip") or "", each.get("ipMode"), each.get("hostname") or ""
    faults = legacy_ip(f"{field}.ip", ip, before) if ip else []
    if mode is None:
        if ip:
            faults.append(required(f"{field}.ipMode", "must be specified when `ip` is set"))
    elif not ip:
        faults.append(forbidden(f"{field}.ipMode", "may not be specified when `ip` is not set"))
    else:
        faults += one_of(f"{field}.ipMode", mode, IP_MODES)
    if host:
        faults += dns_subdomain(f"{field}.hostname", host)
        if addresses.parse_ip(host) is not None:
            faults.append(invalid(f"{field}.hostname", host, "must be a DNS name, not an IP address"))
    return faults


def service_warnings(obj: Obj) -> list[str]:
    """Fields that are deprecated, ignored or spelt oddly."""
    spec = obj.get("spec") or {}
    kind, outside = spec.get("type"), spec.get("externalIPs") or []
    found = []
    if TOPOLOGY_HINTS in annotations_of(obj):
        found.append(f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead")
    for index, text in enumerate(spec.get("clusterIPs") or ()):
        if text and text != "None":
            found += addresses.ip_warnings(f"spec.clusterIPs[{index}]", text)
    headless = kind == "ClusterIP" and spec.get("clusterIP") == "None"
    if headless:
        found += _headless_warnings(spec)
    for index, text in enumerate(outside):
        found += addresses.ip_warnings(f"spec.externalIPs[{index}]", text)
    if outside and not headless and kind != "ExternalName":
        found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    if spec.get("loadBalancerIP") and addresses.parse_ip(spec["loadBalancerIP"]) is not None:
        found += addresses.ip_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += addresses.cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", text)
    if kind == "ExternalName" and outside:
        found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if kind != "ExternalName" and spec.get("externalName"):
        found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        found.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
    return found


def _headless_warnings(spec: Obj) -> list[str]:
    ignored = (
        ("loadBalancerIP", bool(spec.get("loadBalancerIP"))),
        ("externalIPs", bool(spec.get("externalIPs"))),
        ("SessionAffinity", spec.get("sessionAffinity") != "None"),
    )
    return [f"spec.{field} is ignored for headless services" for field, there in ignored if there]
