"""A pod's status as a kubelet writes it, for each state that the fake kubelet brings a pod to."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from fakekube.core.meta import Obj, time_text

ContainerState = Callable[[Obj], Obj]
"""The status of one container, given its spec."""


def _id(pod: Obj, container: str) -> str:
    text = f"{pod['metadata'].get('uid', '')}/{container}"
    return "fakekube://" + blake2b(text.encode(), digest_size=32).hexdigest()


def container_status(container: Obj, state: Obj, **more: Any) -> Obj:
    """One containerStatus; ready and started follow from the state."""
    running = "running" in state
    status: Obj = {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": running,
        "restartCount": 0,
        "image": container.get("image", ""),
        "imageID": "",
        "started": running,
    }
    return status | more


def waiting(reason: str, message: str = "") -> Obj:
    """A container that does not run yet."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(now: float) -> Obj:
    """A container that runs since now."""
    return {"running": {"startedAt": time_text(now)}}


def terminated(code: int, started: str, now: float, identifier: str) -> Obj:
    """A container that has ended."""
    return {
        "terminated": {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": started,
            "finishedAt": time_text(now),
            "containerID": identifier,
        }
    }


def _condition(pod: Obj, kind: str, state: str, now: float, reason: str = "", message: str = "") -> Obj:
    old = next((each for each in (pod.get("status") or {}).get("conditions") or () if each["type"] == kind), None)
    same = old is not None and old["status"] == state
    entry: Obj = {"type": kind, "observedGeneration": pod["metadata"].get("generation"), "status": state}
    entry["lastProbeTime"] = None
    entry["lastTransitionTime"] = old["lastTransitionTime"] if old is not None and same else time_text(now)
    if reason:
        entry["reason"] = reason
    if message:
        entry["message"] = message
    return entry


_OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


def with_conditions(pod: Obj, status: Obj, now: float, entries: dict[str, tuple[str, str, str]]) -> Obj:
    """The status with the kubelet's conditions, others left as they are."""
    others = [each for each in (pod.get("status") or {}).get("conditions") or () if each["type"] not in _OWN]
    mine = [_condition(pod, kind, entries[kind][0], now, *entries[kind][1:]) for kind in _OWN]
    return {**status, "conditions": [*mine, *others], "observedGeneration": pod["metadata"].get("generation")}


def gates(pod: Obj) -> str:
    """What keeps a pod with readiness gates from being ready; '' if nothing does."""
    present = {each["type"]: each["status"] for each in (pod.get("status") or {}).get("conditions") or ()}
    told = []
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        if kind not in present:
            told.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif present[kind] != "True":
            told.append(f'the status of pod readiness gate "{kind}" is not "True", but {present[kind]}')
    return ", ".join(told)


def ready_entries(pod: Obj) -> dict[str, tuple[str, str, str]]:
    """The conditions of a pod whose containers run."""
    held = gates(pod)
    fine = ("True", "", "")
    ready = ("False", "ReadinessGatesNotReady", held) if held else fine
    return {"PodReadyToStartContainers": fine, "Initialized": fine, "Ready": ready, "ContainersReady": fine}


def unready_entries(pod: Obj, *, sandbox: bool) -> dict[str, tuple[str, str, str]]:
    """The conditions of a pod whose containers do not run."""
    names = " ".join(each["name"] for each in pod["spec"]["containers"])
    unready = ("False", "ContainersNotReady", f"containers with unready status: [{names}]")
    entries = {"Initialized": ("True", "", ""), "Ready": unready, "ContainersReady": unready}
    return {"PodReadyToStartContainers": ("True" if sandbox else "False", "", ""), **entries}


def ended_entries(reason: str) -> dict[str, tuple[str, str, str]]:
    """The conditions of a pod that has ended."""
    ended, initialized = ("False", reason, ""), ("True", reason if reason == "PodCompleted" else "", "")
    entries = {"Initialized": initialized, "Ready": ended, "ContainersReady": ended}
    return {"PodReadyToStartContainers": ("False", "", ""), **entries}


def is_sidecar(container: Obj) -> bool:
    """Whether an init container goes on running."""
    return container.get("restartPolicy") == "Always"


