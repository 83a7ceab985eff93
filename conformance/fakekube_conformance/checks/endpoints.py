"""Endpoints and EndpointSlices: which pods are behind a Service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj, container, running_pod, service

SLICES = "discovery.k8s.io/v1/endpointslices"
WEB = {"app": "web"}
PORT = [{"name": "http", "containerPort": 8080}]


def slices(name: str = "front") -> str:
    return f"{SLICES}?labelSelector=kubernetes.io/service-name%3D{name}"


def slice_where(case: Case, what: str, test: Callable[[Obj], object], name: str = "front") -> Obj:
    """The one slice of a service, once it is as wanted."""
    found = case.eventually(slices(name), what, lambda listed: len(listed["items"]) == 1 and test(listed["items"][0]))
    one: Obj = found["items"][0]
    return one


def web_pod(case: Case, name: str = "web-0", **spec: Any) -> Obj:
    """A pod that runs and is ready."""
    case.create("pods", running_pod(name, WEB, **{"containers": [container(ports=PORT)], **spec}))

    def ready(obj: Obj) -> bool:
        return any(
            each["type"] == "Ready" and each["status"] == "True" for each in look(obj, "status.conditions") or []
        )

    return case.eventually(f"pods/{name}", "it is ready", ready)


def has_endpoints(found: Obj) -> bool:
    return bool(found["endpoints"])


@check("A ready pod that a Service selects becomes an endpoint in a slice", needs=("controllers", "nodes"))
def ready_pod(case: Case) -> None:
    case.create("services", service("front", [{"port": 80, "targetPort": "http"}], selector=WEB))
    pod = web_pod(case)
    found = slice_where(case, "it has an endpoint", has_endpoints)
    (endpoint,) = found["endpoints"]
    equal("addresses", endpoint["addresses"], [pod["status"]["podIP"]])
    equal("conditions", endpoint["conditions"], {"ready": True, "serving": True, "terminating": False})
    covers("target", endpoint["targetRef"], {"kind": "Pod", "name": "web-0", "uid": pod["metadata"]["uid"]})
    equal("node", endpoint["nodeName"], pod["spec"]["nodeName"])
    equal("ports", [(each["port"], each["protocol"]) for each in found["ports"]], [(8080, "TCP")])


@check("A slice tells its Service by label and by its owner, and the controller that keeps it", needs=("controllers",))
def slice_metadata(case: Case) -> None:
    front = case.create("services", service("front", selector=WEB))
    metadata = slice_where(case, "it is made", bool)["metadata"]
    expected = {
        "kubernetes.io/service-name": "front",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    covers("labels", metadata["labels"], expected)
    equal("owner", metadata["ownerReferences"][0]["uid"], front["metadata"]["uid"])
    holds("its name begins with the Service's", metadata["name"].startswith("front-"))


@check("A Service that selects nothing has an empty slice", needs=("controllers",))
def empty_slice(case: Case) -> None:
    case.create("services", service("front", selector=WEB))
    equal("endpoints", slice_where(case, "it is made", bool)["endpoints"], None)


@check("A Service without selector gets no slice", needs=("controllers",))
def no_selector(case: Case) -> None:
    case.create("services", service("plain"))
    case.create("services", service("front", selector=WEB))
    slice_where(case, "the other's is made", bool)
    equal("slices", case.get(slices("plain")).names, [])


@check("The old Endpoints of a Service tell the ready pods too", needs=("controllers", "nodes"))
def old_endpoints(case: Case) -> None:
    case.create("services", service("front", [{"name": "web", "port": 80, "targetPort": "http"}], selector=WEB))
    pod = web_pod(case)
    found = case.eventually("endpoints/front", "it has a subset", lambda obj: look(obj, "subsets.0.addresses"))
    equal("address", look(found, "subsets.0.addresses.0.ip"), pod["status"]["podIP"])
    equal("ports", look(found, "subsets.0.ports"), [{"name": "web", "port": 8080, "protocol": "TCP"}])


@check("A pod that is deleted leaves the slice", needs=("controllers", "nodes"))
def deleted_pod(case: Case) -> None:
    case.create("services", service("front", selector=WEB))
    web_pod(case)
    slice_where(case, "it has an endpoint", has_endpoints)
    case.delete("pods/web-0", gracePeriodSeconds=0)
    slice_where(case, "it is empty", lambda found: not found["endpoints"])


@check("A changed selector changes the endpoints", needs=("controllers", "nodes"))
def changed_selector(case: Case) -> None:
    case.create("services", service("front", selector={"app": "other"}))
    web_pod(case)
    case.merge("services/front", {"spec": {"selector": WEB}})
    slice_where(case, "it has an endpoint", has_endpoints)


@check("A pod that loses the selected label leaves the slice", needs=("controllers", "nodes"))
def changed_label(case: Case) -> None:
    case.create("services", service("front", selector=WEB))
    web_pod(case)
    slice_where(case, "it has an endpoint", has_endpoints)
    case.merge("pods/web-0", {"metadata": {"labels": {"app": "other"}}})
    slice_where(case, "it is empty", lambda found: not found["endpoints"])


@check("Labels of a Service are copied to its slices, and follow changes", needs=("controllers",))
def copied_labels(case: Case) -> None:
    body = service("front", selector=WEB)
    body["metadata"]["labels"] = {"team": "a"}
    case.create("services", body)
    slice_where(case, "it has the label", lambda found: found["metadata"]["labels"].get("team") == "a")
    case.merge("services/front", {"metadata": {"labels": {"team": "b"}}})
    slice_where(case, "it has the new label", lambda found: found["metadata"]["labels"].get("team") == "b")


@check("The slices of a headless Service are marked so, with host names of its pods", needs=("controllers", "nodes"))
def headless(case: Case) -> None:
    case.create("services", service("front", selector=WEB, clusterIP="None"))
    web_pod(case, hostname="first", subdomain="front")
    found = slice_where(case, "it has an endpoint", has_endpoints)
    contains("labels", found["metadata"]["labels"], "service.kubernetes.io/headless")
    equal("host name", found["endpoints"][0]["hostname"], "first")


@check("A slice that is deleted by hand is made again", needs=("controllers",))
def deleted_slice(case: Case) -> None:
    case.create("services", service("front", selector=WEB))
    old = slice_where(case, "it is made", bool)["metadata"]
    case.delete(f"{SLICES}/{old['name']}")
    slice_where(case, "there is another", lambda found: found["metadata"]["uid"] != old["uid"])


@check("Slices and Endpoints go with their Service", needs=("controllers",))
def deleted_service(case: Case) -> None:
    case.create("services", service("front", selector=WEB))
    slice_where(case, "it is made", bool)
    case.delete("services/front")
    case.eventually(slices(), "there is none", lambda listed: not listed["items"])
    case.gone("endpoints/front")


@check("Endpoints made by hand for a Service without selector are mirrored to a slice", needs=("controllers",))
def mirrored(case: Case) -> None:
    case.create("services", service("front"))
    subsets = [{"addresses": [{"ip": "203.0.113.9"}], "ports": [{"port": 5432}]}]
    case.create("endpoints", {"metadata": {"name": "front"}, "subsets": subsets})
    found = slice_where(case, "it is mirrored", has_endpoints)
    equal("addresses", found["endpoints"][0]["addresses"], ["203.0.113.9"])
    label = found["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"]
    equal("managed by", label, "endpointslicemirroring-controller.k8s.io")


@check("Endpoints are answered with a warning that they are deprecated")
def deprecated(case: Case) -> None:
    answer = case.get("endpoints/none", status=404)
    contains("warnings", "\n".join(answer.warnings), "v1 Endpoints is deprecated in v1.33+")


@check("An address type of a slice is required, known and immutable")
def address_type(case: Case) -> None:
    body: Obj = {"metadata": {"name": "hand"}, "endpoints": []}
    case.post(SLICES, body, status=422).blames("addressType", cause="FieldValueRequired")
    answer = case.post(SLICES, body | {"addressType": "IPv5"}, status=422)
    answer.blames("addressType", cause="FieldValueNotSupported")
    case.create(SLICES, body | {"addressType": "IPv4"})
    case.merge(f"{SLICES}/hand", {"addressType": "IPv6"}, status=422).blames("addressType")


@check("Endpoints of a Service whose traffic is to stay on the node are meant for it", needs=("controllers", "nodes"))
def same_node(case: Case) -> None:
    spec = service("front", [{"port": 80, "targetPort": "http"}], selector=WEB)
    spec["spec"]["trafficDistribution"] = "PreferSameNode"
    case.create("services", spec)
    pod = web_pod(case)
    (endpoint,) = slice_where(case, "it has an endpoint", has_endpoints)["endpoints"]
    equal("nodes", look(endpoint, "hints.forNodes"), [{"name": pod["spec"]["nodeName"]}])
    if "zone" in endpoint:
        equal("zones", look(endpoint, "hints.forZones"), [{"name": endpoint["zone"]}])
