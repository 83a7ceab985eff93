"""The resolver settings of a pod's containers, by the kubelet's rules (pkg/kubelet/network/dns, kubelet_pods.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

Obj = Mapping[str, Any]

CLUSTER_OPTIONS: Final = ("ndots:5",)
NAMESERVERS, SEARCHES, SEARCH_CHARACTERS, NAME_CHARACTERS = 3, 32, 2048, 253
HOSTNAME_CHARACTERS: Final = 63
WARNING_REASON: Final = "DNSConfigForming"
"""The reason of the Warning event on the pod that tells each of the `warnings`."""


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """What a resolv.conf says."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ndots(self) -> int:
        """With fewer dots than this a name is first tried in the search path."""
        values = [option.removeprefix("ndots:") for option in self.options if option.startswith("ndots:")]
        return int(values[-1]) if values and values[-1].isdecimal() else 1

    def text(self) -> str:
        """The file."""
        lines = [f"search {' '.join(self.searches)}"] if self.searches else []
        lines += [f"nameserver {nameserver}" for nameserver in self.nameservers]
        lines += [f"options {' '.join(self.options)}"] if self.options else []
        return "".join(line + "\n" for line in lines)


HOST: Final = ResolvConf()
"""A host with settings of its own kept out of it: a fake cluster's pods are to see the cluster alone."""


def for_namespace(
    namespace: str, nameservers: Iterable[str] = (), *, zone: str = "cluster.local", host: ResolvConf = HOST
) -> ResolvConf:
    """What an ordinary pod of the namespace has (dnsPolicy ClusterFirst)."""
    ours = (f"{namespace}.svc.{zone}", f"svc.{zone}", zone)
    return _within_limits(ResolvConf(tuple(nameservers), _unique(ours + host.searches), CLUSTER_OPTIONS))


def for_pod(
    pod: Obj, nameservers: Iterable[str] = (), *, zone: str = "cluster.local", host: ResolvConf = HOST
) -> ResolvConf:
    """What the pod has by its dnsPolicy and dnsConfig."""
    spec = pod.get("spec") or {}
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    if policy == "None":
        base = ResolvConf()
    elif policy == "Default" or (policy == "ClusterFirst" and spec.get("hostNetwork")):
        base = host
    else:
        base = for_namespace(pod["metadata"].get("namespace") or "default", nameservers, zone=zone, host=host)
    merged = _merged(base, spec.get("dnsConfig") or {})
    return _within_limits(merged)


def hostname_and_domain(pod: Obj, *, zone: str = "cluster.local") -> tuple[str, str]:
    """The host name and the domain (empty without a subdomain) of the pod's containers."""
    spec = pod.get("spec") or {}
    if override := spec.get("hostnameOverride"):
        return _short(override), ""
    hostname = _short(spec.get("hostname") or pod["metadata"]["name"])
    subdomain, namespace = spec.get("subdomain"), pod["metadata"].get("namespace") or "default"
    return hostname, f"{subdomain}.{namespace}.svc.{zone}" if subdomain else ""


def _short(hostname: str) -> str:
    return hostname if len(hostname) <= HOSTNAME_CHARACTERS else hostname[:HOSTNAME_CHARACTERS].rstrip("-.")


def _merged(base: ResolvConf, config: Obj) -> ResolvConf:
    """Lists are appended, options replace those of their name."""
    options = dict(_option(text) for text in base.options)
    options |= {option["name"]: option.get("value") or "" for option in config.get("options") or ()}
    return replace(
        base,
        nameservers=_unique((*base.nameservers, *(config.get("nameservers") or ()))),
        searches=_unique((*base.searches, *(config.get("searches") or ()))),
        options=tuple(f"{name}:{value}" if value else name for name, value in options.items()),
    )


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _within_limits(conf: ResolvConf) -> ResolvConf:
    """Cut what no resolver takes, with the warnings that the kubelet gives."""
    warnings = list(conf.warnings)
    nameservers = conf.nameservers[:NAMESERVERS]
    if nameservers != conf.nameservers:
        warnings.append(
            "Nameserver limits were exceeded, some nameservers have been omitted, "
            f"the applied nameserver line is: {' '.join(nameservers)}"
        )
    searches = tuple(search for search in conf.searches[:SEARCHES] if len(search) <= NAME_CHARACTERS)
    while len(" ".join(searches)) > SEARCH_CHARACTERS:
        searches = searches[:-1]
    if searches != conf.searches:
        warnings.append(
            "Search Line limits were exceeded, some search paths have been omitted, "
            f"the applied search line is: {' '.join(searches)}"
        )
    return replace(conf, nameservers=nameservers, searches=searches, warnings=tuple(warnings))
