"""PATCH as strategic merge patch: lists merged by key, and the directives that kubectl sends."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal
from fakekube_conformance.objects import Obj, config_map, container, pod, service

PATH = "podtemplates/mould"


def mould(case: Case, **spec: object) -> Obj:
    """A PodTemplate: all the lists of a pod, and no controller that looks at it."""
    inner = {"containers": [container("web"), container("log")], **spec}
    metadata = {"name": "mould", "labels": {"a": "1", "b": "2"}}
    return case.create("podtemplates", {"metadata": metadata, "template": {"spec": inner}})


def patched(case: Case, **spec: object) -> Obj:
    """The pod spec after a strategic merge patch of it."""
    found: Obj = case.strategic(PATH, {"template": {"spec": spec}}).look("template.spec")
    return found


@check("A strategic merge patch that names one container leaves the others as they are")
def containers(case: Case) -> None:
    mould(case)
    after = patched(case, containers=[{"name": "log", "image": "example.org/log:2"}])
    equal(
        "images",
        {each["name"]: each["image"].rpartition("/")[2] for each in after["containers"]},
        {"web": "pause:3.10", "log": "log:2"},
    )


@check("A strategic merge patch adds a container whose name is new")
def new_container(case: Case) -> None:
    mould(case)
    after = patched(case, containers=[container("extra")])
    equal("names", sorted(each["name"] for each in after["containers"]), ["extra", "log", "web"])


@check("The directive $patch: delete removes an item of a merged list")
def delete_item(case: Case) -> None:
    mould(case)
    after = patched(case, containers=[{"name": "web", "$patch": "delete"}])
    equal("names", [each["name"] for each in after["containers"]], ["log"])


@check("The directive $patch: replace puts a list in the place of a merged one")
def replace_list(case: Case) -> None:
    mould(case)
    after = patched(case, containers=[container("only"), {"$patch": "replace"}])
    equal("names", [each["name"] for each in after["containers"]], ["only"])


@check("The directive $patch: replace puts a map in the place of a merged one")
def replace_map(case: Case) -> None:
    mould(case)
    after = case.strategic(PATH, {"metadata": {"labels": {"$patch": "replace", "c": "3"}}})
    equal("labels", after.look("metadata.labels"), {"c": "3"})


@check("The directive $setElementOrder gives a merged list its order")
def element_order(case: Case) -> None:
    mould(case)
    order = [{"name": name} for name in ("log", "extra", "web")]
    after = patched(case, **{"$setElementOrder/containers": order, "containers": [container("extra")]})
    equal("names", [each["name"] for each in after["containers"]], ["log", "extra", "web"])


@check("The directive $retainKeys drops the members that it does not name, as when a volume changes its source")
def retain_keys(case: Case) -> None:
    mould(case, volumes=[{"name": "data", "emptyDir": {}}])
    change = {"name": "data", "secret": {"secretName": "key"}}
    case.strategic(PATH, {"template": {"spec": {"volumes": [change]}}}, status=422).because("Invalid")
    after = patched(case, volumes=[change | {"$retainKeys": ["name", "secret"]}])
    equal("volume", after["volumes"], [{"name": "data", "secret": {"secretName": "key", "defaultMode": 420}}])


@check("Environment variables merge by name, volume mounts by their path")
def environment(case: Case) -> None:
    first = container("web", env=[{"name": "A", "value": "1"}], volumeMounts=[{"name": "data", "mountPath": "/a"}])
    mould(case, containers=[first], volumes=[{"name": "data", "emptyDir": {}}])
    change = {
        "name": "web",
        "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
        "volumeMounts": [{"name": "data", "mountPath": "/b"}],
    }
    after = patched(case, containers=[change])["containers"][0]
    equal("env", after["env"], [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}])
    equal("mounts", sorted(each["mountPath"] for each in after["volumeMounts"]), ["/a", "/b"])


@check("Lists without a merge key are replaced as a whole")
def plain_list(case: Case) -> None:
    mould(case, containers=[container("web", args=["one", "two"])], tolerations=[{"key": "a", "operator": "Exists"}])
    after = patched(
        case, containers=[{"name": "web", "args": ["three"]}], tolerations=[{"key": "b", "operator": "Exists"}]
    )
    equal("args", after["containers"][0]["args"], ["three"])
    equal("tolerations", [each["key"] for each in after["tolerations"]], ["b"])


@check("Finalizers are merged as a set, and taken off by $deleteFromPrimitiveList")
def finalizers(case: Case) -> None:
    case.create("configmaps", config_map("card", finalizers=["example.org/a"]))
    case.release_later("configmaps/card")
    after = case.strategic("configmaps/card", {"metadata": {"finalizers": ["example.org/b"]}})
    equal("after adding", sorted(after.look("metadata.finalizers")), ["example.org/a", "example.org/b"])
    after = case.strategic("configmaps/card", {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.org/a"]}})
    equal("after deleting", after.look("metadata.finalizers"), ["example.org/b"])


@check("null in a strategic merge patch removes a map or a list")
def null(case: Case) -> None:
    mould(case, nodeSelector={"disk": "ssd"}, tolerations=[{"key": "a", "operator": "Exists"}])
    after = patched(case, nodeSelector=None, tolerations=None)
    equal("both", (after.get("nodeSelector"), after.get("tolerations")), (None, None))


@check("Ports of a Service merge by their number")
def service_ports(case: Case) -> None:
    case.create("services", service("front", [{"name": "web", "port": 80}, {"name": "tls", "port": 443}]))
    change = {"spec": {"ports": [{"port": 443, "targetPort": "secure"}]}}
    ports = case.strategic("services/front", change).look("spec.ports")
    equal("ports", [(each["name"], each["targetPort"]) for each in ports], [("web", 80), ("tls", "secure")])


@check("Several writers of conditions do not disturb one another under strategic merge patches")
def conditions(case: Case) -> None:
    case.create("pods", pod("runner"))
    for kind in ("example.org/Warm", "example.org/Fed"):
        case.strategic("pods/runner/status", {"status": {"conditions": [{"type": kind, "status": "True"}]}})
    found = case.read("pods/runner")["status"]["conditions"]
    contains("types", [each["type"] for each in found], "example.org/Warm", "example.org/Fed")


@check("An item of a merged list without its key cannot be merged")
def no_key(case: Case) -> None:
    mould(case)
    answer = case.strategic(PATH, {"template": {"spec": {"containers": [{"image": "x"}]}}}, status=500)
    contains("message", answer.look("message"), "does not contain declared merge key: name")


@check("An unknown $patch directive cannot be merged")
def unknown_directive(case: Case) -> None:
    mould(case)
    body = {"template": {"spec": {"containers": [{"name": "web", "$patch": "shuffle"}]}}}
    contains("message", case.strategic(PATH, body, status=500).look("message"), "unknown patch type: shuffle")
