"""The life of a pod on one of the cluster's own nodes, as rows: when a stage applies, and what it brings.

Nothing runs: containers are said to run, to end and to be stopped (`containers` has their rows). How they behave is
told by annotations and rules (`behaviour`). Stages from files take the place of these, if there are any (`stages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fakekube.core.meta import Obj, controller_of
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Plan, UpdateStatus
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.nodes import admission, changes, preemption, sources, stages, statuses, stopping
from fakekube.nodes.admission import Admitted, Refusal, Room
from fakekube.nodes.behaviour import Asked, Rules
from fakekube.nodes.changes import Deferred
from fakekube.nodes.containers import EDGE_SECONDS, KILLED, NOT_YET
from fakekube.nodes.life import Life
from fakekube.nodes.memory import Addresses, Anew, Moments, Starting, state_of
from fakekube.nodes.sources import Awaited
from fakekube.storage.values import Key

NO_ADDRESS_SECONDS = 1.0
"""How long a pod waits for an address when its node has none left."""
CROWD = 100
"""When more pods than this wait to be taken on, they go to Running without the state in between."""


class Situation:
    """A pod on a node of the cluster, and what is asked of it; read once, as the rows of its life ask again and again.

    `touched`: its life is or was other than usual; `leaving`: its node is being shut down.
    """

    __slots__ = (
        "asked",
        "deleting",
        "key",
        "leaving",
        "phase",
        "pod",
        "spec",
        "status",
        "terminal",
        "touched",
        "world",
    )

    def __init__(self, pod: Obj, key: Key, world: World, asked: Asked, touched: bool, leaving: bool) -> None:
        self.pod = pod
        self.key = key
        self.world = world
        self.asked = asked
        self.touched = touched
        self.leaving = leaving
        self.spec: Obj = pod["spec"]
        self.status: Obj = pod.get("status") or {}
        self.phase: str = self.status.get("phase") or "Pending"
        self.terminal = self.phase in TERMINAL
        self.deleting = "deletionTimestamp" in pod["metadata"]

    @property
    def moments(self) -> Moments:
        """Since when things are as they are."""
        return self.world.follower(Moments)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pod's life: `applies` to the pod, `due` at a moment (None: at once), with this `plan`.

    `alone`: while it applies, nothing after it is looked at.
    """

    name: str
    applies: Callable[[Situation], bool]
    plan: Callable[[Situation], Plan]
    due: Callable[[Situation], float] | None = None
    alone: bool = False


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the pod a step on, or wait until it is time to."""
    pod = world.get("pods", *key)
    if pod is None or pod["spec"].get("nodeName") not in world.settings.nodes:
        return NOTHING
    at = Key("pods", *key)
    if stages.holds_pod(at, world):
        return NOTHING
    plan = _next(_situation(pod, at, world))
    return Plan(plan.changes, plan.after, f"system:node:{pod['spec']['nodeName']}") if plan is not NOTHING else plan


def _situation(pod: Obj, key: Key, world: World) -> Situation:
    rules = world.follower(Rules)
    asked = rules.about(pod)
    if not asked.usual:
        rules.touched.add(key)
    leaving = bool(rules.leaving) and pod["spec"]["nodeName"] in rules.leaving
    return Situation(pod, key, world, asked, key in rules.touched or key in rules.probing, leaving)


def _next(at: Situation) -> Plan:
    """The plan of the first stage that is due; until then those that are waited for are looked at again in time."""
    waits: list[float] = []
    for stage in STAGES:
        if not stage.applies(at):
            continue
        left = 0.0 if stage.due is None else stage.due(at) - at.world.now()
        if left > EDGE_SECONDS:
            waits.append(left)
            if stage.alone:
                return _meanwhile(at, left)
            continue
        plan = stage.plan(at)
        if plan.after is not None:
            waits.append(plan.after)
        if plan.changes or stage.alone:
            # Of a write that changes nothing nobody is told, so what is waited for must not be forgotten over it.
            return Plan(plan.changes, min(waits)) if waits else plan
    return Plan(after=min(waits)) if waits else NOTHING


def _meanwhile(at: Situation, wait: float) -> Plan:
    """What is done while a stop is waited for: readiness goes on following its gates."""
    return Plan(_follow_gates(at).changes if _gates_moved(at) else [], wait)


def _write(at: Situation, status: Obj, told: Iterable[Change] = ()) -> Plan:
    return Plan([UpdateStatus("pods", status_update(at.pod, status)), *told])


# --- the end


def _is_gone(at: Situation) -> bool:
    """Ended, and deleted as far as a kubelet can: what is left waits for finalizers."""
    return at.deleting and at.terminal and at.pod["metadata"].get("deletionGracePeriodSeconds") == 0


def _stop_due(at: Situation) -> float:
    asked = at.moments.deleting.get(at.key, 0.0)
    if at.terminal:
        return asked
    return asked + _stopping(at).seconds


def _stopping(at: Situation) -> stopping.Stop:
    return stopping.of(at.pod, at.asked, at.pod["metadata"].get("deletionGracePeriodSeconds") or 0)


def _stop(at: Situation) -> Plan:
    plan = NOTHING if at.terminal else _write(at, statuses.stopped(at.pod, at.world.now(), _stopping(at)))
    return Plan([*plan.changes, Delete(at.key, at.pod["metadata"]["uid"], grace=0)])


def _evict_due(at: Situation) -> float:
    begun = at.moments.running.get(at.key)
    return (at.world.now() if begun is None else begun) + (at.asked.pod.evict_after or 0.0)


def _evict(at: Situation) -> Plan:
    message = "The node was low on resource: memory. "
    told = [Emit(at.pod, "Evicted", message, "Warning")] if at.asked.pod.tells else ()
    return _disrupt(at, KILLED, "Evicted", message, told)


SHUT_DOWN = "Pod was terminated in response to imminent node shutdown."
REJECTED = "Pod was rejected as the node is shutting down."


def _shut_down(at: Situation) -> Plan:
    """The kubelet ends its pods before its node goes down, and takes no other on."""
    if at.status.get("containerStatuses"):
        return _disrupt(at, statuses.TERMINATED, "Terminated", SHUT_DOWN)
    return _reject(at, "NodeShutdown", REJECTED)


def _disrupt(at: Situation, code: int, reason: str, message: str, told: Iterable[Change] = ()) -> Plan:
    """The kubelet ends the pod, and says that it was not the pod's own doing."""
    return _write(at, statuses.disrupted(at.pod, at.world.now(), code, reason, message), told)


