"""The cluster's DNS as its clients meet it: dnspython as a pod's resolver, and our own server beside the API."""

from __future__ import annotations

import time
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.resolver
import pytest

from fakekube import FakeCluster
from fakekube_dns import Resolver, StubResolver
from fakekube_dns.resolvconf import for_namespace
from fakekube_dns.watching import WatchingView, client_from


def service(name: str, **spec: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports} | spec}


def endpoint_slice(name: str, service: str, *endpoints: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


@pytest.fixture
def pod_resolver(kube: FakeCluster) -> dns.resolver.Resolver:
    """dnspython set up as the resolv.conf of a pod in `default` says."""
    assert kube.dns_address is not None
    host, port = kube.dns_address
    conf = for_namespace("default", [host])
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = list(conf.nameservers)
    resolver.port = port
    resolver.search = [dns.name.from_text(search) for search in conf.searches]
    resolver.ndots = conf.ndots
    resolver.use_search_by_default = True
    resolver.lifetime = 10
    return resolver


def texts(answer: Any) -> list[str]:
    return sorted(record.to_text() for record in answer)


def test_a_service_resolves_as_soon_as_it_is_created(kube: FakeCluster, pod_resolver: dns.resolver.Resolver) -> None:
    with pytest.raises(dns.resolver.NXDOMAIN):
        pod_resolver.resolve("web.default.svc.cluster.local.", "A")
    kube.create(service("web"))
    address = kube.get("services", "web", "default")["spec"]["clusterIP"]
    for name in ("web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "WEB.Default"):
        assert texts(pod_resolver.resolve(name, "A")) == [address]
    assert texts(pod_resolver.resolve("_http._tcp.web", "SRV")) == ["0 100 80 web.default.svc.cluster.local."]
    assert texts(pod_resolver.resolve_address(address)) == ["web.default.svc.cluster.local."]
    with pytest.raises(dns.resolver.NoAnswer):
        pod_resolver.resolve("web", "AAAA")
    kube.delete("services", "web", "default")
    with pytest.raises(dns.resolver.NXDOMAIN):
        pod_resolver.resolve("web.default.svc.cluster.local.", "A")


def test_the_api_server_has_a_name(kube: FakeCluster, pod_resolver: dns.resolver.Resolver) -> None:
    address = kube.get("services", "kubernetes", "default")["spec"]["clusterIP"]
    assert texts(pod_resolver.resolve("kubernetes.default", "A")) == [address]


def test_a_headless_service_has_the_addresses_that_are_ready(
    kube: FakeCluster, pod_resolver: dns.resolver.Resolver
) -> None:
    ready = {"addresses": ["10.1.0.1"], "hostname": "db-0", "conditions": {"ready": True}}
    unready = {"addresses": ["10.1.0.2"], "hostname": "db-1", "conditions": {"ready": False}}
    kube.apply(service("db", clusterIP="None"), endpoint_slice("db-x", "db", ready, unready))
    assert texts(pod_resolver.resolve("db", "A")) == ["10.1.0.1"]
    assert texts(pod_resolver.resolve("db-0.db", "A")) == ["10.1.0.1"]
    with pytest.raises(dns.resolver.NXDOMAIN):
        pod_resolver.resolve("db-1.db.default.svc.cluster.local.", "A")
    kube.apply(endpoint_slice("db-x", "db", ready, unready | {"conditions": {"ready": True}}))
    assert texts(pod_resolver.resolve("_http._tcp.db", "SRV")) == [
        f"0 50 8080 db-{i}.db.default.svc.cluster.local." for i in range(2)
    ]


def test_a_large_answer_comes_over_tcp(kube: FakeCluster) -> None:
    endpoints = [{"addresses": [f"10.1.1.{i}"]} for i in range(100)]
    kube.apply(service("crowd", clusterIP="None"), endpoint_slice("crowd-x", "crowd", *endpoints))
    assert kube.dns_address is not None
    host, port = kube.dns_address
    query = dns.message.make_query("crowd.default.svc.cluster.local.", "A")
    assert dns.query.udp(query, host, port=port, timeout=10).flags & dns.flags.TC
    reply, used_tcp = dns.query.udp_with_fallback(query, host, port=port, timeout=10)
    assert (used_tcp, len(reply.answer[0])) == (True, 100)


def test_a_reset_cluster_has_no_names_of_before(kube: FakeCluster, pod_resolver: dns.resolver.Resolver) -> None:
    kube.create(service("gone"))
    assert texts(pod_resolver.resolve("gone", "A"))
    kube.reset()
    with pytest.raises(dns.resolver.NXDOMAIN):
        pod_resolver.resolve("gone.default.svc.cluster.local.", "A")
    assert texts(pod_resolver.resolve("kubernetes", "A"))


def test_names_resolve_without_sockets(kube: FakeCluster) -> None:
    kube.create(service("web"))
    assert list(kube.dns.resolve("web")) == [kube.get("services", "web", "default")["spec"]["clusterIP"]]
    assert kube.dns.resolve("web", namespace="kube-system").rcode == "NXDOMAIN"
    assert list(kube.dns.resolve("web.default", namespace="kube-system")) == list(kube.dns.resolve("web"))


def test_the_server_can_stand_beside_any_cluster(kube: FakeCluster) -> None:
    """It then sees the cluster only through list and watch."""
    kube.create(service("before"))
    with WatchingView(client_from(str(kube.kubeconfig)), pods=True) as view:
        assert view.wait_synced(10)
        beside = StubResolver(view)
        assert list(beside.resolve("before")) == list(kube.dns.resolve("before"))
        generation = view.generation
        kube.create(service("after"))
        deadline = time.monotonic() + 10
        while not (found := beside.resolve("after")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(found) == list(kube.dns.resolve("after"))
        assert view.generation > generation
        assert Resolver(view).resolve(dns.message.make_query("after.default.svc.cluster.local.", "A").to_wire())
