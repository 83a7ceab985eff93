"""Services: addresses and ports, what is allocated, kept and given back."""

from __future__ import annotations

import ipaddress
from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, different, equal, holds, lacks, look
from fakekube_conformance.objects import Obj, service

FRONT = "services/front"
NOBODY = "example.org/nobody"
"""A class of load balancers that no cloud has, so that none is built."""


def made(case: Case, ports: list[Obj] | None = None, **spec: Any) -> Obj:
    """The spec of a new service."""
    found: Obj = case.create("services", service("front", ports, **spec))["spec"]
    return found


def balancer(case: Case, **spec: Any) -> Obj:
    return made(case, type="LoadBalancer", loadBalancerClass=NOBODY, **spec)


@check("A small Service is completed as a ClusterIP one with an address")
def defaults(case: Case) -> None:
    spec = made(case)
    expected = {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ipFamilyPolicy": "SingleStack",
        "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}],
        "clusterIPs": [spec["clusterIP"]],
    }
    covers("spec", spec, expected)
    holds("the address is one", ipaddress.ip_address(spec["clusterIP"]))


@check("Two Services have two addresses")
def unique_addresses(case: Case) -> None:
    first = case.create("services", service("one"))["spec"]["clusterIP"]
    different("address of the second", case.create("services", service("two"))["spec"]["clusterIP"], first)


@check("An address that another Service has is refused as Invalid")
def taken_address(case: Case) -> None:
    taken = made(case)["clusterIP"]
    answer = case.post("services", service("back", clusterIP=taken), status=422)
    answer.blames("spec.clusterIPs").because("Invalid", "provided IP is already allocated")


@check("The address of a deleted Service can be asked for again")
def address_is_given_back(case: Case) -> None:
    address = made(case)["clusterIP"]
    case.delete(FRONT)
    equal("address", made(case, clusterIP=address)["clusterIP"], address)


@check("An address outside the cluster's range, and text that is no address, are refused")
def odd_address(case: Case) -> None:
    case.post("services", service("front", clusterIP="203.0.113.77"), status=422).blames("spec.clusterIPs")
    case.post("services", service("front", clusterIP="ten.zero"), status=422).blames("spec.clusterIPs[0]")


@check("The address of a Service cannot change")
def address_is_immutable(case: Case) -> None:
    made(case)
    change = {"spec": {"clusterIP": "203.0.113.77", "clusterIPs": ["203.0.113.77"]}}
    case.merge(FRONT, change, status=422).blames("spec.clusterIPs[0]", cause="FieldValueInvalid")


@check("An update that leaves the address out keeps it")
def address_is_kept(case: Case) -> None:
    address = made(case)["clusterIP"]
    after = case.put(FRONT, service("front", [{"port": 81}]))
    equal("address", after.look("spec.clusterIP"), address)


@check("A headless Service has no address and stays without")
def headless(case: Case) -> None:
    spec = made(case, clusterIP="None", selector={"app": "web"})
    equal("addresses", (spec["clusterIP"], spec["clusterIPs"]), ("None", ["None"]))
    case.merge(FRONT, {"spec": {"clusterIP": "", "clusterIPs": ["203.0.113.7"]}}, status=422).because("Invalid")


@check("An ExternalName Service has neither address nor families")
def external_name(case: Case) -> None:
    spec = made(case, [], type="ExternalName", externalName="db.example.org")
    lacks("spec", spec, "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")


@check("An ExternalName Service needs a lower-case DNS name")
def external_name_rules(case: Case) -> None:
    body = service("front", [], type="ExternalName")
    case.post("services", body, status=422).blames("spec.externalName", cause="FieldValueRequired")
    body["spec"]["externalName"] = "DB_1.example.org"
    case.post("services", body, status=422).blames("spec.externalName", cause="FieldValueInvalid")


@check("A NodePort Service gets a node port for each port")
def node_ports(case: Case) -> None:
    spec = made(case, [{"name": "a", "port": 80}, {"name": "b", "port": 81}], type="NodePort")
    ports = [each["nodePort"] for each in spec["ports"]]
    equal("number of different node ports", len(set(ports)), 2)
    equal("externalTrafficPolicy", spec["externalTrafficPolicy"], "Cluster")


@check("A node port that another Service has is refused as Invalid")
def taken_node_port(case: Case) -> None:
    port = made(case, type="NodePort")["ports"][0]["nodePort"]
    body = service("back", [{"port": 80, "nodePort": port}], type="NodePort")
    case.post("services", body, status=422).blames("spec.ports[0].nodePort", cause="FieldValueInvalid")


@check("A node port outside the cluster's range is refused and the range is told")
def odd_node_port(case: Case) -> None:
    answer = case.post("services", service("front", [{"port": 80, "nodePort": 81}], type="NodePort"), status=422)
    answer.blames("spec.ports[0].nodePort").because("Invalid", "The range of valid ports is")


@check("Node ports are only for services that have them")
def node_port_of_cluster_ip(case: Case) -> None:
    answer = case.post("services", service("front", [{"port": 80, "nodePort": 30123}]), status=422)
    answer.blames("spec.ports[0].nodePort", cause="FieldValueForbidden")


@check("Node ports that an update leaves out are kept by the name of their port")
def node_ports_are_kept(case: Case) -> None:
    spec = made(case, [{"name": "a", "port": 80}, {"name": "b", "port": 81}], type="NodePort")
    before = {each["name"]: each["nodePort"] for each in spec["ports"]}
    body = service("front", [{"name": "b", "port": 91}, {"name": "a", "port": 90}], type="NodePort")
    after = {each["name"]: each["nodePort"] for each in case.put(FRONT, body).look("spec.ports")}
    equal("node ports", after, before)


