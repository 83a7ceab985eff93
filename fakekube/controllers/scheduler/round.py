"""One look at a pod that has no node: where it goes, or why it goes nowhere."""

from __future__ import annotations

from collections import Counter

from fakekube.controllers.scheduler import preemption, scores
from fakekube.controllers.scheduler.devices import Devices
from fakekube.controllers.scheduler.filters import NO_NAME, Judge, Refusal
from fakekube.controllers.scheduler.nodes import Nodes, NodeState
from fakekube.controllers.scheduler.requests import Request
from fakekube.controllers.scheduler.volumes import Claims, Waits
from fakekube.core.meta import Obj, condition, is_deleting, time_text
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, bind
from fakekube.machinery.podfacts import SCHEDULER, TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Key

BINDING_SECONDS = 600.0
"""For so long a pod that has a node waits for its volumes."""
BACKOFF_SECONDS = 10.0
TOO_LATE = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
LONGEST_NOTE = 1024
"""Characters of an event's message; a longer one is cut."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bind the pod to a node, or tell why it cannot be bound."""
    pod = world.get("pods", *key)
    if pod is None or not _is_ours(pod):
        return Plan(_gated(pod, world)) if pod is not None else NOTHING
    nodes = world.follower(Nodes)
    claims = Claims(pod, world)
    if claims.refusal:
        text = f"0/{len(nodes.present())} nodes are available: {claims.refusal}. not found"
        return Plan(_unschedulable(pod, text, world))
    devices = Devices(pod, world)
    if devices.waits:
        return NOTHING  # it is not looked at before its resource claims are there
    judge = Judge(Request(pod), nodes, world, claims, devices)
    node = _lightest(judge, world) if _is_plain(pod, judge) else None
    if node is None:
        candidates, refusals = _judged(judge, world)
        if not candidates:
            return _without_node(pod, judge, refusals, world)
        node = _chosen(pod, judge, candidates, world)
    bindings = [*devices.reservations(), *claims.bindings(node)]
    if claims.waiting:
        return _awaited(key, pod, bindings, world)
    meta = pod["metadata"]
    text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node.name}"
    return Plan([*bindings, bind(pod, node.name, then=lambda _: [Emit(pod, "Scheduled", text, action="Binding")])])


def _awaited(key: NamedKey, pod: Obj, bindings: list[Change], world: World) -> Plan:
    """When the claims are bound the pod is looked at again; if they are not in time it is told, and tried anew."""
    since = world.follower(Waits).since
    left = since.setdefault(key, world.now()) + BINDING_SECONDS - world.now()
    if left > 0:
        return Plan(bindings, left)
    del since[key]
    return Plan(_unschedulable(pod, TOO_LATE, world, reason="SchedulerError"), BACKOFF_SECONDS)


def _is_ours(pod: Obj) -> bool:
    """Whether the pod waits for this scheduler: not bound, not gated, not ended, not being deleted."""
    spec = pod["spec"]
    if spec.get("nodeName") or spec.get("schedulingGates") or is_deleting(pod):
        return False
    return spec.get("schedulerName") == SCHEDULER and (pod.get("status") or {}).get("phase") not in TERMINAL


def _gated(pod: Obj, world: World) -> list[Change]:
    """The condition of a pod with scheduling gates is the API server's; the scheduler adds since when."""
    found = condition(pod, "PodScheduled")
    if not pod["spec"].get("schedulingGates") or found is None or found.get("lastTransitionTime"):
        return []
    meta = pod["metadata"]
    stamped = {"type": "PodScheduled", "lastTransitionTime": time_text(world.now())}
    key = Key("pods", meta["namespace"], meta["name"])
    return [Patch(key, {"status": {"conditions": [stamped]}}, subresource="status")]


def _is_plain(pod: Obj, judge: Judge) -> bool:
    """Whether pods of its sort all see the nodes alike, so that what was found for the last one still holds."""
    nominated = (pod.get("status") or {}).get("nominatedNodeName")
    return not nominated and judge.by_itself and scores.is_plain(judge.request, judge.nodes)


