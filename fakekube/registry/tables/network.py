"""The cells of Services and of what stands around them."""

from __future__ import annotations

from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.tables.parts import age, more, name, part, spec, status

SHOWN = 3
"""Of long lists so many are told, and how many there are besides."""


def _load_balancers(obj: Obj) -> list[str]:
    """The addresses in status.loadBalancer, sorted."""
    found = part(obj, "status", "loadBalancer").get("ingress") or ()
    return sorted({each.get("ip") or each.get("hostname") or "" for each in found} - {""})


def _external(obj: Obj) -> str:
    wanted = spec(obj)
    outside = wanted.get("externalIPs") or []
    match wanted.get("type"):
        case "ClusterIP" | "NodePort":
            return human.joined(outside)
        case "LoadBalancer":
            return ",".join([*_load_balancers(obj), *outside]) or "<pending>"
        case "ExternalName":
            return str(wanted.get("externalName") or "")
    return human.UNKNOWN


def _port(port: Obj) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node_port}/{port.get('protocol')}"


def service(obj: Obj, now: float) -> list[Any]:
    """Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector."""
    wanted = spec(obj)
    return [
        name(obj),
        wanted.get("type") or "",
        (wanted.get("clusterIPs") or [human.NONE])[0],
        _external(obj),
        human.joined(map(_port, wanted.get("ports") or ())),
        age(obj, now),
        human.labels_text(wanted.get("selector")),
    ]


def _joined_host(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def endpoints(obj: Obj, now: float) -> list[Any]:
    """Name, Endpoints, Age."""
    subsets = obj.get("subsets") or ()
    found: list[str] = []
    for subset in subsets:
        ips = [each.get("ip") or "" for each in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        found += [_joined_host(ip, port.get("port") or 0) for port in ports for ip in ips] if ports else ips
    return [name(obj), more(found, SHOWN) if subsets else human.NONE, age(obj, now)]


def endpoint_slice(obj: Obj, now: float) -> list[Any]:
    """Name, AddressType, Ports, Endpoints, Age."""
    ports = [str(_first_set(each.get("port"), each.get("name"), "*")) for each in obj.get("ports") or ()]
    found = [address for each in obj.get("endpoints") or () for address in each.get("addresses") or ()]
    shown = [more(items, SHOWN) or human.UNSET for items in (ports, found)]
    return [name(obj), obj.get("addressType") or "", *shown, age(obj, now)]


def _first_set(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def ingress(obj: Obj, now: float) -> list[Any]:
    """Name, Class, Hosts, Address, Ports, Age."""
    wanted = spec(obj)
    return [
        name(obj),
        wanted.get("ingressClassName") or human.NONE,
        _hosts(wanted.get("rules") or []),
        ",".join(_load_balancers(obj)),
        "80, 443" if wanted.get("tls") else "80",
        age(obj, now),
    ]


def _hosts(rules: list[Obj]) -> str:
    """The first hosts; the number of others counts all rules, also those without a host."""
    hosts: list[str] = []
    for rule in rules:
        if len(hosts) == SHOWN:
            return f"{','.join(hosts)} + {len(rules) - SHOWN} more..."
        if rule.get("host"):
            hosts.append(rule["host"])
    return ",".join(hosts) or "*"


def ingress_class(obj: Obj, now: float) -> list[Any]:
    """Name, Controller, Parameters, Age."""
    default = annotations_of(obj).get("ingressclass.kubernetes.io/is-default-class") == "true"
    parameters = spec(obj).get("parameters")
    shown = human.NONE
    if parameters is not None:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") is not None else ""
        shown = f"{parameters.get('kind')}{group}/{parameters.get('name')}"
    return [name(obj) + " (default)" * default, spec(obj).get("controller") or "", shown, age(obj, now)]


def network_policy(obj: Obj, now: float) -> list[Any]:
    """Name, Pod-Selector, Age."""
    return [name(obj), human.selector_text(spec(obj).get("podSelector") or {}), age(obj, now)]


def service_cidr(obj: Obj, now: float) -> list[Any]:
    """Name, CIDRs, Age."""
    return [name(obj), ",".join(spec(obj).get("cidrs") or ()), age(obj, now)]


def ip_address(obj: Obj, now: float) -> list[Any]:
    """Name, ParentRef, and an age for which there is no column."""
    parent = spec(obj).get("parentRef")
    shown = human.NONE
    if parent is not None:
        group = f".{parent['group']}" if parent.get("group") else ""
        parts = [f"{parent.get('resource') or ''}{group}".lower(), parent.get("namespace"), parent.get("name") or ""]
        shown = "/".join([each for each in parts if each])
    return [name(obj), shown, age(obj, now)]


def api_service(obj: Obj, now: float) -> list[Any]:
    """Name, Service, Available, Age."""
    target = spec(obj).get("service")
    shown = f"{target.get('namespace')}/{target.get('name')}" if target is not None else "Local"
    available = "Unknown"
    for condition in status(obj).get("conditions") or ():
        if condition.get("type") == "Available":
            available = condition.get("status") or ""
            if available != "True" and condition.get("reason"):
                available += f" ({condition['reason']})"
            break
    return [name(obj), shown, available, age(obj, now)]
