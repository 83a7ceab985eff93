"""Ingresses, network policies, Events, leases and the like: small kinds that operators write."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal
from fakekube_conformance.objects import Obj, config_map, ingress, lease

INGRESSES = "networking.k8s.io/v1/ingresses"
POLICIES = "networking.k8s.io/v1/networkpolicies"
EVENTS = "events.k8s.io/v1/events"


def path_rule(path: str, kind: str | None = "Prefix") -> list[Obj]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    entry = {"path": path, "backend": backend, **({"pathType": kind} if kind else {})}
    return [{"host": "shop.example.org", "http": {"paths": [entry]}}]


@check("An Ingress needs rules or a default backend")
def ingress_needs_target(case: Case) -> None:
    case.post(INGRESSES, {"metadata": {"name": "door"}, "spec": {}}, status=422).blames("spec")


@check("A path of an Ingress needs a type, and is absolute where the type is exact or a prefix")
def ingress_paths(case: Case) -> None:
    where = "spec.rules[0].http.paths[0]"
    case.post(INGRESSES, ingress("door", rules=path_rule("/", None)), status=422).blames(f"{where}.pathType")
    for path in ("shop", "/a//b", "/a/../b"):
        case.post(INGRESSES, ingress("door", rules=path_rule(path)), status=422).blames(f"{where}.path")
    case.create(INGRESSES, ingress("door", rules=path_rule("/shop")))


@check("A host of an Ingress is a DNS name, with a wildcard as its first label at most")
def ingress_hosts(case: Case) -> None:
    for number, (host, status) in enumerate(
        (("*.example.org", 201), ("a.*.org", 422), ("Shop.example.org", 422), ("203.0.113.1", 422))
    ):
        rules = path_rule("/")
        rules[0]["host"] = host
        case.post(INGRESSES, ingress(f"door-{number}", rules=rules), status=status)


@check("A backend of an Ingress names a port by number or by name, not by both")
def ingress_backend(case: Case) -> None:
    backend = {"service": {"name": "web", "port": {"number": 80, "name": "http"}}}
    answer = case.post(INGRESSES, ingress("door", defaultBackend=backend), status=422)
    answer.blames("spec.defaultBackend")


@check("The controller of an ingress class cannot change")
def ingress_class(case: Case) -> None:
    path, name = "/apis/networking.k8s.io/v1/ingressclasses", case.unique("class")
    case.create_global(path, {"metadata": {"name": name}, "spec": {"controller": "example.org/one"}})
    case.merge(f"{path}/{name}", {"spec": {"controller": "example.org/two"}}, status=422).blames("spec.controller")


@check("A network policy without types is one for incoming traffic")
def policy_defaults(case: Case) -> None:
    made = case.create(POLICIES, {"metadata": {"name": "wall"}, "spec": {"podSelector": {}}})
    equal("types", made["spec"]["policyTypes"], ["Ingress"])
    made = case.create(POLICIES, {"metadata": {"name": "two"}, "spec": {"podSelector": {}, "egress": [{}]}})
    equal("types with egress", made["spec"]["policyTypes"], ["Ingress", "Egress"])


@check("A network policy's block of addresses must be one, and excludes only what is inside")
def policy_blocks(case: Case) -> None:
    def policy(block: Obj) -> Obj:
        rule = {"from": [{"ipBlock": block}]}
        return {"metadata": {"name": "wall"}, "spec": {"podSelector": {}, "ingress": [rule]}}

    where = "spec.ingress[0].from[0].ipBlock"
    case.post(POLICIES, policy({"cidr": "10.0.0.0/99"}), status=422).blames(f"{where}.cidr")
    outside = {"cidr": "10.1.0.0/16", "except": ["10.2.0.0/24"]}
    case.post(POLICIES, policy(outside), status=422).blames(f"{where}.except[0]")


@check("An Event is one object in both groups that serve it")
def event_groups(case: Case) -> None:
    about = {"kind": "Pod", "namespace": case.namespace, "name": "runner", "apiVersion": "v1"}
    body = {
        "metadata": {"name": "it.was"},
        "involvedObject": about,
        "reason": "Sneezed",
        "message": "bless you",
        "count": 3,
    }
    made = case.create("events", body)
    found = case.read(f"{EVENTS}/it.was")
    expected = {"regarding": {"name": "runner"}, "reason": "Sneezed", "note": "bless you", "deprecatedCount": 3}
    covers("event", found, {**expected, "metadata": {"uid": made["metadata"]["uid"]}})


@check("An Event is in the namespace of what it is about")
def event_namespace(case: Case) -> None:
    body = {"metadata": {"name": "it.was"}, "involvedObject": {"kind": "Pod", "namespace": "default", "name": "runner"}}
    case.post("events", body, status=422).blames("involvedObject.namespace")


@check("A new Event of events.k8s.io tells its controller, its action and a time in microseconds")
def new_event(case: Case) -> None:
    about = {"kind": "Pod", "namespace": case.namespace, "name": "runner"}
    body = {"metadata": {"name": "it.was"}, "regarding": about, "reason": "Sneezed", "type": "Normal"}
    case.post(EVENTS, body, status=422).because("Invalid")
    more = {
        "eventTime": "2024-02-03T04:05:06.000007Z",
        "reportingController": "example.org/nurse",
        "reportingInstance": "nurse-1",
        "action": "Treating",
    }
    made = case.create(EVENTS, body | more)
    equal("time", made["eventTime"], "2024-02-03T04:05:06.000007Z")


@check("A Lease keeps its times in microseconds")
def lease_times(case: Case) -> None:
    body = lease("leader", "ann")
    body["spec"] |= {"renewTime": "2024-02-03T04:05:06.123456Z", "leaseDurationSeconds": 15}
    made = case.create("coordination.k8s.io/v1/leases", body)
    equal("renewTime", made["spec"]["renewTime"], "2024-02-03T04:05:06.123456Z")
    body["metadata"]["name"] = "other"
    body["spec"]["leaseDurationSeconds"] = 0
    case.post("coordination.k8s.io/v1/leases", body, status=422).blames("spec.leaseDurationSeconds")


@check("Two candidates for a Lease: the one with the stale version loses")
def leader_election(case: Case) -> None:
    path = "coordination.k8s.io/v1/leases"
    made = case.create(path, lease("leader", "nobody"))
    answers = [
        case.put(f"{path}/leader", made | {"spec": {"holderIdentity": name}}, status=(200, 409)).status
        for name in ("ann", "bob")
    ]
    equal("statuses", answers, [200, 409])
    equal("holder", case.get(f"{path}/leader").look("spec.holderIdentity"), "ann")


@check("A Secret of a known type must hold what the type says")
def secret_types(case: Case) -> None:
    for kind, field in (
        ("kubernetes.io/tls", "data[tls.crt]"),
        ("kubernetes.io/dockerconfigjson", "data[.dockerconfigjson]"),
        ("kubernetes.io/basic-auth", "data[username]"),
        ("kubernetes.io/ssh-auth", "data[ssh-privatekey]"),
    ):
        case.post("secrets", {"metadata": {"name": "key"}, "type": kind}, status=422).blames(
            field, cause="FieldValueRequired"
        )


@check("A Secret without a type is Opaque")
def opaque(case: Case) -> None:
    equal("type", case.create("secrets", {"metadata": {"name": "key"}})["type"], "Opaque")


@check("A ConfigMap holds at most one mebibyte")
def config_map_size(case: Case) -> None:
    body = config_map("big", {"a": "x" * 1_048_577})
    case.post("configmaps", body, status=422).because("Invalid", "Too long: may not be more than 1048576 bytes")


@check("A stored revision of a controller cannot change its data")
def controller_revision(case: Case) -> None:
    path = "apps/v1/controllerrevisions"
    case.create(path, {"metadata": {"name": "first"}, "data": {"a": 1}, "revision": 1})
    case.merge(f"{path}/first", {"data": {"a": 2}}, status=422).blames("data")
    equal("revision", case.merge(f"{path}/first", {"revision": 2}).look("revision"), 2)
