"""A DNS server that answers as CoreDNS does for a cluster which it sees only through a View.

Each name is loaded when first asked for: whoever starts a server need not wait for what answers queries.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakekube_dns.profile import COREDNS, KUBEADM, Profile
    from fakekube_dns.resolvconf import ResolvConf
    from fakekube_dns.resolve import Forward, Resolver
    from fakekube_dns.search import Resolved, Srv, StubResolver
    from fakekube_dns.server import DNSServer, Upstream
    from fakekube_dns.view import MemoryView, View

__all__ = [
    "COREDNS",
    "KUBEADM",
    "DNSServer",
    "Forward",
    "MemoryView",
    "Profile",
    "ResolvConf",
    "Resolved",
    "Resolver",
    "Srv",
    "StubResolver",
    "Upstream",
    "View",
]

_MODULES = {
    "profile": ("COREDNS", "KUBEADM", "Profile"),
    "resolvconf": ("ResolvConf",),
    "resolve": ("Forward", "Resolver"),
    "search": ("Resolved", "Srv", "StubResolver"),
    "server": ("DNSServer", "Upstream"),
    "view": ("MemoryView", "View"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
