"""A pod's status as a kubelet writes it, for each state that the fake kubelet brings a pod to."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from fakekube.core.meta import Obj, time_text

if TYPE_CHECKING:
    from fakekube.nodes.stopping import Stop

TERMINATED = 143
"""The exit code of what heeds the signal to end."""
ContainerState = Callable[[Obj], Obj]
"""The status of one container, given its spec."""


def container_id(pod: Obj, container: Obj, attempt: int = 0) -> str:
    """The identifier of a container; each time it is started again it is another."""
    text = f"{pod['metadata'].get('uid', '')}/{container['name']}{f'/{attempt}' if attempt else ''}"
    return "fakekube://" + blake2b(text.encode(), digest_size=32).hexdigest()


def container_status(container: Obj, state: Obj, **more: Any) -> Obj:
    """One containerStatus; ready and started follow from the state."""
    running = "running" in state
    return {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": running,
        "restartCount": 0,
        "image": container.get("image", ""),
        "imageID": "",
        "started": running,
        **more,
    }


def waiting(reason: str, message: str = "") -> Obj:
    """A container that does not run yet."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(now: float) -> Obj:
    """A container that runs since now."""
    return {"running": {"startedAt": time_text(now)}}


def terminated(code: int, started: str, now: float, identifier: str, reason: str = "") -> Obj:
    """A container that has ended."""
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "startedAt": started,
            "finishedAt": time_text(now),
            "containerID": identifier,
        }
    }


Entries = dict[str, tuple[str, str, str]]
"""By type: status, reason and message of the kubelet's conditions."""
FINE = ("True", "", "")
_OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


SCHEDULED = "PodScheduled"


def with_conditions(pod: Obj, status: Obj, now: float, found: Entries) -> Obj:
    """The status with the kubelet's conditions: those of others first, the scheduler's last."""
    own: dict[str, Obj] = {}
    listed, scheduled = [], []
    for each in (pod.get("status") or {}).get("conditions") or ():
        kind = each["type"]
        if kind in _OWN:
            own.setdefault(kind, each)
        elif kind == SCHEDULED:
            scheduled.append(each)
        else:
            listed.append(each)
    generation, text = pod["metadata"].get("generation"), time_text(now)
    for kind in _OWN:
        state, reason, message = found[kind]
        old = own.get(kind)
        entry: Obj = {
            "type": kind,
            "observedGeneration": generation,
            "status": state,
            "lastProbeTime": None,
            "lastTransitionTime": old["lastTransitionTime"] if old is not None and old["status"] == state else text,
        }
        if reason:
            entry["reason"] = reason
        if message:
            entry["message"] = message
        listed.append(entry)
    return {**status, "conditions": listed + scheduled, "observedGeneration": generation}


def gates(pod: Obj) -> str:
    """What keeps a pod with readiness gates from being ready; '' if nothing does."""
    if not pod["spec"].get("readinessGates"):
        return ""
    present = {each["type"]: each["status"] for each in (pod.get("status") or {}).get("conditions") or ()}
    told = []
    for gate in pod["spec"]["readinessGates"]:
        kind = gate["conditionType"]
        if kind not in present:
            told.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif present[kind] != "True":
            told.append(f'the status of pod readiness gate "{kind}" is not "True", but {present[kind]}')
    return ", ".join(told)


def entries(pod: Obj, status: Obj, *, sandbox: bool) -> Entries:
    """The conditions of a pod that has not ended, as its containers are."""
    unready = _unready_sidecars(pod, status) if pod["spec"].get("initContainers") else []
    unready += [each["name"] for each in status["containerStatuses"] if not each.get("ready")]
    containers = _lacking("ContainersNotReady", "unready", unready) if unready else FINE
    held = "" if unready else gates(pod)
    ready = ("False", "ReadinessGatesNotReady", held) if held else containers
    prepared = ("True" if sandbox else "False", "", "")
    return {
        "PodReadyToStartContainers": prepared,
        "Initialized": _initialized(pod, status),
        "Ready": ready,
        "ContainersReady": containers,
    }