def _reject(at: Situation, reason: str, message: str) -> Plan:
    """The kubelet does not take the pod on."""
    status = statuses.rejected(at.pod, at.world.now(), reason, message)
    return _write(at, status, [Emit(at.pod, reason, message, "Warning")])


def _deadline_due(at: Situation) -> float:
    begun = at.moments.taken.get(at.key, at.world.now())
    return float(begun + at.spec["activeDeadlineSeconds"])


def _miss_deadline(at: Situation) -> Plan:
    message = "Pod was active on the node longer than the specified deadline"
    told = [Emit(at.pod, "DeadlineExceeded", message)]
    return _write(at, statuses.failed(at.pod, at.world.now(), KILLED, "DeadlineExceeded", message), told)


# --- the beginning, and what is between


def _addresses(at: Situation) -> tuple[str, str | None]:
    """The node's address and the pod's; None if the node has none left for it."""
    node = _node(at)
    host = _address_of(node)
    if at.spec.get("hostNetwork"):
        return host, host
    present, cidr = at.status.get("podIP"), (node.get("spec") or {}).get("podCIDR")
    if present or not cidr:
        return host, present or ""
    return host, at.world.follower(Addresses).free(cidr) or None


def _node(at: Situation) -> Obj:
    return at.world.get("nodes", "", at.spec["nodeName"]) or {}


def _address_of(node: Obj) -> str:
    for each in (node.get("status") or {}).get("addresses") or ():
        if each["type"] == "InternalIP":
            return str(each["address"])
    return ""


def _judge(at: Situation) -> Plan | None:
    """What is done about a pod that cannot be taken on as it is; from the judgement on it has its room."""
    admitted, node = at.world.follower(Admitted), _node(at)
    if not node or at.key in admitted:
        return None
    room, asked = admitted.room(at.spec["nodeName"]), admission.demand(at.spec)
    found = admission.refusal(at.pod, asked, node, room)
    if found is None:
        admitted.take(at.key, asked)
        return None
    if found.shortages and admission.is_critical(at.spec):
        return _make_room(at, found, room)
    owner = (controller_of(at.pod) or {}).get("uid", "")
    wait = room.wait(owner, at.world.now()) if owner else 0.0
    return Plan(after=wait) if wait > EDGE_SECONDS else _reject(at, found.reason, found.message)


def _make_room(at: Situation, found: Refusal, room: Room) -> Plan:
    """Others are ended for a pod that matters to the system; when they have, it is looked at again."""
    try:
        victims = preemption.victims(at.pod, found.shortages, room, at.world)
    except preemption.NoneFound as error:
        return _reject(at, "UnexpectedAdmissionError", f"{preemption.FAILED}: {error}")
    now, told = at.world.now(), (preemption.REASON, preemption.MESSAGE)
    made: list[Change] = []
    for pod in victims:
        status = statuses.disrupted(pod, now, statuses.TERMINATED, *told, preemption.WHY)
        made += [UpdateStatus("pods", status_update(pod, status)), Emit(pod, *told, "Warning")]
    return Plan(made, after=0.0)


def _take_on(at: Situation) -> Plan:
    """Show the containers being made, unless the pod is refused; in a crowd they are started at once, by one write
    instead of two."""
    refused = _judge(at)
    if refused is not None:
        return refused
    status = statuses.creating(at.pod, at.world.now(), _address_of(_node(at)))
    if _unmounted(at) is not None:
        return _write(at, status, _tell_unmounted(at))
    if len(at.world.follower(Starting).keys) > CROWD:
        plan = _advance(at, status)
        return plan if plan.changes else _write(at, status)
    return _write(at, status)


