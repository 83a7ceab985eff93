"""The life of a pod from its containers' lives: init containers one after the other, then the others side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fakekube.core.meta import Obj
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.nodes import restarts, sources, statuses
from fakekube.nodes.behaviour import Asked, Rules
from fakekube.nodes.containers import EDGE_SECONDS, RESTARTING_ALL, Container, starts_again
from fakekube.nodes.memory import RUNNING, Moments, state_of
from fakekube.nodes.steps import Step, next_step
from fakekube.storage.values import Key

Told = tuple[str, str, str]


@dataclass(slots=True)
class Advance:
    """What becomes of a pod: its container statuses, whether any is new, what is told, and when to look again."""

    inits: list[Obj] = field(default_factory=list)
    mains: list[Obj] = field(default_factory=list)
    changed: bool = False
    told: list[Told] = field(default_factory=list)
    wait: float | None = None
    probing: bool = False
    """Whether a container runs whose probes are still to speak."""

    def later(self, seconds: float) -> None:
        """Look again by then."""
        self.wait = seconds if self.wait is None else min(self.wait, seconds)


class Life:
    """One pod at one moment. `status` is its status, which may not be stored yet."""

    __slots__ = ("_asked", "_key", "_moments", "_now", "_pod", "_status", "_turn", "_world", "faulty")

    def __init__(self, key: Key, pod: Obj, status: Obj, world: World, asked: Asked) -> None:
        self._pod = pod
        self._status = status
        self._asked = asked
        self._world = world
        self._now = world.now()
        self.faulty = False
        """Whether a container waits for what its environment is made of."""
        self._key = key
        self._moments = world.follower(Moments)
        self._turn = world.follower(Rules).turn(pod) if asked.counts_runs else 0

    def advance(self) -> Advance:
        """Take each container whose turn it is one step on, if it is time."""
        made = Advance()
        if restarts.has_rules(self._pod) and self._restarts_all(made):
            return made
        begun = self._begin(made)
        present = _by_name(self._status.get("containerStatuses"))
        for spec in self._pod["spec"]["containers"]:
            status = present.get(spec["name"]) or statuses.container_status(spec, statuses.waiting("ContainerCreating"))
            made.mains.append(self._step(self._container(spec, status), made) if begun else status)
        return made

    def _restarts_all(self, made: Advance) -> bool:
        """Whether a container has ended so that all start again; they do when its back-off is over."""
        spec, status = self._pod["spec"], self._status
        inits, mains = _by_name(status.get("initContainerStatuses")), _by_name(status.get("containerStatuses"))
        listed = [self._container(each, inits[each["name"]], init=True) for each in spec.get("initContainers") or ()]
        others = [self._container(each, mains[each["name"]]) for each in spec["containers"] if each["name"] in mains]
        causes = [each for each in (*listed, *others) if restarts.asks(each)]
        if not causes:
            return False
        wait = causes[0].since + causes[0].backoff - self._now
        if wait > EDGE_SECONDS:
            made.later(wait)
            return True
        made.inits = [restarts.removed(each, cause=each in causes) for each in listed]
        made.mains = [restarts.removed(each, cause=each in causes) for each in others]
        made.changed = True
        return True

    def _begin(self, made: Advance) -> bool:
        """Take the init containers on; whether the others may go on."""
        listed = self._pod["spec"].get("initContainers")
        if not listed:
            return True
        present = _by_name(self._status.get("initContainerStatuses"))
        begun = True
        for spec in listed:
            status = present.get(spec["name"]) or statuses.container_status(spec, statuses.waiting("PodInitializing"))
            if begun:
                container = self._container(spec, status, init=True)
                status = self._init(container, made)
                begun = _lets_others_begin(spec, status)
            made.inits.append(status)
        return begun

    def _init(self, container: Container, made: Advance) -> Obj:
        """An init container's step; the usual one has run before one can look."""
        if not container.is_usual:
            done = container.state == "terminated" and not container.restartable
            return container.status if done else self._step(container, made)
        made.changed = True
        if statuses.is_sidecar(container.spec):
            return statuses.run(self._pod, container.spec, self._now)
        return statuses.completed(self._pod, container.spec, self._now)

    def _container(self, spec: Obj, status: Obj, *, init: bool = False) -> Container:
        name, key, moments, fault = spec["name"], self._key, self._moments, ""
        behaviour = self._asked.of(spec, init=init)
        if ("env" in spec or "envFrom" in spec) and state_of(status) != RUNNING:
            fault = sources.config_fault(self._pod, spec, self._world)
            self.faulty = self.faulty or bool(fault)
        return Container(
            self._pod,
            spec,
            status,
            behaviour,
            self._now,
            moments.since(key, name, self._now),
            self._turn,
            moments.forgiven.get((key, name), 0),
            moments.pulls.get((key, name), 0),
            init,
            fault,
        )

    def _step(self, container: Container, made: Advance) -> Obj:
        step, wait = next_step(container)
        if step is None:
            return container.status
        if wait > 0:
            made.later(wait)
            return container.status
        made.changed = True
        self._tell(step, container, made)
        status = step.brings(container)
        made.probing = made.probing or (state_of(status) == RUNNING and not status["ready"])
        return status

    def _tell(self, step: Step, container: Container, made: Advance) -> None:
        if step.tells is not None and (step.always or container.behaviour.tells):
            made.told.extend(step.tells(container))

    def status(self, made: Advance, host_ip: str, pod_ip: str) -> Obj:
        """The pod's status with these containers."""
        pod, now = self._pod, self._now
        status: Obj = {**self._status, **statuses.host(host_ip), "containerStatuses": made.mains}
        if made.inits:
            status["initContainerStatuses"] = made.inits
        if pod_ip:
            status |= {"podIP": pod_ip, "podIPs": [{"ip": pod_ip}]}
        phase = status["phase"] = phase_of(pod, status)
        if phase not in TERMINAL:
            return statuses.with_conditions(pod, status, now, statuses.entries(pod, status, sandbox=True))
        if made.inits:
            status["initContainerStatuses"] = [_after_all(pod, each, now) for each in made.inits]
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return statuses.with_conditions(pod, status, now, statuses.ended_entries(pod, status, reason))


