"""What a cluster holds at its start, before anyone asks for anything."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core.meta import Obj
from fakekube.schema.scheme import Scheme

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
API_ADDRESS = "10.96.0.1"
API_PORT = 443
EXTERNAL_ADDRESS = "192.0.2.1"
"""Where the Endpoints of `kubernetes` point: loopback is not allowed there, so an address reserved for
documentation stands in."""


def objects(scheme: Scheme, port: int) -> Iterator[tuple[str, Obj]]:
    """Resource ids and objects, in the order in which they are created; `port` is the API server's own."""
    for name in NAMESPACES:
        yield "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield from _stated(scheme)
    yield "services", _service()
    yield "endpoints", _endpoints(port)
    yield "endpointslices.discovery.k8s.io", _slice(port)


_IDS = {
    "clusterroles": "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings": "clusterrolebindings.rbac.authorization.k8s.io",
    "roles": "roles.rbac.authorization.k8s.io",
    "rolebindings": "rolebindings.rbac.authorization.k8s.io",
    "priorityclasses": "priorityclasses.scheduling.k8s.io",
    "apiservices": "apiservices.apiregistration.k8s.io",
    "servicecidrs": "servicecidrs.networking.k8s.io",
}


def _stated(scheme: Scheme) -> Iterator[tuple[str, Obj]]:
    """The objects of the facts: roles and bindings, priority classes, API services, the service address range."""
    for plural, found in scheme.table.bootstrap().items():
        for obj in found:
            yield _IDS[plural], obj


def _service() -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": API_ADDRESS,
            "clusterIPs": [API_ADDRESS],
            "ipFamilyPolicy": "SingleStack",
            "ipFamilies": ["IPv4"],
            "sessionAffinity": "None",
            "ports": [{"name": "https", "protocol": "TCP", "port": API_PORT, "targetPort": API_PORT}],
        },
    }


def _endpoints(port: int) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": EXTERNAL_ADDRESS}], "ports": [{"name": "https", "port": port}]}],
    }


def _slice(port: int) -> Obj:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [EXTERNAL_ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "protocol": "TCP", "port": port}],
    }
