"""How the server is set up: the options of CoreDNS's kubernetes plugin that can be seen in answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

PodMode = Literal["disabled", "insecure", "verified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One setting of the server; the defaults are those of a cluster made by kubeadm."""

    zones: tuple[str, ...] = ("cluster.local", "in-addr.arpa", "ip6.arpa")
    """Served zones; a reverse zone may be written as a CIDR. The first that is not a reverse zone is the cluster's."""
    ttl: int = 30
    pods: PodMode = "insecure"
    fallthrough: tuple[str, ...] = ("in-addr.arpa", "ip6.arpa")
    """Zones in which a missing name is asked of the upstream, if there is one."""
    namespaces: frozenset[str] = field(default_factory=frozenset)
    """The exposed namespaces; empty exposes all."""
    endpoint_pod_names: bool = False
    ignore_empty_service: bool = False
    transfer: bool = False
    """Whether zone transfers are allowed."""

    def __post_init__(self) -> None:
        if not 0 <= self.ttl <= 3600:
            raise ValueError(f"ttl must be in range [0, 3600]: {self.ttl}")


KUBEADM: Final = Profile()
COREDNS: Final = Profile(ttl=5, pods="disabled", fallthrough=())