def _unready_sidecars(pod: Obj, status: Obj) -> list[str]:
    inits = {each["name"]: each for each in status.get("initContainerStatuses") or ()}
    listed = pod["spec"]["initContainers"]
    return [each["name"] for each in listed if is_sidecar(each) and not inits.get(each["name"], {}).get("ready")]


def _initialized(pod: Obj, status: Obj) -> tuple[str, str, str]:
    listed = pod["spec"].get("initContainers")
    if not listed or any(_has_begun(each) for each in status.get("containerStatuses") or ()):
        return FINE
    inits = {each["name"]: each for each in status.get("initContainerStatuses") or ()}
    missing = [each["name"] for each in listed if not is_initialized(each, inits.get(each["name"]))]
    return _lacking("ContainersNotInitialized", "incomplete", missing) if missing else FINE


def _lacking(reason: str, what: str, names: list[str]) -> tuple[str, str, str]:
    return "False", reason, f"containers with {what} status: [{' '.join(names)}]"


def _has_begun(status: Obj) -> bool:
    state = status.get("state") or {}
    return "running" in state or "terminated" in state or bool((status.get("lastState") or {}).get("terminated"))


def is_initialized(container: Obj, status: Obj | None) -> bool:
    """Whether the init container has done what those after it wait for."""
    return status is not None and bool(status.get("started" if is_sidecar(container) else "ready"))


def ended_entries(pod: Obj, status: Obj, reason: str) -> Entries:
    """The conditions of a pod that has ended with this status."""
    ended = ("False", reason, "")
    initialized = ("True", reason, "") if reason == "PodCompleted" else _initialized(pod, status)
    made = {"Initialized": initialized, "Ready": ended, "ContainersReady": ended}
    return {"PodReadyToStartContainers": ("False", "", ""), **made}


def is_sidecar(container: Obj) -> bool:
    """Whether an init container goes on running."""
    return container.get("restartPolicy") == "Always"


def creating(pod: Obj, now: float, host_ip: str) -> Obj:
    """Bound and taken on: containers are being made."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or ()
    reason = "PodInitializing" if inits else "ContainerCreating"
    status = {**(pod.get("status") or {}), "phase": "Pending", **host(host_ip), "startTime": time_text(now)}
    if inits:
        status["initContainerStatuses"] = [container_status(each, waiting("PodInitializing")) for each in inits]
    status["containerStatuses"] = [container_status(each, waiting(reason)) for each in spec["containers"]]
    return with_conditions(pod, status, now, entries(pod, status, sandbox=False))


def host(ip: str) -> Obj:
    """The node's address, as the status of its pods tells it."""
    return {"hostIP": ip, "hostIPs": [{"ip": ip}]} if ip else {}


@lru_cache(maxsize=1024)
def _image_id(image: str) -> str:
    return f"{image.partition('@')[0]}@sha256:{blake2b(image.encode(), digest_size=32).hexdigest()}" if image else ""


def run(pod: Obj, container: Obj, now: float, present: Obj | None = None, attempt: int = 0) -> Obj:
    """The container runs since now, after so many restarts."""
    made = container_status(
        container,
        running(now),
        containerID=container_id(pod, container, attempt),
        imageID=_image_id(container.get("image", "")),
    )
    if present is not None:
        made["lastState"] = present.get("lastState", made["lastState"])
        made["restartCount"] = present.get("restartCount", 0)
    if container.get("resources") or len(pod["spec"]["containers"]) > 1:
        made |= resources(container)
    return made


def resources(container: Obj, *, always: bool = False) -> Obj:
    """The resources that the container has: those of its spec. (Of a pod that asks for none it is not told, for it may
    not come to ask for any.)"""
    found = container.get("resources") or {}
    requests = found.get("requests")
    return {"resources": found, **({"allocatedResources": requests} if requests or always else {})}


def completed(pod: Obj, container: Obj, now: float) -> Obj:
    """An init container that has run and ended well."""
    ended = end(pod, container, run(pod, container, now), 0, now, "Completed")
    return ended | {"ready": True}


