"""The Node objects that a cluster is born with, as plain data.

Nodes are named node-1, node-2, ...; zones go round as a, a, b: the first two of three are in zone-a, the third in
zone-b, and so on again. Each has a /24 of its own for pods, 10.244.N.0/24 (from the 256th on 10.245.0.0/24 and so on).
All addresses are private: 10.0.0.0/16 is for nodes, 10.96.0.0/12 for Services, the rest of 10.0.0.0/8 for pods.
"""

from __future__ import annotations

from hashlib import blake2b

from fakekube.core.meta import Obj

ZONES = ("zone-a", "zone-a", "zone-b")
REGION = "region-1"
CAPACITY = {"cpu": "4", "ephemeral-storage": "100Gi", "memory": "8Gi", "pods": "110"}
LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40


def names(count: int) -> list[str]:
    """The names of so many nodes."""
    return [f"node-{number}" for number in range(1, count + 1)]


def nodes(count: int, now: str, version: str) -> list[Obj]:
    """So many Node objects, ready since `now` (metav1.Time text), of this Kubernetes version ("v1.36.2")."""
    return [node(number, now, version) for number in range(1, count + 1)]


def number_of(name: str) -> int:
    """The number of the node that has this name from the start."""
    return int(name.removeprefix("node-"))


def node(number: int, now: str, version: str) -> Obj:
    """The Node object with this number, counted from 1."""
    name = f"node-{number}"
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels(number)},
        "spec": {"podCIDR": pod_cidr(number), "podCIDRs": [pod_cidr(number)]},
        "status": {
            "capacity": dict(CAPACITY),
            "allocatable": dict(CAPACITY),
            "conditions": conditions(now),
            "addresses": [
                {"type": "InternalIP", "address": address(number)},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": node_info(name, version),
        },
    }


def labels(number: int) -> dict[str, str]:
    """The node's labels."""
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": f"node-{number}",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": ZONES[(number - 1) % len(ZONES)],
    }


POD_RANGES = (*range(244, 256), *range(1, 96), *range(112, 244))
"""The second numbers of the addresses of pods, in the order in which they are used: 256 nodes have one in common."""
MOST_NODES = 256 * len(POD_RANGES) - 1


def pod_cidr(number: int) -> str:
    """The addresses of the node's pods."""
    return f"10.{POD_RANGES[number // 256]}.{number % 256}.0/24"


def address(number: int) -> str:
    """The node's own address."""
    return f"10.0.{number // 256}.{number % 256}"


_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def conditions(now: str) -> list[Obj]:
    """What the kubelet says of a healthy node."""
    return [
        {
            "type": kind,
            "status": state,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }
        for kind, state, reason, message in _CONDITIONS
    ]


def node_info(name: str, version: str) -> Obj:
    """The node's system, with identifiers that follow from its name."""
    return {
        "machineID": _identifier(name, "machine").replace("-", ""),
        "systemUUID": _identifier(name, "system"),
        "bootID": _identifier(name, "boot"),
        "kernelVersion": "6.12.0-fakekube",
        "osImage": "fakekube",
        "containerRuntimeVersion": "fakekube://1.0.0",
        "kubeletVersion": version,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


def _identifier(name: str, what: str) -> str:
    digits = blake2b(f"{what} of {name}".encode(), digest_size=16).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def lease(owner: Obj, renewed: str) -> Obj:
    """The node's lease, renewed at this moment (metav1.MicroTime text)."""
    meta = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "Node", "name": meta["name"], "uid": meta["uid"]}
    spec = {"holderIdentity": meta["name"], "leaseDurationSeconds": LEASE_SECONDS, "renewTime": renewed}
    return {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {"name": meta["name"], "namespace": LEASE_NAMESPACE, "ownerReferences": [reference]},
        "spec": spec,
    }