def _lightest(judge: Judge, world: World) -> NodeState | None:
    """The best node for a plain pod; None if none would do."""
    request, states = judge.request, judge.nodes.states

    def weigh(name: str) -> tuple[int, ...] | None:
        state = states.get(name)
        if state is None or state.obj is None or judge.refusal(state) is not None:
            return None
        return scores.weight(request, state)

    ranking = judge.nodes.rankings.of((request.shape, tuple(request.amounts.items())), states)
    world.reads += len(ranking.unjudged)
    name = ranking.lightest(weigh)
    return None if name is None else states[name]


def _judged(judge: Judge, world: World) -> tuple[list[NodeState], dict[str, Refusal]]:
    """The nodes that would do; if none would, why each would not. Of a pod that names its node (a daemon's) others are
    looked at in the latter case alone."""
    states = judge.nodes.states
    if judge.named is not None:
        named = [state for name in sorted(judge.named) if (state := states.get(name)) is not None and state.obj]
        world.reads += len(named)
        if candidates := [state for state in named if judge.refusal(state) is None]:
            return candidates, {}
    world.reads += len(states)
    refusals = {state.name: judge.refusal(state) for state in judge.nodes.present()}
    candidates = [states[name] for name, refused in refusals.items() if refused is None]
    return candidates, {name: refused for name, refused in refusals.items() if refused is not None}


def _chosen(pod: Obj, judge: Judge, candidates: list[NodeState], world: World) -> NodeState:
    nominated = (pod.get("status") or {}).get("nominatedNodeName")
    for state in candidates:
        if state.name == nominated:
            return state
    return candidates[0] if len(candidates) == 1 else scores.best(pod, judge.request, candidates, judge.nodes, world)


def _without_node(pod: Obj, judge: Judge, refusals: dict[str, Refusal], world: World) -> Plan:
    count = len(judge.nodes.present())
    if not count:
        return Plan(_unschedulable(pod, "no nodes available to schedule pods", world))
    reasons = Counter(reason for refused in refusals.values() for reason in refused.reasons)
    text = preemption.told(count, reasons)
    first = judge.devices.refusal or (NO_NAME if judge.named is not None and not judge.named else "")
    if first:
        text = f"0/{count} nodes are available: {first}."
    outcome = preemption.preempt(pod, judge, refusals, world)
    if outcome.node is None:
        text = f"{text} no new claims to deallocate, {outcome.message}"
        keep = preemption.WAITING in outcome.message
        return Plan(_unschedulable(pod, text, world, _nominated(pod) if keep else ""))
    changes = preemption.evictions(pod, outcome, SCHEDULER, world)
    return Plan([*changes, *_unschedulable(pod, text, world, outcome.node.name)])


def _nominated(pod: Obj) -> str:
    return (pod.get("status") or {}).get("nominatedNodeName") or ""


def _unschedulable(
    pod: Obj, text: str, world: World, nominated: str = "", reason: str = "Unschedulable"
) -> list[Change]:
    """Condition and event, unless both say so already."""
    found = condition(pod, "PodScheduled")
    known = found is not None and (found.get("reason"), found.get("message")) == (reason, text)
    if known and _nominated(pod) == nominated:
        return []
    now = time_text(world.now())
    same = found is not None and found["status"] == "False"
    entry = {
        "type": "PodScheduled",
        "status": "False",
        "reason": reason,
        "message": text,
        "observedGeneration": pod["metadata"].get("generation"),
        "lastProbeTime": None,
        "lastTransitionTime": (found.get("lastTransitionTime") if found is not None and same else None) or now,
    }
    status: Obj = {"conditions": [entry]}
    if _nominated(pod) != nominated:
        status["nominatedNodeName"] = nominated or None
    meta = pod["metadata"]
    note = text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 4] + " ..."
    return [
        Patch(Key("pods", meta["namespace"], meta["name"]), {"status": status}, subresource="status"),
        Emit(pod, "FailedScheduling", note, "Warning", action="Scheduling"),
    ]
