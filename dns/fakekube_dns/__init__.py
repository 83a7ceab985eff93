"""A DNS server that answers as CoreDNS does for a cluster which it sees only through a View."""

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
