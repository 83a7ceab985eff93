"""The cells of a pod: how many containers are ready, and the one word that says how it does."""

from __future__ import annotations

from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj, is_deleting
from fakekube.registry.tables.parts import age, has_true, name, part, spec, status

COMPLETED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}
"""The phases in which a row says that its pod is done."""

NODE_LOST = "NodeLost"


def row_conditions(pod: Obj) -> list[Obj]:
    """What a row says of a pod that is done."""
    phase = status(pod).get("phase", "")
    if phase not in COMPLETED:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": COMPLETED[phase]}]


class _Restarts:
    """How often containers were started again, and when last."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def add(self, container: Obj) -> None:
        self.count += container.get("restartCount") or 0
        finished = part(container, "lastState", "terminated").get("finishedAt") or ""
        self.last = max(self.last, finished)

    def text(self, now: float) -> str:
        ago = f" ({human.age(self.last, now)} ago)" if self.count and self.last else ""
        return f"{self.count}{ago}"


class _Reading:
    """What the container statuses say so far."""

    def __init__(self, pod: Obj) -> None:
        found = status(pod)
        self.spec, self.status = spec(pod), found
        self.conditions: list[Obj] = found.get("conditions") or []
        self.reason: str = found.get("reason") or found.get("phase") or ""
        if any(each.get("reason") == "SchedulingGated" for each in self.conditions if _is(each, "PodScheduled")):
            self.reason = "SchedulingGated"
        self.restarts = _Restarts()
        self.ready = 0
        inits = self.spec.get("initContainers") or ()
        self.sidecars = {each.get("name") for each in inits if each.get("restartPolicy") == "Always"}
        self.total = len(self.spec.get("containers") or ()) + len(self.sidecars)
        self.init_count = len(inits)

    def read(self) -> None:
        of_sidecars = _Restarts()
        initializing = self.read_inits(of_sidecars)
        if not initializing or has_true(self.conditions, "Initialized"):
            self.restarts = of_sidecars
            self.read_containers()

    def read_inits(self, of_sidecars: _Restarts) -> bool:
        """Whether an init container still is to finish; the reason then tells which, or why it does not."""
        for position, container in enumerate(self.status.get("initContainerStatuses") or ()):
            is_sidecar = container.get("name") in self.sidecars
            self.restarts.add(container)
            if is_sidecar:
                of_sidecars.add(container)
            terminated = part(container, "state").get("terminated")
            if terminated is not None and not terminated.get("exitCode"):
                continue
            if is_sidecar and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            waiting = part(container, "state", "waiting").get("reason") or ""
            if terminated is not None:
                self.reason = f"Init:{_end(terminated)}"
            elif waiting and waiting != "PodInitializing":
                self.reason = f"Init:{waiting}"
            else:
                self.reason = f"Init:{position}/{self.init_count}"
            return True
        return False

    def read_containers(self) -> None:
        running = False
        failed = ""
        for container in reversed(self.status.get("containerStatuses") or ()):
            self.restarts.add(container)
            state = part(container, "state")
            terminated = state.get("terminated")
            if reason := part(state, "waiting").get("reason"):
                self.reason = reason
            elif terminated is not None:
                self.reason = _end(terminated)
                failed = self.reason if terminated.get("exitCode") else failed
            elif container.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.reason == "Completed":
            self.reason = self.after_completion(running, failed)

    def after_completion(self, running: bool, failed: str) -> str:
        """A completed container does not make a completed pod."""
        if running and any(_is(each, "Ready") and each.get("status") == "True" for each in self.conditions):
            return "Running"
        return failed or ("NotReady" if running else "Completed")


def _is(condition: Obj, kind: str) -> bool:
    return bool(condition.get("type") == kind)


def _end(terminated: Obj) -> str:
    """How a container ended."""
    if terminated.get("reason"):
        return str(terminated["reason"])
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode') or 0}"


def cells(pod: Obj, now: float) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    found = _Reading(pod)
    found.read()
    reason = found.reason
    if is_deleting(pod):
        if found.status.get("reason") == NODE_LOST:
            reason = "Unknown"
        elif found.status.get("phase") not in COMPLETED:
            reason = "Terminating"
    addresses = found.status.get("podIPs") or [{}]
    return [
        name(pod),
        f"{found.ready}/{found.total}",
        reason,
        found.restarts.text(now),
        age(pod, now),
        addresses[0].get("ip") or human.NONE,
        found.spec.get("nodeName") or human.NONE,
        found.status.get("nominatedNodeName") or human.NONE,
        _readiness_gates(found),
    ]


def _readiness_gates(found: _Reading) -> str:
    gates = found.spec.get("readinessGates") or ()
    if not gates:
        return human.NONE
    met = sum(has_true(found.conditions, gate.get("conditionType") or "") for gate in gates)
    return f"{met}/{len(gates)}"