def _by_name(listed: Any) -> dict[str, Obj]:
    return {each["name"]: each for each in listed or ()}


def _lets_others_begin(spec: Obj, status: Obj) -> bool:
    """Whether those after an init container have their turn: a sidecar has been started once, others are done."""
    if statuses.is_sidecar(spec):
        return bool(status.get("started")) or bool((status.get("lastState") or {}).get("terminated"))
    return ((status.get("state") or {}).get("terminated") or {}).get("exitCode") == 0


def _after_all(pod: Obj, status: Obj, now: float) -> Obj:
    """A sidecar is stopped when the last of the others has ended."""
    if "running" not in (status.get("state") or {}):
        return status
    spec = next(each for each in pod["spec"]["initContainers"] if each["name"] == status["name"])
    return statuses.end(pod, spec, status, 0, now)


def phase_of(pod: Obj, status: Obj) -> str:
    """The phase that follows from the containers' states, by the kubelet's rules."""
    listed = pod["spec"].get("initContainers")
    inits = _by_name(status.get("initContainerStatuses")) if listed else {}
    pending = False
    for spec in listed or ():
        found = inits.get(spec["name"]) or {}
        code = _exit_code(found)
        if state_of(found) == RESTARTING_ALL:
            continue
        if not statuses.is_sidecar(spec) and code and not starts_again(pod, spec, code, init=True):
            return "Failed"
        pending = pending or not _lets_others_begin(spec, found)
    pairs = _pairs(pod, status)
    if not pending and all("running" in (each.get("state") or ()) for _, each in pairs):
        return "Running"
    ends = [(spec, each, _exit_code(each)) for spec, each in pairs]
    running = [each for _, each, _ in ends if "running" in (each.get("state") or {})]
    if pending or any(code is None and each not in running for _, each, code in ends):
        return "Pending"
    if running or any(_will_start(pod, *each) for each in ends):
        return "Running"
    return "Succeeded" if not any(code for _, _, code in ends) else "Failed"


def _will_start(pod: Obj, spec: Obj, status: Obj, code: int | None) -> bool:
    return state_of(status) == RESTARTING_ALL or (code is not None and starts_again(pod, spec, code))


def _pairs(pod: Obj, status: Obj) -> list[tuple[Obj, Obj]]:
    present = _by_name(status.get("containerStatuses"))
    return [(spec, present.get(spec["name"]) or {}) for spec in pod["spec"]["containers"]]


def _exit_code(status: Obj) -> int | None:
    """How the container has ended, be it that it waits to be started again; None if it has not."""
    state = status.get("state") or {}
    ended = state.get("terminated")
    if ended is None and "waiting" in state:
        ended = (status.get("lastState") or {}).get("terminated")
    return None if ended is None else int(ended["exitCode"])