def end(pod: Obj, container: Obj, present: Obj, code: int, now: float, reason: str = "") -> Obj:
    """The container has ended with this code; one that never ran is said to have done so at once."""
    identifier = present.get("containerID") or container_id(pod, container)
    state = terminated(code, _started_at(present, now), now, identifier, reason)
    return {**present, "state": state, "ready": False, "started": False, "containerID": identifier}


def _started_at(status: Obj, now: float) -> str:
    text = ((status.get("state") or {}).get("running") or {}).get("startedAt")
    return text or time_text(now)


LISTS = (
    ("initContainerStatuses", "initContainers"),
    ("containerStatuses", "containers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
)
"""Where the statuses of which containers are."""


def _all_ended(pod: Obj, code: int, now: float, stop: Stop | None = None) -> Obj:
    """The pod's status with all that had not ended terminated."""
    ends, begun = ({}, now) if stop is None else (stop.ends, now - stop.seconds)
    status = dict(pod.get("status") or {})
    for field, listed in LISTS:
        present = {each["name"]: each for each in status.get(field) or ()}
        made = []
        for each in pod["spec"].get(listed) or ():
            after, own = ends.get(each["name"], (now - begun, code))
            made.append(_ended(pod, each, present.get(each["name"]), own, begun + after))
        if made:
            status[field] = made
    return status


def _ended(pod: Obj, container: Obj, present: Obj | None, code: int, now: float) -> Obj:
    present = present or container_status(container, waiting("ContainerCreating"))
    return present if "terminated" in present["state"] else end(pod, container, present, code, now)


def stopped(pod: Obj, now: float, stop: Stop) -> Obj:
    """The containers were stopped because the pod is deleted; if all ended well it has succeeded."""
    status = _all_ended(pod, TERMINATED, now, stop)
    codes = [each["state"]["terminated"]["exitCode"] for each in status.get("containerStatuses") or ()]
    phase, reason = ("Failed", "PodFailed") if any(codes) or not codes else ("Succeeded", "PodCompleted")
    return with_conditions(pod, status | {"phase": phase}, now, ended_entries(pod, status, reason))


def failed(pod: Obj, now: float, code: int, reason: str = "", message: str = "") -> Obj:
    """The kubelet ended all containers, and the pod for ever."""
    status = _all_ended(pod, code, now) | {"phase": "Failed"}
    if reason:
        status |= {"reason": reason, "message": message}
    return with_conditions(pod, status, now, ended_entries(pod, status, "PodFailed"))


_NOT_THE_KUBELETS = (
    "qosClass",
    "resourceClaimStatuses",
    "extendedResourceClaimStatus",
    "nodeAllocatableResourceClaimStatuses",
)
_KUBELETS = frozenset({*_OWN, SCHEDULED, "PodResizeInProgress", "PodResizePending", "AllContainersRestarting"})


def rejected(pod: Obj, now: float, reason: str, message: str) -> Obj:
    """The kubelet does not take the pod on: of what a kubelet tells nothing else is left, not even that it is bound."""
    old = pod.get("status") or {}
    status: Obj = {
        "observedGeneration": pod["metadata"].get("generation"),
        "phase": "Failed",
        "message": f"Pod was rejected: {message}",
        "reason": reason,
        "startTime": old.get("startTime") or time_text(now),
        **{name: old[name] for name in _NOT_THE_KUBELETS if name in old},
    }
    others = [each for each in old.get("conditions") or () if each["type"] not in _KUBELETS]
    return status | {"conditions": others} if others else status


def disrupted(pod: Obj, now: float, code: int, reason: str, message: str, why: str = "") -> Obj:
    """`failed`, and that it was not the pod's own doing; `why` is told of that if it is not the message."""
    status = failed(pod, now, code, reason, message)
    entry = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": why or message,
        "observedGeneration": pod["metadata"].get("generation"),
        "lastProbeTime": None,
        "lastTransitionTime": time_text(now),
    }
    status["conditions"] = [entry, *(each for each in status["conditions"] if each["type"] != entry["type"])]
    return status
