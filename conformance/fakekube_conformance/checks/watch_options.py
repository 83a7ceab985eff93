"""WATCH: initial events, bookmarks, time limits and what is refused."""

from __future__ import annotations

import time
from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import Failure, contains, covers, equal, holds, look
from fakekube_conformance.objects import lease
from fakekube_conformance.wire import Answer

LEASES = "coordination.k8s.io/v1/leases"
INITIAL: dict[str, Any] = {
    "sendInitialEvents": True,
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": True,
}


def refusal(case: Case, status: int, path: str = LEASES, **query: Any) -> Answer:
    """The answer that refuses a watch."""
    with case.try_watch(path, **query) as watch:
        if watch.status != status:
            raise Failure(f"{watch.request}: expected {status}, got {watch.status}")
        return watch.refusal()


@check("Initial events are the present objects as ADDED, then a bookmark that marks their end")
def initial_events(case: Case) -> None:
    for name in ("two", "one"):
        case.create(LEASES, lease(name))
    with case.watch(LEASES, **INITIAL) as watch:
        equal("events", sorted(watch.take(2)), [("ADDED", "one"), ("ADDED", "two")])
        mark = watch.next("BOOKMARK")["object"]
        equal("annotation", look(mark, "metadata.annotations.k8s~io/initial-events-end"), "true")
        covers("bookmark", mark, {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1"})
        case.create(LEASES, lease("three"))
        event = watch.next("ADDED", "three")
        holds(
            "the bookmark is older",
            int(look(mark, "metadata.resourceVersion")) < int(look(event, "object.metadata.resourceVersion")),
        )


@check("Initial events of an empty collection are the bookmark alone")
def no_initial_events(case: Case) -> None:
    with case.watch(LEASES, **INITIAL) as watch:
        mark = watch.next("BOOKMARK")
        equal("annotation", look(mark, "object.metadata.annotations.k8s~io/initial-events-end"), "true")


@check("Initial events are selected like all others")
def selected_initial_events(case: Case) -> None:
    case.create(LEASES, lease("shift", labels={"team": "day"}))
    case.create(LEASES, lease("other"))
    with case.watch(LEASES, labelSelector="team=day", **INITIAL) as watch:
        watch.next("ADDED", "shift")
        watch.next("BOOKMARK")


@check("Initial events without resourceVersionMatch are refused as Invalid, never passed over")
def initial_events_need_match(case: Case) -> None:
    refusal(case, 422, sendInitialEvents=True).blames("resourceVersionMatch", cause="FieldValueForbidden")


@check("Only a watch that sends initial events takes resourceVersionMatch")
def match_needs_initial_events(case: Case) -> None:
    refusal(case, 422, resourceVersionMatch="NotOlderThan").blames("resourceVersionMatch")


@check("A list cannot send initial events")
def list_sends_none(case: Case) -> None:
    answer = case.get(
        LEASES, sendInitialEvents=True, resourceVersion="0", resourceVersionMatch="NotOlderThan", status=422
    )
    answer.blames("sendInitialEvents", cause="FieldValueForbidden")


@check("timeoutSeconds ends a watch cleanly")
def timeout(case: Case) -> None:
    begin = time.monotonic()
    with case.watch(LEASES, timeoutSeconds=1) as watch:
        equal("events", watch.rest(), [])
    holds("it lasted about a second", 0.5 < time.monotonic() - begin < 8)


@check("A bookmark comes before a timeout ends the watch that allows them")
def last_bookmark(case: Case) -> None:
    made = case.create(LEASES, lease("shift"))
    query: dict[str, Any] = {
        "resourceVersion": made["metadata"]["resourceVersion"],
        "allowWatchBookmarks": True,
        "timeoutSeconds": 4,
    }
    with case.watch(LEASES, **query) as watch:
        events = watch.rest()
    holds("there is a bookmark", events)
    covers("last event", events[-1], {"type": "BOOKMARK", "object": {"kind": "Lease"}})
    version = look(events[-1], "object.metadata.resourceVersion")
    holds("its version is none from before", int(version) >= int(made["metadata"]["resourceVersion"]))


@check("A watch that does not allow bookmarks gets none")
def no_bookmarks(case: Case) -> None:
    with case.watch(LEASES, timeoutSeconds=2) as watch:
        equal("events", watch.rest(), [])


@check("A timeout that is no number is refused with BadRequest")
def odd_timeout(case: Case) -> None:
    refusal(case, 400, timeoutSeconds="soon").because("BadRequest")


@check("A watch that cannot tell what it selects does not begin")
def odd_selectors(case: Case) -> None:
    refusal(case, 400, labelSelector="team in day").because("BadRequest")
    refusal(case, 400, fieldSelector="spec.holderIdentity=ann").because("BadRequest", "spec.holderIdentity")


@check("A watch of a resource that is not there is NotFound")
def unknown_resource(case: Case) -> None:
    refusal(case, 404, "apps/v1/gadgets").because("NotFound")


@check("A watch in a namespace that does not exist is silent and well")
def missing_namespace(case: Case) -> None:
    with case.watch(f"/api/v1/namespaces/{case.unique('nowhere')}/secrets", timeoutSeconds=1) as watch:
        equal("events", watch.rest(), [])


@check("A watch from a version that is forgotten is one ERROR that says Expired, and ends")
def expired(case: Case) -> None:
    group = case.unique("old") + ".example.org"
    plural = {"plural": "relics", "singular": "relic", "kind": "Relic"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": group, "scope": "Namespaced", "names": plural, "versions": [served]}
    body = {"metadata": {"name": f"relics.{group}"}, "spec": spec}
    case.create_global("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    case.eventually(f"{group}/v1/relics", "the kind is served", lambda found: found["kind"] == "RelicList")
    with case.watch(f"{group}/v1/relics", resourceVersion="1") as watch:
        events = watch.rest()
    equal("number of events", len(events), 1)
    covers("event", events[0], {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})
    contains("message", look(events[0], "object.message"), "too old resource version: 1 (")


@check("watch=true on an object's own path is an ordinary read")
def named_path(case: Case) -> None:
    case.create(LEASES, lease("shift"))
    equal("kind", case.get(f"{LEASES}/shift", watch=True).look("kind"), "Lease")


@check("The limit of a list means nothing to a watch: it tells all there is")
def limit(case: Case) -> None:
    for name in ("one", "two"):
        case.create(LEASES, lease(name))
    with case.watch(LEASES, limit=1) as watch:
        equal("events", sorted(watch.take(2)), [("ADDED", "one"), ("ADDED", "two")])


@check("watch=false is a list")
def watch_false(case: Case) -> None:
    equal("kind", case.get(LEASES, watch="false").look("kind"), "LeaseList")


@check("The content type of a JSON watch is JSON, whatever form was asked for")
def content_type(case: Case) -> None:
    for accept in ("application/json", "application/json;stream=watch", "*/*"):
        with case.watch(LEASES, accept=accept, timeoutSeconds=1) as watch:
            equal(accept, watch.type, "application/json")


@check("A watch cannot be had as YAML")
def yaml(case: Case) -> None:
    with case.try_watch(LEASES, accept="application/yaml") as watch:
        equal("status", watch.status, 406)
