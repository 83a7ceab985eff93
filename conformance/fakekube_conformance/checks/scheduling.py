"""The scheduler, the nodes, storage and budgets: what becomes of pods and claims."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj, claim, container, deployment, pod, running_pod

NEEDS = ("controllers", "nodes")


def condition(obj: Obj, kind: str) -> Obj:
    found: list[Obj] = [each for each in look(obj, "status.conditions") or [] if each["type"] == kind]
    return found[0] if found else {}


def is_ready(obj: Obj) -> bool:
    return condition(obj, "Ready").get("status") == "True"


def runs(case: Case, name: str = "runner", **spec: Any) -> Obj:
    case.create("pods", running_pod(name, **spec))
    return case.eventually(f"pods/{name}", "it is ready", is_ready)


def unschedulable(case: Case, name: str = "runner", **spec: Any) -> Obj:
    """The PodScheduled condition of a pod that no node takes."""
    case.create("pods", running_pod(name, **spec))

    def refused(obj: Obj) -> bool:
        return condition(obj, "PodScheduled").get("reason") == "Unschedulable"

    return condition(case.eventually(f"pods/{name}", "no node takes it", refused), "PodScheduled")


@check("A pod is bound to a node, which the scheduler tells", needs=NEEDS)
def bound(case: Case) -> None:
    case.create("pods", running_pod("runner"))
    found = case.eventually("pods/runner", "it is bound", lambda obj: obj["spec"].get("nodeName"))
    contains("nodes", case.get("/api/v1/nodes").names, found["spec"]["nodeName"])
    found = case.eventually("pods/runner", "it is told", lambda obj: condition(obj, "PodScheduled"))
    equal("PodScheduled", condition(found, "PodScheduled")["status"], "True")
    selector = "involvedObject.name%3Drunner,reason%3DScheduled"
    event = case.eventually(f"events?fieldSelector={selector}", "there is an event", lambda obj: obj["items"])["items"][
        0
    ]
    holds("the event names the node", event["message"].endswith(f" to {found['spec']['nodeName']}"))


@check("A pod on a node runs, with an address and the state of its container", needs=NEEDS)
def running(case: Case) -> None:
    found = runs(case)["status"]
    equal("phase", found["phase"], "Running")
    holds("it has an address", found["podIP"] and found["podIPs"][0]["ip"] == found["podIP"])
    (state,) = found["containerStatuses"]
    covers("container", state, {"name": "main", "ready": True, "started": True, "restartCount": 0})
    contains("state", state["state"], "running")


@check("Conditions of a running pod are all true", needs=NEEDS)
def conditions(case: Case) -> None:
    found = {each["type"]: each["status"] for each in runs(case)["status"]["conditions"]}
    covers("conditions", found, dict.fromkeys(("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True"))


@check("A pod whose node selector no node meets stays pending, and is told why", needs=NEEDS)
def node_selector(case: Case) -> None:
    found = unschedulable(case, nodeSelector={"example.org/colour": "green"})
    contains("message", found["message"], "nodes are available", "node affinity/selector")


@check("A pod that asks for more than any node has stays pending, and is told why", needs=NEEDS)
def too_large(case: Case) -> None:
    resources = {"requests": {"cpu": "100000"}}
    found = unschedulable(case, containers=[container(resources=resources)])
    contains("message", found["message"], "Insufficient cpu")


@check("A pod of another scheduler is left alone", needs=NEEDS)
def other_scheduler(case: Case) -> None:
    case.create("pods", pod("theirs"))
    runs(case, "ours")
    found = case.read("pods/theirs")
    equal("node and conditions", (found["spec"].get("nodeName"), condition(found, "PodScheduled")), (None, {}))


@check("A gated pod is scheduled when its gate is taken away", needs=NEEDS)
def gated(case: Case) -> None:
    case.create("pods", running_pod("runner", schedulingGates=[{"name": "example.org/wait"}]))
    runs(case, "other")
    equal("node", case.get("pods/runner").look("spec.nodeName"), None)
    case.merge("pods/runner", {"spec": {"schedulingGates": None}})
    case.eventually("pods/runner", "it is bound", lambda obj: obj["spec"].get("nodeName"))


@check("A pod stays with a pod that it has an affinity to", needs=NEEDS)
def affinity(case: Case) -> None:
    case.create("pods", running_pod("first", {"app": "web"}))
    first = case.eventually("pods/first", "it is bound", lambda obj: obj["spec"].get("nodeName"))
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    rule = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    case.create("pods", running_pod("second", affinity=rule))
    second = case.eventually("pods/second", "it is bound", lambda obj: obj["spec"].get("nodeName"))
    equal("node", second["spec"]["nodeName"], first["spec"]["nodeName"])


@check("A pod that is deleted stops and is gone without anyone's help", needs=NEEDS)
def deletion(case: Case) -> None:
    runs(case)
    holds("it is marked", case.delete("pods/runner").look("metadata.deletionTimestamp"))
    case.gone("pods/runner")


@check("Each node has a Lease that it renews", needs=NEEDS)
def leases(case: Case) -> None:
    names = case.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases").names
    contains("leases", names, *case.get("/api/v1/nodes").names)


@check("A node tells what it is and how much it takes", needs=NEEDS)
def node(case: Case) -> None:
    found = case.get("/api/v1/nodes").body["items"][0]
    contains("labels", found["metadata"]["labels"], "kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch")
    contains("allocatable", found["status"]["allocatable"], "cpu", "memory", "pods")
    kinds = [each["type"] for each in found["status"]["addresses"]]
    contains("addresses", kinds, "InternalIP")


@check("A Deployment's pods all run and make it available", needs=NEEDS)
def deployment_runs(case: Case) -> None:
    pods = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container()]},
    }
    case.create("apps/v1/deployments", deployment("web", 2, pods))
    case.eventually(
        "apps/v1/deployments/web", "both are available", lambda obj: obj["status"].get("availableReplicas") == 2
    )


@check("A disruption budget tells how many pods may be missing", needs=("controllers",))
def budget(case: Case) -> None:
    path = "policy/v1/poddisruptionbudgets"
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "nobody"}}}
    case.create(path, {"metadata": {"name": "keep"}, "spec": spec})
    found = case.eventually(f"{path}/keep", "it is observed", lambda obj: look(obj, "status.observedGeneration") == 1)
    covers("status", found["status"], {"expectedPods": 0, "currentHealthy": 0, "disruptionsAllowed": 0})


@check(
    "A claim finds a volume of its class, and has all of its capacity even if it asked for less", needs=("controllers",)
)
def volume(case: Case) -> None:
    name, kind = case.unique("disk"), case.unique("class")
    spec = {
        "capacity": {"storage": "5Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": kind,
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/tmp/nothing"},
    }
    case.create_global("/api/v1/persistentvolumes", {"metadata": {"name": name}, "spec": spec})
    case.create("persistentvolumeclaims", claim("data", "3Gi", storageClassName=kind))
    found = case.eventually("persistentvolumeclaims/data", "it is bound", lambda obj: obj["status"]["phase"] == "Bound")
    equal("volume", found["spec"]["volumeName"], name)
    equal("capacity", found["status"]["capacity"], {"storage": "5Gi"})
    claimed = case.read(f"/api/v1/persistentvolumes/{name}")
    equal("claim of the volume", look(claimed, "spec.claimRef.uid"), found["metadata"]["uid"])


@check("A claim of a class that nobody provides stays pending", needs=("controllers",))
def pending_claim(case: Case) -> None:
    made = case.create("persistentvolumeclaims", claim("data", storageClassName=case.unique("class")))
    selector = f"involvedObject.uid%3D{made['metadata']['uid']}"
    found = case.eventually(f"events?fieldSelector={selector}", "it is told", lambda obj: obj["items"])["items"][0]
    equal("reason", found["reason"], "ProvisioningFailed")
    equal("phase", case.get("persistentvolumeclaims/data").look("status.phase"), "Pending")


def storage_class(case: Case, mode: str) -> str:
    """A class whose provisioner is nobody."""
    name = case.unique("class")
    body = {"metadata": {"name": name}, "provisioner": "example.org/nobody", "volumeBindingMode": mode}
    case.create_global("/apis/storage.k8s.io/v1/storageclasses", body)
    return name


def told(case: Case, obj: Obj) -> str:
    """The reason of the first event about the object."""
    selector = f"involvedObject.uid%3D{obj['metadata']['uid']}"
    found = case.eventually(f"events?fieldSelector={selector}", "it is told", lambda listed: listed["items"])
    return str(found["items"][0]["reason"])


@check("A claim that waits for its first consumer says so, and is not bound", needs=("controllers",))
def late_claim(case: Case) -> None:
    made = case.create(
        "persistentvolumeclaims", claim("data", storageClassName=storage_class(case, "WaitForFirstConsumer"))
    )
    equal("reason", told(case, made), "WaitForFirstConsumer")
    found = case.read("persistentvolumeclaims/data")
    equal("phase", look(found, "status.phase"), "Pending")
    equal("annotations", found["metadata"].get("annotations"), None)


@check("A claim is marked with the provisioner that is to make its volume", needs=("controllers",))
def provisioner(case: Case) -> None:
    made = case.create("persistentvolumeclaims", claim("data", storageClassName=storage_class(case, "Immediate")))
    equal("reason", told(case, made), "ExternalProvisioning")
    marks = case.read("persistentvolumeclaims/data")["metadata"]["annotations"]
    equal("provisioner", marks["volume.kubernetes.io/storage-provisioner"], "example.org/nobody")


@check("A claim that is deleted stays until the pod that mounts it is gone", needs=NEEDS)
def claim_in_use(case: Case) -> None:
    name, kind = case.unique("disk"), case.unique("class")
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": kind,
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/tmp/nothing"},
    }
    case.create_global("/api/v1/persistentvolumes", {"metadata": {"name": name}, "spec": spec})
    case.create("persistentvolumeclaims", claim("data", "1Gi", storageClassName=kind))
    mounted = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    runs(case, volumes=mounted)
    holds("it is marked", case.delete("persistentvolumeclaims/data").look("metadata.deletionTimestamp"))
    contains(
        "finalizers", case.read("persistentvolumeclaims/data")["metadata"]["finalizers"], "kubernetes.io/pvc-protection"
    )
    case.delete("pods/runner")
    case.gone("persistentvolumeclaims/data")
