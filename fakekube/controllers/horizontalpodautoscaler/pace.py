"""How fast an autoscaler may go: what it remembers of its own decisions, and the limits that follow.

Rules: kubernetes/pkg/controller/podautoscaler, with and without spec.behavior.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from fakekube.controllers.horizontalpodautoscaler import RESOURCE
from fakekube.core.meta import Obj
from fakekube.machinery.world import World
from fakekube.storage.values import Event

DOWN_SECONDS = 300.0
"""For so long the highest recommendation counts before there are fewer replicas."""
AT_ONCE, AT_LEAST = 2, 4
"""Without spec.behavior replicas are at most doubled in one step, or brought to this number."""
HIGHER = "recent recommendations were higher than current one, applying the highest recent recommendation"
LOWER = "recent recommendations were lower than current one, applying the lowest recent recommendation"
IN_RANGE = ("DesiredWithinRange", "the desired count is within the acceptable range")
TOO_FAST = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
TOO_QUICK = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
READY = ("ReadyForNewScale", "recommended size matches current size")

Told = tuple[str, str]
"""Reason and message of a condition."""


class Noted(NamedTuple):
    """A number, and when it was."""

    replicas: int
    at: float


@dataclass(slots=True)
class Past:
    """An autoscaler's recommendations, and by how much it has scaled up and down."""

    recommended: list[Noted] = field(default_factory=list)
    up: list[Noted] = field(default_factory=list)
    down: list[Noted] = field(default_factory=list)


class Memory:
    """The past of each autoscaler, by namespace and name."""

    def __init__(self, world: World) -> None:
        self._past: dict[tuple[str, str], Past] = {}

    def apply(self, event: Event) -> None:
        """What is gone is forgotten."""
        if event.key.resource == RESOURCE and event.after is None:
            self._past.pop((event.key.namespace, event.key.name), None)

    def of(self, scaler: Obj) -> Past:
        """The past of this one."""
        return self._past.setdefault((scaler["metadata"]["namespace"], scaler["metadata"]["name"]), Past())


@dataclass(frozen=True, slots=True)
class Decision:
    """The replicas in the end, and what is said of holding back and of limits."""

    replicas: int
    stabilized: Told
    limited: bool
    limit: Told


def decide(scaler: Obj, past: Past, current: int, wanted: int, now: float) -> Decision:
    """Bring a recommendation within the bounds and the pace of the autoscaler, and remember it."""
    spec = scaler["spec"]
    least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
    if spec.get("behavior") is None:
        steady = _highest(past, wanted, now)
        stabilized = ("ScaleDownStabilized", HIGHER) if steady != wanted else READY
        final, limit = _within(current, steady, least, most)
    else:
        up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
        steady = _steadied(past, current, wanted, _window(up, 0.0), _window(down, DOWN_SECONDS), now)
        held = ("ScaleUpStabilized", LOWER) if wanted >= current else ("ScaleDownStabilized", HIGHER)
        stabilized = held if steady != wanted else READY
        final, limit = _paced(past, current, steady, (least, most), (up, down), now)
    return Decision(final, stabilized, final != steady, limit)


def _window(rules: Obj, default: float) -> float:
    found = rules.get("stabilizationWindowSeconds")
    return default if found is None else float(found)


def _highest(past: Past, wanted: int, now: float) -> int:
    past.recommended = [each for each in past.recommended if each.at >= now - DOWN_SECONDS]
    highest = max([wanted, *(each.replicas for each in past.recommended)])
    past.recommended.append(Noted(wanted, now))
    return highest


def _steadied(past: Past, current: int, wanted: int, up: float, down: float, now: float) -> int:
    """Not more than the lowest recommendation within the window for more, not less than the highest for less."""
    past.recommended = [each for each in past.recommended if each.at >= now - max(up, down)]
    lowest = min([wanted, *(each.replicas for each in past.recommended if each.at > now - up)])
    highest = max([wanted, *(each.replicas for each in past.recommended if each.at > now - down)])
    past.recommended.append(Noted(wanted, now))
    return min(max(current, lowest), highest)


def _within(current: int, wanted: int, least: int, most: int) -> tuple[int, Told]:
    fastest = max(AT_ONCE * current, AT_LEAST)
    if wanted < least:
        return least, TOO_FEW
    if wanted > min(most, fastest):
        return (fastest, TOO_FAST) if most > fastest else (most, TOO_MANY)
    return wanted, IN_RANGE


def _paced(
    past: Past, current: int, wanted: int, bounds: tuple[int, int], rules: tuple[Obj, Obj], now: float
) -> tuple[int, Told]:
    least, most = bounds
    if wanted > current:
        fastest = max(current, _limit(past, current, rules[0], _grown, (max, min), now))
        allowed, told = (fastest, TOO_FAST) if most > fastest else (most, TOO_MANY)
        if wanted > allowed:
            return allowed, told
    elif wanted < current:
        lowest = min(current, _limit(past, current, rules[1], _shrunk, (min, max), now))
        allowed, told = (lowest, TOO_QUICK) if least < lowest else (least, TOO_FEW)
        if wanted < allowed:
            return allowed, told
    return wanted, IN_RANGE


Chooser = Callable[[Iterable[int]], int]


def _limit(
    past: Past,
    current: int,
    rules: Obj,
    step: Callable[[int, Obj], int],
    choosers: tuple[Chooser, Chooser],
    now: float,
) -> int:
    """How far the policies let the replicas go; of `choosers` the first is for the greatest change."""
    chosen = rules.get("selectPolicy", "Max")
    if chosen == "Disabled":
        return current
    found = []
    for policy in rules.get("policies") or ():
        since = now - policy["periodSeconds"]
        start = current - _sum(past.up, since) + _sum(past.down, since)
        found.append(step(start, policy))
    choose = choosers[1 if chosen == "Min" else 0]
    return choose(found)


def _grown(start: int, policy: Obj) -> int:
    value: int = policy["value"]
    return start + value if policy["type"] == "Pods" else ceil(start * (1 + value / 100))


def _shrunk(start: int, policy: Obj) -> int:
    value: int = policy["value"]
    return start - value if policy["type"] == "Pods" else int(start * (1 - value / 100))


def _sum(noted: list[Noted], since: float) -> int:
    return sum(each.replicas for each in noted if each.at > since)


def note_scaling(scaler: Obj, past: Past, current: int, wanted: int, now: float) -> None:
    """Remember a change of the replicas, as long as a policy asks for it."""
    behavior = scaler["spec"].get("behavior")
    if behavior is None:
        return
    rules, noted = (behavior["scaleUp"], past.up) if wanted > current else (behavior["scaleDown"], past.down)
    longest = max((policy["periodSeconds"] for policy in rules.get("policies") or ()), default=0)
    noted[:] = [each for each in noted if each.at >= now - longest]
    noted.append(Noted(abs(wanted - current), now))
