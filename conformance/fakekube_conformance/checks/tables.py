"""Tables: what kubectl shows, as the server prints it."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, lacks
from fakekube_conformance.objects import Obj, config_map, deployment, lease, pod, service

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
KUBECTL = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"


def table(case: Case, path: str, **query: object) -> Obj:
    found: Obj = case.get(path, accept=TABLE, **query).body
    return found


def columns(found: Obj, priority: int | None = None) -> list[str]:
    return [each["name"] for each in found["columnDefinitions"] if priority in (None, each["priority"])]


@check("A list as a table has columns, and a row of as many cells for each object")
def rows(case: Case) -> None:
    case.create("configmaps", config_map("recipe", {"a": "1", "b": "2"}, labels={"book": "one"}))
    found = table(case, "configmaps", labelSelector="book=one")
    equal("kind and apiVersion", (found["kind"], found["apiVersion"]), ("Table", "meta.k8s.io/v1"))
    equal("columns", columns(found), ["Name", "Data", "Age"])
    equal("cells", found["rows"][0]["cells"][:2], ["recipe", 2])


@check("A column is told with type, format and priority")
def column_rows(case: Case) -> None:
    first = table(case, "configmaps")["columnDefinitions"][0]
    covers("first column", first, {"name": "Name", "type": "string", "format": "name", "priority": 0})
    contains("members", first, "description")


@check("One object can be had as a table of one row")
def one(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    equal("cells", [each["cells"][0] for each in table(case, "configmaps/recipe")["rows"]], ["recipe"])


@check("Rows carry the object's metadata unless they are asked for something else")
def metadata(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe", {"a": "1"}))
    found = table(case, "configmaps/recipe")["rows"][0]["object"]
    equal("kind", (found["kind"], found["apiVersion"]), ("PartialObjectMetadata", "meta.k8s.io/v1"))
    equal("uid", found["metadata"]["uid"], made["metadata"]["uid"])
    lacks("object", found, "data")


@check("With includeObject=Object rows carry the whole object, with None nothing")
def include(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe", {"a": "1"}))
    equal("Object", table(case, "configmaps/recipe", includeObject="Object")["rows"][0]["object"], made)
    equal("None", table(case, "configmaps/recipe", includeObject="None")["rows"][0].get("object"), None)


@check("An unknown includeObject is refused with BadRequest")
def unknown_include(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    answer = case.get("configmaps/recipe", accept=TABLE, includeObject="Half", status=400)
    answer.because("BadRequest", "must be 'Metadata', 'Object', 'None', or empty")


@check("A table of nothing has its columns and no rows")
def empty(case: Case) -> None:
    found = table(case, "batch/v1/cronjobs")
    contains("columns", columns(found), "Name", "Schedule", "Suspend")
    equal("rows", found["rows"], [])


@check("kubectl's list of forms is answered with the first table")
def kubectl(case: Case) -> None:
    answer = case.get("configmaps", accept=KUBECTL)
    equal("kind and version", (answer.look("kind"), answer.look("apiVersion")), ("Table", "meta.k8s.io/v1"))


@check("Tables come in pages like lists")
def pages(case: Case) -> None:
    path = "coordination.k8s.io/v1/leases"
    for name in ("one", "two", "three"):
        case.create(path, lease(name))
    first = table(case, path, limit=2)
    equal("first page", [each["cells"][0] for each in first["rows"]], ["one", "three"])
    rest = table(case, path, limit=2, continue_=first["metadata"]["continue"])
    equal("second page", [each["cells"][0] for each in rest["rows"]], ["two"])


@check("Writes can be answered as tables too")
def writes(case: Case) -> None:
    path = "coordination.k8s.io/v1/leases"
    made = case.post(path, lease("shift", "ann"), accept=TABLE).body
    equal("created", made["rows"][0]["cells"][:2], ["shift", "ann"])
    patched = case.merge(f"{path}/shift", {"spec": {"holderIdentity": "bob"}}, accept=TABLE).body
    equal("patched", patched["rows"][0]["cells"][:2], ["shift", "bob"])


@check("A refusal stays a Status, whatever form was asked for")
def refusal(case: Case) -> None:
    case.get("configmaps/none", accept=TABLE, status=404).because("NotFound")


@check("Pods are shown with readiness, status and restarts; addresses and nodes only when asked for more")
def pods(case: Case) -> None:
    case.create("pods", pod("runner"))
    found = table(case, "pods/runner")
    equal("columns", columns(found, 0), ["Name", "Ready", "Status", "Restarts", "Age"])
    equal("further columns", columns(found, 1), ["IP", "Node", "Nominated Node", "Readiness Gates"])
    equal("cells", found["rows"][0]["cells"][:3], ["runner", "0/1", "Pending"])


@check("The status of a pod is shown as the reason for which its container waits")
def waiting_pod(case: Case) -> None:
    case.create("pods", pod("runner"))
    waiting = {"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "ready": False, "restartCount": 7}
    case.merge(
        "pods/runner/status",
        {"status": {"phase": "Running", "containerStatuses": [waiting | {"image": "", "imageID": ""}]}},
    )
    equal("cells", table(case, "pods/runner")["rows"][0]["cells"][1:4], ["0/1", "CrashLoopBackOff", "7"])


@check("Deployments are shown with replicas that are ready, up to date and available")
def deployments(case: Case) -> None:
    case.create("apps/v1/deployments", deployment("web", 0, paused=True))
    found = table(case, "apps/v1/deployments/web")
    equal("columns", columns(found, 0), ["Name", "Ready", "Up-to-date", "Available", "Age"])
    equal("cells", found["rows"][0]["cells"][:4], ["web", "0/0", 0, 0])
    equal("selector", found["rows"][0]["cells"][-1], "app=web")


@check("Services are shown with type, addresses and ports")
def services(case: Case) -> None:
    made = case.create(
        "services", service("front", [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}])
    )
    cells = table(case, "services/front")["rows"][0]["cells"]
    equal("cells", cells[:5], ["front", "ClusterIP", made["spec"]["clusterIP"], "<none>", "80/TCP,53/UDP"])


@check("Nodes are shown with status, roles and version", needs=("nodes",))
def nodes(case: Case) -> None:
    found = table(case, "/api/v1/nodes")
    equal("columns", columns(found, 0), ["Name", "Status", "Roles", "Age", "Version"])
    contains("states", [each["cells"][1].split(",")[0] for each in found["rows"]], "Ready")


@check("Namespaces are shown with their status")
def namespaces(case: Case) -> None:
    found = table(case, f"/api/v1/namespaces/{case.namespace}")
    equal("cells", found["rows"][0]["cells"][:2], [case.namespace, "Active"])
