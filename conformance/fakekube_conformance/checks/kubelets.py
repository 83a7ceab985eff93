"""The kubelets: what they wait for, what they tell, and what changes of a running pod they follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal, holds, look
from fakekube_conformance.objects import Obj, config_map, container, running_pod

NEEDS = ("controllers", "nodes")
SUCCEEDS = {"exec": {"command": ["/pause", "-v"]}}
"""A probe of which the pause image makes a success."""
MINUTES = 180
"""Mounts that have failed are tried again after up to two minutes."""


def start(case: Case, *, init: list[Obj] | None = None, volumes: list[Obj] | None = None, **more: Any) -> None:
    """A pod that a node may run; `more` is of its container."""
    spec = {"initContainers": init, "volumes": volumes, "terminationGracePeriodSeconds": 5}
    spec = {name: value for name, value in spec.items() if value is not None}
    case.create("pods", running_pod("runner", containers=[container(**more)], **spec))


def waits(reason: str, place: str = "containerStatuses") -> Any:
    return lambda obj: look(obj, f"status.{place}.0.state.waiting.reason") == reason


def runs(obj: Obj) -> bool:
    return "running" in (look(obj, "status.containerStatuses.0.state") or ())


def condition(obj: Obj, kind: str) -> Obj:
    found: list[Obj] = [each for each in look(obj, "status.conditions") or [] if each["type"] == kind]
    return found[0] if found else {}


def is_ready(obj: Obj) -> bool:
    return condition(obj, "Ready").get("status") == "True"


def told(case: Case, reason: str, part: str) -> None:
    """An event about the pod with this reason, whose message holds this part."""
    selector = f"involvedObject.name%3Drunner,reason%3D{reason}"
    case.eventually(
        f"events?fieldSelector={selector}",
        f"an event {reason} says {part!r}",
        lambda obj: any(part in each["message"] for each in obj["items"]),
    )


def variable(**source: Any) -> list[Obj]:
    return [{"name": "VARIABLE", "valueFrom": source}]


@check("A container whose environment lacks a key waits with CreateContainerConfigError until it comes", needs=NEEDS)
def missing_key(case: Case) -> None:
    start(case, env=variable(configMapKeyRef={"name": "settings", "key": "color"}))
    found = case.eventually("pods/runner", "its container waits", waits("CreateContainerConfigError"))
    equal("message", look(found, "status.containerStatuses.0.state.waiting.message"), 'configmap "settings" not found')
    equal("phase", look(found, "status.phase"), "Pending")
    told(case, "Failed", 'Error: configmap "settings" not found')
    case.create("configmaps", config_map("settings", {"size": "1"}))
    missing = f"couldn't find key color in ConfigMap {case.namespace}/settings"
    place = "status.containerStatuses.0.state.waiting.message"
    case.eventually("pods/runner", "the key is missing", lambda obj: look(obj, place) == missing, MINUTES)
    case.merge("configmaps/settings", {"data": {"color": "red"}})
    case.eventually("pods/runner", "it runs", runs, MINUTES)


@check("What is optional of a container's environment need not be there", needs=NEEDS)
def optional_key(case: Case) -> None:
    absent = {"name": "absent", "optional": True}
    sources = [{"configMapRef": absent}, {"secretRef": absent}]
    start(case, env=variable(secretKeyRef={**absent, "key": "k"}), envFrom=sources)
    case.eventually("pods/runner", "it runs", runs)


@check("A pod waits for the ConfigMap of a volume, and an event names both", needs=NEEDS)
def missing_volume(case: Case) -> None:
    start(case, volumes=[{"name": "settings", "configMap": {"name": "absent"}}])
    told(case, "FailedMount", 'MountVolume.SetUp failed for volume "settings" : configmap "absent" not found')
    found = case.read("pods/runner")
    holds("its container is being made", waits("ContainerCreating")(found))
    case.create("configmaps", config_map("absent"))
    case.eventually("pods/runner", "it runs", runs, MINUTES)


@check("An image whose name cannot be read is told as InvalidImageName", needs=NEEDS)
def image_name(case: Case) -> None:
    start(case, image="Not/An Image")
    case.eventually("pods/runner", "its container waits", waits("InvalidImageName"))
    told(case, "InspectFailed", 'Failed to apply default image tag "Not/An Image"')


@check("A container is not ready before its readiness probe may be asked", needs=NEEDS)
def initial_delay(case: Case) -> None:
    start(case, readinessProbe={**SUCCEEDS, "initialDelaySeconds": 2, "periodSeconds": 1})
    found = case.eventually("pods/runner", "it runs", runs)
    covers("container", look(found, "status.containerStatuses.0"), {"started": True, "ready": False})
    equal("reason", condition(found, "Ready").get("reason"), "ContainersNotReady")
    found = case.eventually("pods/runner", "it is ready", is_ready)
    began = datetime.fromisoformat(look(found, "status.containerStatuses.0.state.running.startedAt"))
    ready = datetime.fromisoformat(condition(found, "Ready")["lastTransitionTime"])
    holds("two seconds were waited for", (ready - began).total_seconds() >= 2)


@check("Until its startup probe succeeds a container is not started, and its pod not ready", needs=NEEDS)
def startup(case: Case) -> None:
    start(case, startupProbe={**SUCCEEDS, "initialDelaySeconds": 2, "periodSeconds": 1})
    found = case.eventually("pods/runner", "it runs", runs)
    covers("container", look(found, "status.containerStatuses.0"), {"started": False, "ready": False})
    found = case.eventually("pods/runner", "it is ready", is_ready)
    equal("started", look(found, "status.containerStatuses.0.started"), True)


@check("A sidecar that is not started holds back the containers after it", needs=NEEDS)
def sidecar(case: Case) -> None:
    probe = {**SUCCEEDS, "initialDelaySeconds": 2, "periodSeconds": 1}
    start(case, init=[container("side", restartPolicy="Always", startupProbe=probe)])
    case.eventually(
        "pods/runner", "its sidecar runs", lambda obj: look(obj, "status.initContainerStatuses.0.containerID")
    )
    found = case.read("pods/runner")
    holds("the container waits", waits("PodInitializing")(found))
    equal("phase", look(found, "status.phase"), "Pending")
    case.eventually("pods/runner", "it is ready", is_ready)


@check("An ephemeral container runs in a running pod, and never counts as ready", needs=NEEDS)
def ephemeral(case: Case) -> None:
    start(case)
    case.eventually("pods/runner", "it runs", runs)
    added = {"spec": {"ephemeralContainers": [container("debugger")]}}
    case.strategic("pods/runner/ephemeralcontainers", added)
    place = "status.ephemeralContainerStatuses.0"
    found = case.eventually("pods/runner", "it runs, too", lambda obj: look(obj, f"{place}.state.running"))
    covers("container", look(found, place), {"name": "debugger", "ready": False, "restartCount": 0})


@check("A running container is started anew with another image", needs=NEEDS)
def another_image(case: Case) -> None:
    start(case, image="registry.k8s.io/pause:3.9")
    before = case.eventually("pods/runner", "it runs", runs)
    body = {"spec": {"containers": [container()]}}
    case.strategic("pods/runner", body)
    place = "status.containerStatuses.0"
    found = case.eventually("pods/runner", "it is restarted", lambda obj: look(obj, f"{place}.restartCount") == 1, 60)
    holds("its last end is told", look(found, f"{place}.lastState.terminated"))
    holds("it is another container", look(found, f"{place}.containerID") != look(before, f"{place}.containerID"))


@check("Resources of a running container change in place", needs=NEEDS)
def resize(case: Case) -> None:
    start(case, resources={"requests": {"cpu": "10m", "memory": "16Mi"}})
    case.eventually("pods/runner", "it runs", runs)
    body = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "20m"}}}]}}
    case.strategic("pods/runner/resize", body)
    place = "status.containerStatuses.0"
    wanted = {"cpu": "20m", "memory": "16Mi"}
    found = case.eventually("pods/runner", "it has", lambda obj: look(obj, f"{place}.allocatedResources") == wanted, 60)
    case.eventually("pods/runner", "all is done", lambda obj: look(obj, f"{place}.resources.requests") == wanted, 60)
    equal("restarts", look(found, f"{place}.restartCount"), 0)


@check("A pod that is deleted stays while its preStop hook sleeps", needs=NEEDS)
def pre_stop(case: Case) -> None:
    start(case, lifecycle={"preStop": {"sleep": {"seconds": 2}}})
    case.eventually("pods/runner", "it runs", runs)
    case.delete("pods/runner")
    found = case.read("pods/runner")
    holds("it is being deleted", look(found, "metadata.deletionTimestamp"))
    holds("its container runs", runs(found))
    case.gone("pods/runner")


@check("An event tells of a pod that has missed its deadline, and it has failed", needs=NEEDS)
def deadline(case: Case) -> None:
    case.create("pods", running_pod("runner", activeDeadlineSeconds=1))
    found = case.eventually("pods/runner", "it has failed", lambda obj: look(obj, "status.phase") == "Failed", 60)
    equal("reason", look(found, "status.reason"), "DeadlineExceeded")
    told(case, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


def of_a_node(case: Case, **spec: Any) -> None:
    """A pod that is bound to a node by hand."""
    node = case.get("/api/v1/nodes").names[0]
    case.create("pods", running_pod("runner", nodeName=node, **spec))


def refused(case: Case) -> Obj:
    """The status of the pod, once it has failed."""
    found = case.eventually("pods/runner", "it has failed", lambda obj: look(obj, "status.phase") == "Failed")
    status: Obj = found["status"]
    return status


@check("A kubelet refuses a pod that its node has too little cpu for, and says how much there is", needs=NEEDS)
def out_of_cpu(case: Case) -> None:
    of_a_node(case, containers=[container(resources={"requests": {"cpu": "10k"}})])
    found = refused(case)
    equal("reason", found["reason"], "OutOfcpu")
    text = "Node didn't have enough resource: cpu, requested: 10000000, used: "
    holds("its message says so", found["message"].startswith(f"Pod was rejected: {text}"))
    equal("what else is told", {"conditions", "containerStatuses", "hostIP"} & set(found), set())
    holds("since when is told", found.get("startTime"))
    told(case, "OutOfcpu", text)


@check("A kubelet refuses a pod whose node selector its node does not meet", needs=NEEDS)
def unsuitable_node(case: Case) -> None:
    of_a_node(case, nodeSelector={"example.com/nowhere": "yes"})
    found = refused(case)
    text = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    covers("status", found, {"reason": "NodeAffinity", "message": f"Pod was rejected: {text}"})
    told(case, "NodeAffinity", text)


@check("A kubelet gives a port of its node to one pod alone", needs=NEEDS)
def taken_port(case: Case) -> None:
    ports = [{"containerPort": 45678, "hostPort": 45678}]
    of_a_node(case, containers=[container(ports=ports)])
    found = case.eventually("pods/runner", "it runs", runs)
    node = found["spec"]["nodeName"]
    case.create("pods", running_pod("second", nodeName=node, containers=[container(ports=ports)]))
    found = case.eventually("pods/second", "it has failed", lambda obj: look(obj, "status.phase") == "Failed")
    equal("reason", look(found, "status.reason"), "NodePorts")