def creating(pod: Obj, now: float, host_ip: str) -> Obj:
    """Bound and taken on: containers are being made."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or ()
    reason = "PodInitializing" if inits else "ContainerCreating"
    status = {**(pod.get("status") or {}), "phase": "Pending", **_host(host_ip), "startTime": time_text(now)}
    if inits:
        status["initContainerStatuses"] = [container_status(each, waiting("PodInitializing")) for each in inits]
    status["containerStatuses"] = [container_status(each, waiting(reason)) for each in spec["containers"]]
    return with_conditions(pod, status, now, unready_entries(pod, sandbox=False))


def _host(ip: str) -> Obj:
    return {"hostIP": ip, "hostIPs": [{"ip": ip}]} if ip else {}


def started(pod: Obj, now: float, host_ip: str, pod_ip: str) -> Obj:
    """All containers run; init containers have ended well, sidecars run."""
    spec = pod["spec"]
    status: Obj = {**(pod.get("status") or {}), "phase": "Running", **_host(host_ip)}
    status.setdefault("startTime", time_text(now))
    if pod_ip:
        status |= {"podIP": pod_ip, "podIPs": [{"ip": pod_ip}]}
    inits = spec.get("initContainers") or ()
    if inits:
        status["initContainerStatuses"] = [_init(pod, each, now) for each in inits]
    state = running(now)
    status["containerStatuses"] = [
        container_status(each, state, containerID=_id(pod, each["name"]), imageID=_image_id(each))
        for each in spec["containers"]
    ]
    return with_conditions(pod, status, now, ready_entries(pod))


def _image_id(container: Obj) -> str:
    image = container.get("image", "")
    return f"{image.partition('@')[0]}@sha256:{blake2b(image.encode(), digest_size=32).hexdigest()}" if image else ""


def _init(pod: Obj, container: Obj, now: float) -> Obj:
    identifier = _id(pod, container["name"])
    if is_sidecar(container):
        return container_status(container, running(now), containerID=identifier, imageID=_image_id(container))
    state = terminated(0, time_text(now), now, identifier)
    found = container_status(container, state, containerID=identifier, imageID=_image_id(container))
    return found | {"ready": True, "started": False}


def never_started(pod: Obj, now: float, host_ip: str) -> Obj:
    """The image cannot be had."""
    status = creating(pod, now, host_ip)
    status["containerStatuses"] = [
        container_status(each, waiting("ImagePullBackOff", f'Back-off pulling image "{each.get("image", "")}"'))
        for each in pod["spec"]["containers"]
    ]
    return with_conditions(pod, status, now, unready_entries(pod, sandbox=True))


def _started_at(status: Obj, now: float) -> str:
    text = ((status.get("state") or {}).get("running") or {}).get("startedAt")
    return text or time_text(now)


def _ended(pod: Obj, code: int, now: float) -> Obj:
    """The container statuses with all that ran terminated."""
    status = dict(pod.get("status") or {})
    for field, listed in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
        specs = {each["name"]: each for each in pod["spec"].get(listed) or ()}
        present = {each["name"]: each for each in status.get(field) or ()}
        made = [_stop(pod, specs[name], present.get(name), code, now) for name in specs]
        if made:
            status[field] = made
    return status


def _stop(pod: Obj, container: Obj, present: Obj | None, code: int, now: float) -> Obj:
    present = present or container_status(container, waiting("ContainerCreating"))
    if "terminated" in present["state"]:
        return present
    identifier = present.get("containerID") or _id(pod, container["name"])
    state = terminated(code, _started_at(present, now), now, identifier)
    return {**present, "state": state, "ready": False, "started": False, "containerID": identifier}


def ended(pod: Obj, code: int, now: float) -> Obj:
    """All containers have ended by themselves, and are not started again."""
    status = _ended(pod, code, now)
    status["phase"] = "Succeeded" if code == 0 else "Failed"
    return with_conditions(pod, status, now, ended_entries("PodCompleted" if code == 0 else "PodFailed"))


def stopped(pod: Obj, now: float) -> Obj:
    """The containers were stopped because the pod is deleted."""
    status = _ended(pod, 143, now)
    status["phase"] = "Failed"
    return with_conditions(pod, status, now, ended_entries("PodFailed"))


def crashing(pod: Obj, code: int, now: float) -> Obj:
    """All containers have ended and wait to be started again."""
    meta = pod["metadata"]
    status = {**(pod.get("status") or {}), "phase": "Running"}
    made = []
    for each in status.get("containerStatuses") or ():
        place = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
        text = f"back-off 10s restarting failed container={each['name']} pod={place}"
        last = terminated(code, _started_at(each, now), now, each.get("containerID", ""))
        state = waiting("CrashLoopBackOff", text)
        fields = {"state": state, "lastState": last, "ready": False, "started": False, "restartCount": 1}
        made.append({**each, **fields})
    status["containerStatuses"] = made
    return with_conditions(pod, status, now, unready_entries(pod, sandbox=True))
