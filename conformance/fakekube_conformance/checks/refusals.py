"""How the server says no: the Status that every client reads."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds
from fakekube_conformance.objects import config_map, deployment, secret


@check("Every refusal is a Status with kind, code, reason and message")
def shape(case: Case) -> None:
    found = case.get("configmaps/none", status=404).body
    covers("status", found, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "metadata": {}})
    holds("there is a message", found["message"])


@check("The code in a Status is that of the HTTP answer")
def codes(case: Case) -> None:
    case.create("configmaps", config_map("card"))
    for answer in (
        case.get("configmaps/none", status=404),
        case.post("configmaps", config_map("card"), status=409),
        case.post("configmaps", config_map("Card"), status=422),
        case.put("configmaps", {}, status=405),
        case.get("configmaps", accept="image/png", status=406),
        case.post("configmaps", "x", type="text/plain", status=415),
        case.get("configmaps", limit="x", status=400),
    ):
        equal(answer.request, answer.look("code"), answer.status)


@check("A Status names resources of a group with the group")
def group_in_message(case: Case) -> None:
    answer = case.get("apps/v1/deployments/none", status=404).because("NotFound", 'deployments.apps "none" not found')
    equal("details", answer.look("details"), {"name": "none", "group": "apps", "kind": "deployments"})


@check("A Status that refuses an invalid object names the kind, not the resource")
def kind_in_details(case: Case) -> None:
    answer = case.post("apps/v1/deployments", deployment("bad", -1), status=422)
    equal("kind in the details", answer.look("details.kind"), "Deployment")
    answer.because("Invalid", 'Deployment.apps "bad" is invalid: spec.replicas')


@check("Each cause of an invalid object tells reason, message and field")
def causes(case: Case) -> None:
    (cause,) = case.post("apps/v1/deployments", deployment("bad", -1), status=422).look("details.causes")
    expected = {
        "reason": "FieldValueInvalid",
        "message": "Invalid value: -1: must be greater than or equal to 0",
        "field": "spec.replicas",
    }
    equal("cause", cause, expected)


@check("One fault is told alone, several in brackets")
def brackets(case: Case) -> None:
    one = case.post("configmaps", config_map("Bad"), status=422).look("message")
    holds("one has no brackets", one.startswith('ConfigMap "Bad" is invalid: metadata.name: '))
    two = case.post("configmaps", config_map("Bad", labels={"a": "b c"}), status=422).look("message")
    holds("two are in brackets", two.startswith('ConfigMap "Bad" is invalid: [metadata.') and two.endswith("]"))


@check("A refusal comes in the form that was asked for")
def as_yaml(case: Case) -> None:
    answer = case.get("configmaps/none", accept="application/yaml", status=404)
    equal("media type", answer.type, "application/yaml")
    contains("text", answer.text, "kind: Status\n", "reason: NotFound\n")


@check("Authentication is judged before anything else: an unknown token is Unauthorized everywhere")
def unknown_token(case: Case) -> None:
    headers = {"Authorization": "Bearer nobody-knows-this"}
    for path in ("configmaps/none", "/version", "/apis/apps/v1/gadgets"):
        case.get(path, headers=headers, anonymous=True, status=401).because("Unauthorized", "Unauthorized")


@check("Strange bytes in a body are refused, and the server lives on")
def strange_bytes(case: Case) -> None:
    case.post("configmaps", b"\xff\xfe\x00{", status=400).because("BadRequest")
    case.get("configmaps")


@check("A body that is nested beyond all measure is refused, and the server lives on")
def deep_nesting(case: Case) -> None:
    body = b'{"metadata": {"name": "deep"}, "data": ' + b'{"a": ' * 12_000 + b"1" + b"}" * 12_001
    case.post("configmaps", body, status=(400, 413, 422))
    case.get("configmaps")


@check("An object that is too large to store is refused")
def too_large(case: Case) -> None:
    answer = case.post("secrets", secret("big", {"a": "x" * 1_100_000}), status=(400, 413, 422))
    equal("kind", answer.look("kind"), "Status")


@check("A body beyond three megabytes is refused with RequestEntityTooLarge")
def request_too_large(case: Case) -> None:
    body = config_map("big", {"a": "x" * 3_500_000})
    case.post("configmaps", body, status=413).because("RequestEntityTooLarge", "limit is 3145728")