def _lives(at: Situation) -> bool:
    """Whether containers may have a step to take; one that runs as usual has none."""
    if at.touched:
        return True
    if at.phase != "Pending":
        return False
    listed = [*(at.status.get("initContainerStatuses") or ()), *(at.status.get("containerStatuses") or ())]
    return any(state_of(each) in NOT_YET for each in listed)


def _is_changed(at: Situation) -> bool:
    if at.phase != "Running":
        return False
    return changes.moved(at.pod) or at.key in at.world.follower(Deferred)


def _follow_spec(at: Situation) -> Plan:
    """Bring the containers to what the spec says now; a resize that finds no room is tried again when a pod goes."""
    found = changes.follow(at.pod, at.world)
    at.world.follower(Deferred).note(at.spec["nodeName"], at.key, found.deferred)
    if not found.deferred:
        at.world.follower(Admitted).take(at.key, admission.demand(at.spec))
    told = [Emit(at.pod, reason, message, kind) for kind, reason, message in found.told]
    pod = {**at.pod, "status": found.status}
    status = statuses.with_conditions(
        pod, found.status, at.world.now(), statuses.entries(pod, found.status, sandbox=True)
    )
    return NOTHING if status == at.status else _write(at, status, told)


def _unmounted(at: Situation) -> sources.Unmounted | None:
    """The volume for which the pod waits, if nothing of it has begun."""
    return None if at.status.get("podIP") else sources.unmounted(at.pod, at.world)


def _tell_unmounted(at: Situation) -> list[Change]:
    """The event about the volume, if it is news; the pod is looked at again when something comes in its namespace."""
    found, awaited = _unmounted(at), at.world.follower(Awaited)
    assert found is not None
    awaited.wait(at.key)
    return [Emit(at.pod, "FailedMount", found.message, "Warning")] if awaited.news(at.key, found.message) else []


def _live(at: Situation) -> Plan:
    if at.phase == "Pending" and _unmounted(at) is not None:
        return Plan(_tell_unmounted(at))
    return _advance(at, at.status)


def _advance(at: Situation, status: Obj) -> Plan:
    life = Life(at.key, at.pod, status, at.world, at.asked)
    made = life.advance()
    if life.faulty:
        at.world.follower(Awaited).wait(at.key)
    rules = at.world.follower(Rules)
    if made.probing:
        rules.probing.add(at.key)
    elif not made.changed and made.wait is None:
        rules.probing.discard(at.key)
    if not made.changed:
        return NOTHING if made.wait is None else Plan(after=made.wait)
    host, ip = _addresses(at)
    if ip is None:
        return Plan(after=NO_ADDRESS_SECONDS)
    told = [Emit(at.pod, reason, message, kind) for kind, reason, message in made.told]
    return _write(at, life.status(made, host, ip), told)


def _gates_moved(at: Situation) -> bool:
    """Whether the pod's containers are ready and Ready does not say what its gates do."""
    if at.phase != "Running" or not at.spec.get("readinessGates"):
        return False
    listed = at.status.get("containerStatuses") or ()
    if not all("running" in each["state"] and each.get("ready") for each in listed):
        return False
    held = statuses.gates(at.pod)
    present = [each for each in at.status.get("conditions") or () if each["type"] == "Ready"]
    wanted = "False" if held else "True"
    return not present or present[0]["status"] != wanted or present[0].get("message", "") != held


def _follow_gates(at: Situation) -> Plan:
    found = statuses.entries(at.pod, at.status, sandbox=True)
    return _write(at, statuses.with_conditions(at.pod, at.status, at.world.now(), found))


def _is_posted_anew(at: Situation) -> bool:
    return at.phase == "Running" and at.key in at.world.follower(Anew).keys


def _post_anew(at: Situation) -> Plan:
    """Say again what the containers do: the control plane calls pods of silent nodes not ready."""
    at.world.follower(Anew).keys.discard(at.key)
    return _follow_gates(at)


def _stay(at: Situation) -> Plan:
    return NOTHING


STAGES = (
    Stage("gone", _is_gone, _stay, alone=True),
    Stage("stop", lambda at: at.deleting, _stop, _stop_due, alone=True),  # a pod that goes is taken nowhere else
    Stage("ended", lambda at: at.terminal, _stay, alone=True),
    Stage("shut down", lambda at: at.leaving, _shut_down, alone=True),
    Stage("take on", lambda at: at.phase == "Pending" and not at.status.get("containerStatuses"), _take_on, alone=True),
    Stage("evict", lambda at: at.asked.pod.evict_after is not None, _evict, _evict_due),
    Stage("deadline", lambda at: bool(at.spec.get("activeDeadlineSeconds")), _miss_deadline, _deadline_due),
    Stage("follow spec", _is_changed, _follow_spec),
    Stage("live", _lives, _live),
    Stage("post anew", _is_posted_anew, _post_anew),
    Stage("follow gates", _gates_moved, _follow_gates),
)
"""In this order; the first that is due is taken."""
