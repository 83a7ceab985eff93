"""A view that lists and watches an API server, here one made of prepared answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakekube_dns.watching import WatchingView, client_from

from .conftest import endpoint_slice, service
from .fake_api import FakeAPI


@pytest.fixture
def watching(api: FakeAPI) -> Iterator[Callable[..., WatchingView]]:
    """Makes started views that are stopped at the end."""
    made: list[WatchingView] = []

    def make(**options: Any) -> WatchingView:
        made.append(WatchingView(client_from(str(api.kubeconfig)), now=lambda: 0.0, **options))
        return made[-1].start()

    yield make
    for view in made:
        view.stop()
        assert not any(reflector.thread.is_alive() for reflector in view._reflectors)


def versioned(obj: dict[str, Any], version: str) -> dict[str, Any]:
    return obj | {"metadata": obj["metadata"] | {"resourceVersion": version}}


def until(view: WatchingView, holds: Callable[[], bool]) -> None:
    """Wait for the view to be told."""
    changed = threading.Event()
    view._change, told = lambda: (told(), changed.set()), view._change  # type: ignore[method-assign, assignment]
    for _ in range(50):
        if holds():
            view._change = told  # type: ignore[method-assign]
            return
        changed.wait(0.2)
        changed.clear()
    pytest.fail("the view was not told")


def test_it_holds_what_is_listed_page_by_page(api: FakeAPI, watching: Callable[..., WatchingView]) -> None:
    api.objects["Namespace"] = [{"metadata": {"name": "testns"}}]
    api.objects["Service"] = [service(f"svc{i}", f"10.0.0.{i}") for i in range(1, 6)]
    api.objects["EndpointSlice"] = [endpoint_slice("svc1-1", "svc1", "10.1.0.1")]
    view = watching()
    assert view.wait_synced(10)
    assert view.synced
    assert view.namespace("testns")
    assert {service.name for service in view.services()} == {f"svc{i}" for i in range(1, 6)}
    assert [part.name for part in view.slices("testns", "svc1")] == ["svc1-1"]
    assert "Pod" not in {kind for kind, _ in api.requests}


def test_it_follows_the_watch(api: FakeAPI, watching: Callable[..., WatchingView]) -> None:
    api.objects["Service"] = [service("old", "10.0.0.1")]
    view = watching(pods=True)
    assert view.wait_synced(10)
    api.events["Service"].put(("ADDED", versioned(service("new", "10.0.0.2"), "8")))
    api.events["Service"].put(("BOOKMARK", {"metadata": {"resourceVersion": "9"}}))
    api.events["Service"].put(("DELETED", versioned(service("old", "10.0.0.1"), "10")))
    until(view, lambda: [service.name for service in view.services()] == ["new"])
    pod = {"metadata": {"name": "web", "namespace": "one"}, "status": {"podIP": "10.2.0.1"}}
    api.events["Pod"].put(("MODIFIED", versioned(pod, "11")))
    until(view, lambda: view.pods_at("10.2.0.1") == ("one",))


def test_a_watch_goes_on_where_it_ended(api: FakeAPI, watching: Callable[..., WatchingView]) -> None:
    view = watching()
    assert view.wait_synced(10)
    api.events["Service"].put(("ADDED", versioned(service("one", "10.0.0.1"), "42")))
    api.events["Service"].put(None)
    api.events["Service"].put(("ADDED", versioned(service("two", "10.0.0.2"), "43")))
    until(view, lambda: view.service("testns", "two") is not None)
    watches = [query["resourceVersion"] for kind, query in api.requests if kind == "Service" and "watch" in query]
    assert watches == [["7"], ["42"]]


def test_all_is_listed_again_when_the_version_is_too_old(api: FakeAPI, watching: Callable[..., WatchingView]) -> None:
    api.objects["Service"] = [service("old", "10.0.0.1"), service("both", "10.0.0.2")]
    view = watching()
    assert view.wait_synced(10)
    api.objects["Service"] = [service("both", "10.0.0.2"), service("new", "10.0.0.3")]
    api.events["Service"].put(("ERROR", {"code": 410, "message": "too old resource version"}))
    until(view, lambda: {service.name for service in view.services()} == {"both", "new"})


def test_it_tries_again_until_the_server_answers(api: FakeAPI, watching: Callable[..., WatchingView]) -> None:
    api.refusals = 4
    view = watching()
    assert view.wait_synced(10)
    assert api.refusals == 0


def test_a_view_that_was_not_started_can_be_stopped(api: FakeAPI) -> None:
    WatchingView(client_from(str(api.kubeconfig))).stop()