@check("A Service that becomes ClusterIP gives its node ports back and keeps its address")
def type_down(case: Case) -> None:
    before = made(case, type="NodePort")
    after = case.merge(FRONT, {"spec": {"type": "ClusterIP"}}).body["spec"]
    equal("address", after["clusterIP"], before["clusterIP"])
    lacks("port", after["ports"][0], "nodePort")
    lacks("spec", after, "externalTrafficPolicy")


@check("A Service that becomes ExternalName gives its address back")
def to_external_name(case: Case) -> None:
    address = made(case)["clusterIP"]
    after = case.merge(FRONT, {"spec": {"type": "ExternalName", "externalName": "db.example.org"}}).body["spec"]
    lacks("spec", after, "clusterIP", "clusterIPs")
    body = service("back", clusterIP=address)
    equal("it can be had again", case.create("services", body)["spec"]["clusterIP"], address)


@check("Ports of a Service with several need names")
def port_names(case: Case) -> None:
    answer = case.post("services", service("front", [{"port": 80}, {"port": 81}]), status=422)
    answer.blames("spec.ports[0].name", "spec.ports[1].name", cause="FieldValueRequired")


@check("Two ports of one number and protocol, or of one name, are refused")
def duplicate_ports(case: Case) -> None:
    same_number = [{"name": "a", "port": 80}, {"name": "b", "port": 80}]
    case.post("services", service("front", same_number), status=422).blames(
        "spec.ports[1]", cause="FieldValueDuplicate"
    )
    same_name = [{"name": "a", "port": 80}, {"name": "a", "port": 81}]
    answer = case.post("services", service("front", same_name), status=422)
    answer.blames("spec.ports[1].name", cause="FieldValueDuplicate")
    case.create("services", service("front", [{"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP"}]))


@check("A Service with an address needs a port")
def no_ports(case: Case) -> None:
    case.post("services", service("front", []), status=422).blames("spec.ports", cause="FieldValueRequired")


@check("A port is from 1 to 65535, of a known protocol")
def odd_ports(case: Case) -> None:
    case.post("services", service("front", [{"port": 65536}]), status=422).blames("spec.ports[0].port")
    answer = case.post("services", service("front", [{"port": 80, "protocol": "ICMP"}]), status=422)
    answer.blames("spec.ports[0].protocol", cause="FieldValueNotSupported")


@check("A target port may be the name of a container's port")
def named_target(case: Case) -> None:
    equal("target", made(case, [{"port": 80, "targetPort": "web"}])["ports"][0]["targetPort"], "web")


@check("Session affinity by client lasts three hours unless it is told otherwise")
def affinity(case: Case) -> None:
    spec = made(case, sessionAffinity="ClientIP")
    equal("config", spec["sessionAffinityConfig"], {"clientIP": {"timeoutSeconds": 10800}})
    answer = case.post("services", service("back", sessionAffinity="Cookie"), status=422)
    answer.blames("spec.sessionAffinity", cause="FieldValueNotSupported")


@check("A LoadBalancer Service gets node ports unless it wants none")
def load_balancer(case: Case) -> None:
    spec = balancer(case)
    holds("there is a node port", spec["ports"][0].get("nodePort"))
    equal("flag", spec["allocateLoadBalancerNodePorts"], True)
    case.delete(FRONT)
    lacks("port", balancer(case, allocateLoadBalancerNodePorts=False)["ports"][0], "nodePort")


@check("The class of a load balancer cannot change while the type stays")
def load_balancer_class(case: Case) -> None:
    balancer(case)
    answer = case.merge(FRONT, {"spec": {"loadBalancerClass": "example.org/other"}}, status=422)
    answer.blames("spec.loadBalancerClass", cause="FieldValueInvalid")
    lacks("spec", case.merge(FRONT, {"spec": {"type": "ClusterIP"}}).look("spec"), "loadBalancerClass")


@check("The address of a load balancer is told through the status, and goes with the type")
def load_balancer_status(case: Case) -> None:
    balancer(case)
    ingress = [{"ip": "203.0.113.8"}]
    after = case.merge(f"{FRONT}/status", {"status": {"loadBalancer": {"ingress": ingress}}})
    equal("ingress", after.look("status.loadBalancer.ingress"), [{"ip": "203.0.113.8", "ipMode": "VIP"}])
    after = case.merge(FRONT, {"spec": {"type": "ClusterIP"}})
    equal("ingress of a ClusterIP", after.look("status.loadBalancer"), {})


@check("A load balancer with local traffic gets a health check port, and loses it with the policy")
def health_check_port(case: Case) -> None:
    holds("there is one", balancer(case, externalTrafficPolicy="Local").get("healthCheckNodePort"))
    after = case.merge(FRONT, {"spec": {"externalTrafficPolicy": "Cluster"}})
    equal("port", after.look("spec.healthCheckNodePort"), None)


@check("An external traffic policy is only for services that are reached from outside")
def external_policy(case: Case) -> None:
    answer = case.post("services", service("front", externalTrafficPolicy="Local"), status=422)
    answer.blames("spec.externalTrafficPolicy")


@check("The API itself is the Service kubernetes of namespace default")
def kubernetes_service(case: Case) -> None:
    found = case.read("/api/v1/namespaces/default/services/kubernetes")
    covers("labels", found["metadata"]["labels"], {"component": "apiserver", "provider": "kubernetes"})
    covers("port", found["spec"]["ports"][0], {"name": "https", "port": 443, "protocol": "TCP"})
    equal("selector", found["spec"].get("selector"), None)
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    names = case.get(slices, labelSelector="kubernetes.io/service-name=kubernetes").names
    contains("slices", names, "kubernetes")
    holds("it has endpoints", look(case.read(f"{slices}/kubernetes"), "endpoints.0.addresses.0"))
