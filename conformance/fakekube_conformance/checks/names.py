"""The cluster's DNS: names of Services and their pods. Asked at the address that the run was told."""

from __future__ import annotations

import ipaddress

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.dns import Reply, ask
from fakekube_conformance.failures import Unmet, equal
from fakekube_conformance.objects import Obj, container, running_pod, service

NEEDS = ("dns",)
WITH_PODS = ("dns", "controllers", "nodes")
ZONE = "cluster.local."


def asked(case: Case, name: str, kind: str = "A") -> Reply:
    if case.session.dns is None:
        raise Unmet("the address of the cluster's DNS was not told")
    return ask(case.session.dns, name, kind)


def known(case: Case, name: str, kind: str = "A") -> Reply:
    """The answer once the name is known: a name server hears of a Service a moment after the API."""

    def attempt() -> Reply | None:
        reply = asked(case, name, kind)
        return reply if reply.code == "NOERROR" and reply.answer else None

    reply = case.until(f"{name} has {kind} records", attempt)
    assert reply is not None, "until returns what is true"
    return reply


def full(case: Case, name: str = "front") -> str:
    return f"{name}.{case.namespace}.svc.{ZONE}"


def web_pod(case: Case, name: str, **spec: object) -> str:
    """The address of a pod that runs behind the label app=web."""
    case.create("pods", running_pod(name, {"app": "web"}, **{"containers": [container()], **spec}))

    def ready(obj: Obj) -> bool:
        return any(
            each["type"] == "Ready" and each["status"] == "True" for each in obj["status"].get("conditions") or []
        )

    address: str = case.eventually(f"pods/{name}", "it is ready", ready)["status"]["podIP"]
    return address


@check("A Service's name has its cluster IP as address", needs=NEEDS)
def address(case: Case) -> None:
    made = case.create("services", service("front"))
    equal("addresses", known(case, full(case)).data("A"), [made["spec"]["clusterIP"]])


@check("The API's own Service has a name", needs=NEEDS)
def kubernetes(case: Case) -> None:
    found = case.read("/api/v1/namespaces/default/services/kubernetes")
    equal("addresses", asked(case, f"kubernetes.default.svc.{ZONE}").data("A"), [found["spec"]["clusterIP"]])


@check("A named port of a Service has an SRV record with its number", needs=NEEDS)
def port(case: Case) -> None:
    case.create("services", service("front", [{"name": "http", "port": 8080}]))
    found = known(case, f"_http._tcp.{full(case)}", "SRV").data("SRV")
    equal("records", found, [f"0 100 8080 {full(case)}"])


@check("A cluster IP leads back to the Service's name", needs=NEEDS)
def reverse(case: Case) -> None:
    made = case.create("services", service("front"))
    pointer = ipaddress.ip_address(made["spec"]["clusterIP"]).reverse_pointer + "."
    equal("names", known(case, pointer, "PTR").data("PTR"), [full(case)])


@check("An ExternalName Service is an alias", needs=NEEDS)
def alias(case: Case) -> None:
    case.create("services", service("front", [], type="ExternalName", externalName="db.example.org"))
    equal("alias", known(case, full(case), "CNAME").data("CNAME"), ["db.example.org."])


@check("A name that is not there is denied, with the zone's authority", needs=NEEDS)
def missing(case: Case) -> None:
    reply = asked(case, full(case, "nobody"))
    equal("code", reply.code, "NXDOMAIN")
    equal("authority", [(each.type, each.name) for each in reply.authority], [("SOA", ZONE)])


@check("A name without records of the asked type exists all the same", needs=NEEDS)
def no_data(case: Case) -> None:
    case.create("services", service("front"))
    known(case, full(case))
    reply = asked(case, full(case), "TXT")
    equal("code and answer", (reply.code, reply.answer), ("NOERROR", []))


@check("Letters' case does not matter in names", needs=NEEDS)
def letter_case(case: Case) -> None:
    case.create("services", service("front"))
    plain = known(case, full(case)).data("A")
    equal("addresses", asked(case, full(case).upper()).data("A"), plain)


@check("The version of the naming scheme is told", needs=NEEDS)
def scheme_version(case: Case) -> None:
    equal("text", asked(case, f"dns-version.{ZONE}", "TXT").data("TXT"), ["1.1.0"])


@check("A Service that is deleted has no name any more", needs=NEEDS)
def deleted(case: Case) -> None:
    case.create("services", service("front"))
    known(case, full(case))
    case.delete("services/front")
    case.until("the name is gone", lambda: asked(case, full(case)).code == "NXDOMAIN")


@check("A headless Service's name has the addresses of its ready pods", needs=WITH_PODS)
def headless(case: Case) -> None:
    case.create("services", service("front", selector={"app": "web"}, clusterIP="None"))
    addresses = sorted(web_pod(case, name) for name in ("web-0", "web-1"))
    case.until("both are known", lambda: asked(case, full(case)).data("A") == addresses)


@check("A pod with a host name has a name below its headless Service", needs=WITH_PODS)
def host_name(case: Case) -> None:
    case.create("services", service("front", selector={"app": "web"}, clusterIP="None"))
    place = web_pod(case, "web-0", hostname="first", subdomain="front")
    equal("addresses", known(case, f"first.{full(case)}").data("A"), [place])


@check("A headless Service without ready pods has no name", needs=NEEDS)
def empty_headless(case: Case) -> None:
    case.create("services", service("front", clusterIP="None", selector={"app": "nobody"}))
    case.create("services", service("mark"))
    known(case, full(case, "mark"))
    equal("code", asked(case, full(case)).code, "NXDOMAIN")
