"""Label selectors and field selectors of lists."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import equal
from fakekube_conformance.objects import config_map, lease, pod, secret, service

FRUIT = {
    "apple": {"colour": "red", "taste": "sour"},
    "cherry": {"colour": "red", "taste": "sweet"},
    "lemon": {"colour": "yellow", "taste": "sour", "cold": ""},
    "stone": {},
}


def basket(case: Case) -> None:
    for name, labels in FRUIT.items():
        case.create("secrets", secret(name) | {"metadata": {"name": name, "labels": labels}})


def chosen(case: Case, selector: str) -> list[str]:
    return case.get("secrets", labelSelector=selector).names


@check("A label selector with = or == chooses objects with that value")
def equality(case: Case) -> None:
    basket(case)
    equal("=", chosen(case, "colour=red"), ["apple", "cherry"])
    equal("==", chosen(case, "colour==yellow"), ["lemon"])


@check("Requirements separated by commas must all hold")
def conjunction(case: Case) -> None:
    basket(case)
    equal("names", chosen(case, "colour=red,taste=sour"), ["apple"])


@check("A label selector with != also chooses objects without the label")
def inequality(case: Case) -> None:
    basket(case)
    equal("names", chosen(case, "colour!=red"), ["lemon", "stone"])


@check("A label selector with in chooses any of the values, with notin none of them or no label")
def sets(case: Case) -> None:
    basket(case)
    equal("in", chosen(case, "colour in (yellow, green)"), ["lemon"])
    equal("notin", chosen(case, "taste notin (sour)"), ["cherry", "stone"])


@check("A bare key chooses objects that have the label, with ! those that do not")
def existence(case: Case) -> None:
    basket(case)
    equal("exists", chosen(case, "cold"), ["lemon"])
    equal("does not exist", chosen(case, "!taste"), ["stone"])


@check("A label selector with an empty value chooses objects whose label is empty")
def empty_value(case: Case) -> None:
    basket(case)
    equal("names", chosen(case, "cold="), ["lemon"])


@check("Blanks around the parts of a label selector do not matter")
def blanks(case: Case) -> None:
    basket(case)
    equal("names", chosen(case, " colour = red ,  taste = sweet "), ["cherry"])


@check("A label selector that chooses nothing gives an empty list")
def nothing(case: Case) -> None:
    basket(case)
    equal("names", chosen(case, "colour=blue"), [])


@check("A label selector that cannot be parsed is refused with BadRequest")
def malformed(case: Case) -> None:
    for selector in ("colour in red", "=red", "colour=re d", "colour,,taste"):
        case.get("secrets", labelSelector=selector, status=400).because("BadRequest")


@check("A label selector whose value could be no label is refused with BadRequest")
def impossible_value(case: Case) -> None:
    answer = case.get("secrets", labelSelector="colour=red/blue", status=400)
    answer.because("BadRequest", "a valid label must be an empty string or consist of alphanumeric characters")


@check("Every kind can be selected by metadata.name")
def by_name(case: Case) -> None:
    basket(case)
    equal("secrets", case.get("secrets", fieldSelector="metadata.name=lemon").names, ["lemon"])
    path = "coordination.k8s.io/v1/leases"
    for name in ("early", "late"):
        case.create(path, lease(name))
    equal("leases", case.get(path, fieldSelector="metadata.name!=late").names, ["early"])


@check("A list over all namespaces can be selected by metadata.namespace")
def by_namespace(case: Case) -> None:
    basket(case)
    found = case.get("/api/v1/secrets", fieldSelector=f"metadata.namespace={case.namespace}", labelSelector="colour")
    equal("names", found.names, ["apple", "cherry", "lemon"])


@check("Label and field selectors must both hold")
def both(case: Case) -> None:
    basket(case)
    found = case.get("secrets", labelSelector="taste=sour", fieldSelector="metadata.name!=apple")
    equal("names", found.names, ["lemon"])


@check("Pods can be selected by node, phase, scheduler and restart policy")
def pod_fields(case: Case) -> None:
    node = case.unique("node")
    case.create("pods", pod("here", nodeName=node))
    case.create("pods", pod("there", restartPolicy="OnFailure"))
    case.later("DELETE", "pods/here", {"gracePeriodSeconds": 0})
    for selector, expected in (
        (f"spec.nodeName={node}", ["here"]),
        ("spec.nodeName=", ["there"]),
        ("status.phase=Pending,spec.restartPolicy=OnFailure", ["there"]),
        ("status.phase!=Pending", []),
        ("spec.schedulerName=nobody,spec.restartPolicy!=OnFailure", ["here"]),
    ):
        equal(selector, case.get("pods", fieldSelector=selector).names, expected)


@check("Secrets can be selected by their type")
def secret_type(case: Case) -> None:
    case.create("secrets", secret("plain"))
    case.create("secrets", secret("special", type="example.org/special"))
    equal("names", case.get("secrets", fieldSelector="type=example.org/special").names, ["special"])


@check("Events can be selected by the object they are about, by type and reason")
def event_fields(case: Case) -> None:
    for name, kind, reason in (("one", "Pod", "Sneezed"), ("two", "Secret", "Leaked")):
        about = {"kind": kind, "namespace": case.namespace, "name": f"a-{name}"}
        case.create(
            "events", {"metadata": {"name": name}, "involvedObject": about, "reason": reason, "type": "Warning"}
        )
    for selector in ("involvedObject.kind=Secret", "involvedObject.name=a-two", "reason=Leaked,type=Warning"):
        equal(selector, case.get("events", fieldSelector=selector).names, ["two"])


@check("Namespaces can be selected by their phase")
def namespace_phase(case: Case) -> None:
    found = case.get("/api/v1/namespaces", fieldSelector=f"status.phase=Active,metadata.name={case.namespace}")
    equal("names", found.names, [case.namespace])


@check("Services can be selected by type and cluster IP")
def service_fields(case: Case) -> None:
    case.create("services", service("front"))
    case.create("services", service("quiet", clusterIP="None"))
    equal("names", case.get("services", fieldSelector="spec.clusterIP=None,spec.type=ClusterIP").names, ["quiet"])


@check("A field that a kind cannot be selected by is refused with BadRequest, by its name")
def unknown_field(case: Case) -> None:
    answer = case.get("configmaps", fieldSelector="data.colour=red", status=400)
    answer.because("BadRequest", "data.colour")
    case.get("pods", fieldSelector="spec.hostname=web", status=400).because("BadRequest", "spec.hostname")


@check("Labels are no fields: a field selector by label is refused")
def labels_are_no_fields(case: Case) -> None:
    case.get("pods", fieldSelector="metadata.labels.app=web", status=400).because("BadRequest")


@check("A field selector without a value is refused with BadRequest")
def field_without_value(case: Case) -> None:
    case.get("pods", fieldSelector="spec.nodeName", status=400).because("BadRequest", "invalid selector")


@check("A selector chooses pages too: each page holds only what it chooses")
def selected_pages(case: Case) -> None:
    basket(case)
    case.create("secrets", secret("melon") | {"metadata": {"name": "melon", "labels": {"colour": "red"}}})
    first = case.get("secrets", labelSelector="colour=red", limit=2)
    equal("first page", first.names, ["apple", "cherry"])
    second = case.get("secrets", labelSelector="colour=red", limit=2, continue_=first.look("metadata.continue"))
    equal("second page", second.names, ["melon"])


@check("The labels of an object decide at the time of the list")
def labels_change(case: Case) -> None:
    case.create("configmaps", config_map("plum", labels={"ripe": "no"}))
    equal("before", case.get("configmaps", labelSelector="ripe=yes").names, [])
    case.merge("configmaps/plum", {"metadata": {"labels": {"ripe": "yes"}}})
    equal("after", case.get("configmaps", labelSelector="ripe=yes").names, ["plum"])
