"""Validation of metadata: names, labels, annotations, finalizers, owner references."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal
from fakekube_conformance.objects import config_map, deployment, owner, pod, service

UID = "77777777-6666-4555-8444-333333333333"


@check("Names of most kinds are lower-case DNS subdomains")
def subdomains(case: Case) -> None:
    case.create("configmaps", config_map("9-lives.cat.example"))
    for name in ("Cat", "cat_nap", "-cat", "cat-", "cat..nap", "c/a", "c" * 254):
        case.post("configmaps", config_map(name), status=422).blames("metadata.name", cause="FieldValueInvalid")


@check("The refusal of a name tells the rule that it breaks")
def rule_in_full(case: Case) -> None:
    answer = case.post("configmaps", config_map("Cat"), status=422)
    answer.because(
        "Invalid", 'ConfigMap "Cat" is invalid', "a lowercase RFC 1123 subdomain must consist of", "regex used for"
    )


@check("Names of namespaces and services are DNS labels: no dots, at most 63 characters")
def labels(case: Case) -> None:
    for name in ("a.b", "x" * 64):
        namespace = {"metadata": {"name": name}}
        case.post("/api/v1/namespaces", namespace, status=422).blames("metadata.name", cause="FieldValueInvalid")
        case.post("services", service(name), status=422).blames("metadata.name", cause="FieldValueInvalid")


@check("Names of RBAC kinds may be anything that can be a path segment")
def path_segments(case: Case) -> None:
    roles = "rbac.authorization.k8s.io/v1/roles"
    case.create(roles, {"metadata": {"name": "system:Cat_Nap"}, "rules": []})
    for name in ("a/b", "a%b", "..", "."):
        case.post(roles, {"metadata": {"name": name}, "rules": []}, status=422).blames("metadata.name")


@check("Label values are at most 63 letters, digits, dots, dashes and underscores")
def label_values(case: Case) -> None:
    case.create("configmaps", config_map("good", labels={"a": "", "b": "x_Y.z-9", "c": "v" * 63}))
    for value in ("two words", "-x", "v" * 64, "a/b"):
        answer = case.post("configmaps", config_map("bad", labels={"a": value}), status=422)
        answer.blames("metadata.labels", cause="FieldValueInvalid")


@check("Label keys may have a DNS prefix before a slash")
def label_keys(case: Case) -> None:
    case.create("configmaps", config_map("good", labels={"example.org/Kind_of": "a", "plain": "b"}))
    for key in ("Example.org/a", "/a", "a/", "a/b/c", "k" * 64, ""):
        answer = case.post("configmaps", config_map("bad", labels={key: "x"}), status=422)
        answer.blames("metadata.labels", cause="FieldValueInvalid")


@check("A label value that is no text cannot be decoded")
def label_types(case: Case) -> None:
    answer = case.post("configmaps", config_map("bad", labels={"a": True}), status=400)
    answer.because("BadRequest", "cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string")


@check("Annotations may hold any text, under keys like those of labels")
def annotation_text(case: Case) -> None:
    text = 'any "text"\n  with lines, 漢字 and {"json": [1]}'
    made = case.create("configmaps", config_map("good", annotations={"example.org/note": text}))
    equal("annotation", made["metadata"]["annotations"], {"example.org/note": text})
    answer = case.post("configmaps", config_map("bad", annotations={"no blanks": "x"}), status=422)
    answer.blames("metadata.annotations", cause="FieldValueInvalid")


@check("All annotations together hold at most 256 KiB")
def annotations_size(case: Case) -> None:
    case.create("configmaps", config_map("good", annotations={"a": "x" * 200_000}))
    big = {"a": "x" * 200_000, "b": "y" * 100_000}
    case.post("configmaps", config_map("bad", annotations=big), status=422).blames(
        "metadata.annotations", cause="FieldValueTooLong"
    )


@check("A finalizer of one's own must be qualified")
def finalizers(case: Case) -> None:
    answer = case.post("configmaps", config_map("bad", finalizers=["sweep"]), status=422)
    answer.blames("metadata.finalizers[0]").because("Invalid", "is neither a standard finalizer name nor is it fully")


@check("An owner reference that does not say all of who the owner is is refused")
def owner_fields(case: Case) -> None:
    answer = case.post("configmaps", config_map("bad", ownerReferences=[{}]), status=422)
    answer.blames(*(f"metadata.ownerReferences.{field}" for field in ("apiVersion", "kind", "name", "uid")))


@check("At most one owner is the controller")
def one_controller(case: Case) -> None:
    first = case.create("configmaps", config_map("one"))
    second = case.create("configmaps", config_map("two"))
    owners = [owner(first, controller=True), owner(second, controller=True)]
    answer = case.post("configmaps", config_map("bad", ownerReferences=owners), status=422)
    answer.blames("metadata.ownerReferences").because("Invalid", "Only one reference can have Controller set to true")


@check("A client learns of all faults of its object at once")
def several_faults(case: Case) -> None:
    body = deployment("bad", -1)
    body["metadata"]["labels"] = {"a": "two words"}
    body["spec"]["revisionHistoryLimit"] = -2
    answer = case.post("apps/v1/deployments", body, status=422)
    answer.blames("metadata.labels", "spec.replicas", "spec.revisionHistoryLimit")
    contains("message", answer.look("message"), "[metadata.labels: ")


@check("A refusal names group and kind of the object, and its name")
def details(case: Case) -> None:
    details = case.post("apps/v1/deployments", deployment("bad", -1), status=422).look("details")
    found = {key: details[key] for key in ("name", "group", "kind")}
    equal("details", found, {"name": "bad", "group": "apps", "kind": "Deployment"})


@check("Labels and annotations may change at any time, also of a pod")
def labels_change(case: Case) -> None:
    case.create("pods", pod("runner", {"app": "web"}))
    after = case.merge("pods/runner", {"metadata": {"labels": {"app": "api"}, "annotations": {"note": "moved"}}})
    equal("label", after.look("metadata.labels.app"), "api")


@check("A name may not be changed by way of generateName, but generateName itself may be noted later")
def late_generate_name(case: Case) -> None:
    case.create("configmaps", config_map("plain"))
    after = case.merge("configmaps/plain", {"metadata": {"generateName": "later-"}})
    equal("name and prefix", (after.look("metadata.name"), after.look("metadata.generateName")), ("plain", "later-"))


@check("Keys of a ConfigMap are plain file names, and a key is in data or in binaryData, not in both")
def config_map_keys(case: Case) -> None:
    case.post("configmaps", config_map("bad", {"a b": "x"}), status=422).blames("data[a b]")
    body = config_map("bad", {"photo": "x"}) | {"binaryData": {"photo": "AAECAw=="}}
    case.post("configmaps", body, status=422).because("Invalid", "duplicate of key present in")


@check("Values of a Secret's data must be base64")
def base64(case: Case) -> None:
    body = {"metadata": {"name": "bad"}, "data": {"key": "not base64!"}}
    case.post("secrets", body, status=400).because("BadRequest", "illegal base64 data")
