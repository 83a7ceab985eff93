"""The view: what counts as a change, and that its indexes forget what is gone."""

from __future__ import annotations

import pytest

from fakekube_dns import MemoryView
from fakekube_dns.view import NO_PORT, Port, service_from, slice_from

from .conftest import OBJECTS, endpoint_slice, external, fill, pod, service


@pytest.mark.parametrize(
    ("kind", "obj"),
    [
        ("Namespace", {"metadata": {"name": "testns", "labels": {"a": "b"}}}),
        ("Service", service("svc1", "10.0.0.1", selector={"app": "web"})),
        ("EndpointSlice", endpoint_slice("hdls1-6", "hdls1", "5678:abcd::1", "5678:ABCD:0::2")),
        ("Pod", pod("web", "10.240.0.1", labels={"a": "b"})),
        ("Pod", {"metadata": {"name": "pending", "namespace": "podns"}}),
        ("ConfigMap", {"metadata": {"name": "any", "namespace": "testns"}}),
    ],
)
def test_what_dns_does_not_show_is_no_change(view: MemoryView, kind: str, obj: dict[str, object]) -> None:
    before = view.generation
    view.apply(kind, obj)
    assert view.generation == before


@pytest.mark.parametrize(
    ("kind", "obj"),
    [
        ("Namespace", {"metadata": {"name": "other"}}),
        ("Service", service("svc1", "10.0.0.1", ports=[])),
        ("Service", external("svc1", "a.test")),
        ("EndpointSlice", endpoint_slice("hdls1-6", "hdls1", "5678:abcd::1")),
        ("EndpointSlice", endpoint_slice("hdls1-6", "svc1", "5678:abcd::1", "5678:abcd::2")),
        ("Pod", pod("web", "10.240.0.2")),
    ],
)
def test_what_dns_shows_is_a_change(view: MemoryView, kind: str, obj: dict[str, object]) -> None:
    before = view.generation
    view.apply(kind, obj)
    assert view.generation == before + 1


def test_removing_what_was_never_told_is_no_change(view: MemoryView) -> None:
    before = view.generation
    for kind in ("Namespace", "Service", "EndpointSlice", "Pod", "ConfigMap"):
        view.remove(kind, "testns", "unknown")
    assert view.generation == before


def test_pods_are_wanted_only_when_they_are_needed() -> None:
    view = MemoryView(lambda: 0.0)
    assert view.wants == {"Namespace", "Service", "EndpointSlice"}
    view.apply("Pod", pod("web", "10.240.0.1"))
    assert view.pods_at("10.240.0.1") == ()
    assert MemoryView(lambda: 0.0, pods=True).wants == view.wants | {"Pod"}


def test_a_slice_moves_with_its_label_and_its_addresses(view: MemoryView) -> None:
    view.apply("EndpointSlice", endpoint_slice("hdls1-6", "svc6", "5678:abcd::1", "9::9"))
    assert [part.name for part in view.slices("testns", "hdls1")] == ["hdls1-4"]
    assert [part.name for part in view.slices("testns", "svc6")] == ["hdls1-6"]
    assert view.slices_at("5678:abcd::2") == ()
    assert [part.name for part in view.slices_at("9::9")] == ["hdls1-6"]


def test_pods_may_share_an_address(view: MemoryView) -> None:
    view.apply("Pod", pod("a", "10.1.1.1", namespace="one"))
    view.apply("Pod", pod("b", "10.1.1.1", namespace="one"))
    view.apply("Pod", pod("c", "10.1.1.1", namespace="two"))
    view.remove("Pod", "one", "a")
    assert view.pods_at("10.1.1.1") == ("one", "two")
    view.remove("Pod", "one", "b")
    assert view.pods_at("10.1.1.1") == ("two",)


def test_nothing_is_left_when_all_is_removed(view: MemoryView) -> None:
    for kind, obj in OBJECTS:
        metadata = obj["metadata"]
        view.remove(kind, metadata.get("namespace", ""), metadata["name"])
    empty = MemoryView(lambda: 0.0, pods=True)
    for index in vars(empty):
        if isinstance(value := getattr(empty, index), dict | set) and index not in ("_appliers", "_removers"):
            assert getattr(view, index) == value


def test_clear_forgets_all(view: MemoryView) -> None:
    before = view.generation
    view.clear()
    assert list(view.services()) == []
    assert view.generation == before + 1
    assert list(fill(view).services()) != []


@pytest.mark.parametrize(
    ("spec", "addresses", "headless"),
    [
        ({"clusterIP": "10.0.0.1"}, ["10.0.0.1"], False),
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "10::1"]}, ["10.0.0.1", "10::1"], False),
        ({"clusterIP": "None"}, [], True),
        ({}, [], False),
        (None, [], False),
    ],
)
def test_addresses_of_a_service(spec: dict[str, object] | None, addresses: list[str], headless: bool) -> None:
    made = service_from({"metadata": {"namespace": "a", "name": "b"}, "spec": spec})
    assert ([address.text for address in made.addresses], made.headless) == (addresses, headless)
    assert made.ports == (Port("", "", NO_PORT),)


@pytest.mark.parametrize("target", ["192.0.2.1", "2001:db8::1", "", "a..b", "ü.test"])
def test_an_external_name_must_be_able_to_be_an_alias(target: str) -> None:
    assert service_from(external("any", target)).external_name is None


def test_a_slice_may_say_null() -> None:
    bare = {"metadata": {"namespace": "a", "name": "b", "labels": None}, "endpoints": None, "ports": None}
    made = slice_from(bare)
    assert (made.endpoints, made.ports, made.service) == ((), (Port("", "", NO_PORT),), "")
