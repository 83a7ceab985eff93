"""Which kernel parameters a pod may set: those that a kubelet thinks safe and that are the pod's own."""

from __future__ import annotations

from fakekube.core.meta import Obj

SAFE = {
    "kernel.shm_rmid_forced": "IPC",
    "net.ipv4.ip_local_port_range": "Net",
    "net.ipv4.ip_local_reserved_ports": "Net",
    "net.ipv4.ip_unprivileged_port_start": "Net",
    "net.ipv4.ping_group_range": "Net",
    "net.ipv4.tcp_fin_timeout": "Net",
    "net.ipv4.tcp_keepalive_intvl": "Net",
    "net.ipv4.tcp_keepalive_probes": "Net",
    "net.ipv4.tcp_keepalive_time": "Net",
    "net.ipv4.tcp_rmem": "Net",
    "net.ipv4.tcp_syncookies": "Net",
    "net.ipv4.tcp_wmem": "Net",
}
"""By name the namespace to which the parameter belongs; kernels from 4.15 on keep all of these apart."""
_SHARED = {"IPC": "hostIPC", "Net": "hostNetwork"}
"""By namespace what makes a pod use that of its node."""


def forbidden(spec: Obj) -> str:
    """What is wrong with the first parameter that the pod may not set; '' if it may set all."""
    for each in (spec.get("securityContext") or {}).get("sysctls") or ():
        name = _dotted(each["name"])
        namespace = SAFE.get(name)
        if namespace is None:
            return f'"{name}" not allowlisted'
        if spec.get(_SHARED[namespace]):
            return f'"{name}" not allowed with host {namespace} enabled'
    return ""


_SWAPPED = str.maketrans("./", "/.")


def _dotted(name: str) -> str:
    """The name with dots between its parts: slashes may be there instead, and dots then within the parts."""
    first = next((letter for letter in name if letter in "./"), ".")
    return name if first == "." else name.translate(_SWAPPED)
