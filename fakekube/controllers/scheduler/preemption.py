"""Making room: which pods of lower priority would have to go so that a pod can be placed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fakekube.controllers.scheduler.filters import Judge, Refusal
from fakekube.controllers.scheduler.nodes import NodeState
from fakekube.core.meta import Obj, condition, labels_of, time_text
from fakekube.machinery.plan import Change, Delete, Emit, Patch
from fakekube.machinery.selection import matcher
from fakekube.machinery.world import World
from fakekube.storage.values import Key

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NEVER = "not eligible due to preemptionPolicy=Never."
WAITING = "not eligible due to a terminating pod on the nominated node."
REASON = "PreemptionByScheduler"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A node with the pods to be put off it; or (node None) why there is none, as a message of its own."""

    node: NodeState | None
    victims: tuple[Key, ...] = ()
    message: str = ""


def preempt(pod: Obj, judge: Judge, refusals: dict[str, Refusal], world: World) -> Outcome:
    """Look for the node where the least important pods would have to go."""
    if pod["spec"].get("preemptionPolicy") == "Never":
        return Outcome(None, message=f"preemption: {NEVER}")
    states = judge.nodes.states
    nominated = states.get((pod.get("status") or {}).get("nominatedNodeName") or "")
    if nominated is not None and not _helpless(refusals, nominated.name) and _room_is_coming(judge, nominated, world):
        return Outcome(None, message=f"preemption: {WAITING}")
    reasons: Counter[str] = Counter()
    found: list[tuple[tuple[object, ...], NodeState, tuple[Key, ...]]] = []
    for state in judge.nodes.present():
        if _helpless(refusals, state.name):
            reasons[NOT_HELPFUL] += 1
            continue
        victims, refused = _victims(judge, state, world)
        if victims:
            found.append((_badness(judge, state, victims, world), state, victims))
        else:
            reasons.update(refused)
    if found:
        _, state, victims = min(found, key=lambda each: (each[0], each[1].name))
        return Outcome(state, victims)
    return Outcome(None, message="preemption: " + told(len(judge.nodes.present()), reasons))


def told(nodes: int, reasons: Counter[str]) -> str:
    """The scheduler's summary: '0/3 nodes are available: 1 this, 2 that.'"""
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    return f"0/{nodes} nodes are available:" + (f" {listed}." if listed else "")


def _helpless(refusals: dict[str, Refusal], name: str) -> bool:
    return name in refusals and refusals[name].helpless


def _room_is_coming(judge: Judge, state: NodeState, world: World) -> bool:
    """Whether a pod that was put off the nominated node is still stopping there."""
    for key, request in state.pods.items():
        pod = world.at(key)
        if request.priority < judge.request.priority and pod is not None and "deletionTimestamp" in pod["metadata"]:
            found = condition(pod, "DisruptionTarget")
            if found is not None and found.get("reason") == REASON:
                return True
    return False


def _victims(judge: Judge, state: NodeState, world: World) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """The fewest, least important pods without which it would fit; or the reasons why it would not even then."""
    lower = [key for key, request in state.pods.items() if request.priority < judge.request.priority]
    if not lower:
        return (), (NO_VICTIMS,)
    refused = judge.refusal(state, frozenset(lower))
    if refused is not None:
        return (), refused.reasons
    lower.sort(key=lambda key: (-state.pods[key].priority, _started(world, key)))
    protected = _protected(lower, world)
    gone = set(lower)
    for key in [each for each in lower if each in protected] + [each for each in lower if each not in protected]:
        if judge.refusal(state, frozenset(gone - {key})) is None:
            gone.discard(key)
    return tuple(key for key in lower if key in gone), ()


def _protected(keys: list[Key], world: World) -> set[Key]:
    """Those of the pods whose going would break a disruption budget."""
    found: set[Key] = set()
    for budget in world.list("poddisruptionbudgets.policy"):
        allowed = (budget.get("status") or {}).get("disruptionsAllowed", 0)
        selector, disrupted = budget["spec"].get("selector"), (budget.get("status") or {}).get("disruptedPods") or {}
        for key in keys:
            pod = world.at(key)
            if pod is None or key.namespace != budget["metadata"]["namespace"] or key.name in disrupted:
                continue
            if selector and matcher(selector)(labels_of(pod)):
                allowed -= 1
                if allowed < 0:
                    found.add(key)
    return found


def _started(world: World, key: Key) -> str:
    pod = world.at(key)
    return ((pod or {}).get("status") or {}).get("startTime") or "9"


def _badness(judge: Judge, state: NodeState, victims: tuple[Key, ...], world: World) -> tuple[object, ...]:
    """What to keep small: broken budgets, the highest priority, the sum of priorities, the number, the age."""
    priorities = [state.pods[key].priority for key in victims]
    broken = len(_protected(list(victims), world))
    earliest = min(_started(world, key) for key in victims)
    return broken, max(priorities), sum(priorities) + len(priorities) * 2**31, len(victims), _reversed(earliest)


def _reversed(text: str) -> tuple[int, ...]:
    """Orders texts of one form the other way round: the latest start is the least bad."""
    return tuple(-ord(letter) for letter in text)


def evictions(preemptor: Obj, outcome: Outcome, scheduler: str, world: World) -> list[Change]:
    """Put the victims off their node: say why in their status, delete them, and tell of it."""
    assert outcome.node is not None, "there is something to carry out"
    changes: list[Change] = []
    for key in outcome.victims:
        victim = world.at(key)
        if victim is None or "deletionTimestamp" in victim["metadata"]:
            continue
        entry = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": REASON,
            "message": f"{scheduler}: preempting to accommodate a higher priority pod",
            "observedGeneration": victim["metadata"].get("generation"),
            "lastTransitionTime": time_text(world.now()),
        }
        changes.append(Patch(key, {"status": {"conditions": [entry]}}, subresource="status"))
        changes.append(Delete(key))
        text = f"Preempted by pod {preemptor['metadata']['uid']} on node {outcome.node.name}"
        changes.append(Emit(victim, "Preempted", text, action="Preempting", related=preemptor))
    return changes
