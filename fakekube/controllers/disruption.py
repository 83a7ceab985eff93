"""PodDisruptionBudget: how many of the selected pods may be evicted now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fakekube.core.meta import Obj, condition, controller_of, is_deleting, parse_time, split_api_version, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, UpdateStatus
from fakekube.machinery.podfacts import TERMINAL, PodFacts
from fakekube.machinery.selection import go_text, matcher
from fakekube.machinery.workloads import share, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key, Stored

RESOURCE = "poddisruptionbudgets.policy"
ALLOWED = "DisruptionAllowed"
DELETION_SECONDS = 120.0
"""An evicted pod that is still there after this time counts again."""
STALE_SECONDS = 120.0
"""A pod that was to go and is not deleted by then is no longer said to be going."""
BY_KUBELET = "TerminationByKubelet"


class Unscaled(Exception):
    """The number of pods that there should be is not known; the text says why."""


class Target(NamedTuple):
    """A key: the pod is said to be a target of disruption."""

    namespace: str
    name: str


def reconcile(key: NamedKey | Target, world: World) -> Plan:
    """Count, and say how many pods may go; of a pod that did not go, that it need not any more."""
    if isinstance(key, Target):
        return _spare(key, world)
    budget = world.get(RESOURCE, *key)
    if budget is None:
        return NOTHING
    selector = budget["spec"].get("selector")
    pods = world.pods_in(key.namespace, selector) if selector is not None else []
    told: list[Change] = [] if pods else [Emit(budget, "NoPods", "No matching pods found")]
    try:
        expected, desired, unmanaged = _expected(budget, pods, world)
    except Unscaled as error:
        text = f"Failed to calculate the number of expected pods: {error}"
        told.append(Emit(budget, "CalculateExpectedPodCountFailed", text, "Warning"))
        return _write(budget, _failed(budget, str(error), world.now()), told)
    if unmanaged:
        told.append(Emit(budget, "UnmanagedPods", _UNMANAGED.format(go_text(selector or {})), "Warning"))
    disrupted, recheck = _disrupted(budget, pods, world.now())
    told += _not_deleted(budget, pods, disrupted, world)
    healthy = sum(1 for pod in pods if pod.ready and not pod.deleting and pod.name not in disrupted)
    status = _status(budget, healthy, desired, expected, disrupted, world.now())
    return _write(budget, status, told, recheck)


def _not_deleted(budget: Obj, pods: list[PodFacts], disrupted: dict[str, str], world: World) -> list[Change]:
    """Warnings about evicted pods that nobody deleted in time."""
    known = (budget.get("status") or {}).get("disruptedPods") or {}
    namespace = budget["metadata"]["namespace"]
    text = f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't"
    late = [pod for pod in pods if not pod.deleting and pod.name in known and pod.name not in disrupted]
    found = [obj for pod in late if (obj := world.at(pod.key)) is not None]
    return [Emit(obj, "NotDeleted", text, "Warning") for obj in found]


def _spare(key: Target, world: World) -> Plan:
    """Set back the condition of a pod that was to go and is still there after two minutes."""
    pod = world.get("pods", *key)
    found = condition(pod, "DisruptionTarget") if pod is not None else None
    if pod is None or found is None or not _is_target(pod, found):
        return NOTHING
    wait = parse_time(found.get("lastTransitionTime") or time_text(world.now())) + STALE_SECONDS - world.now()
    if wait > 0:
        return Plan(after=wait)
    entry = {
        "type": "DisruptionTarget",
        "status": "False",
        "reason": None,
        "message": None,
        "observedGeneration": pod["metadata"].get("generation"),
        "lastTransitionTime": time_text(world.now()),
    }
    return Plan([Patch(Key("pods", *key), {"status": {"conditions": [entry]}}, subresource="status")])


def _is_target(pod: Obj, found: Obj) -> bool:
    if found["status"] != "True" or found.get("reason") == BY_KUBELET:
        return False
    return not is_deleting(pod) and (pod.get("status") or {}).get("phase") not in TERMINAL


_UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of "
    "the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please "
    'set ".spec.minAvailable" field of the PDB to an integer value.'
)


def _expected(budget: Obj, pods: list[PodFacts], world: World) -> tuple[int, int, list[str]]:
    """How many pods there should be, how many must be healthy, and the pods that nobody controls."""
    spec = budget["spec"]
    if spec.get("maxUnavailable") is not None:
        count, unmanaged = _scale(pods, world)
        return count, max(0, count - share(spec["maxUnavailable"], count, round_up=True)), unmanaged
    least = spec.get("minAvailable")
    if isinstance(least, str):
        count, unmanaged = _scale(pods, world)
        return count, share(least, count, round_up=True), unmanaged
    return (len(pods), least, []) if least is not None else (0, 0, [])


def _scale(pods: list[PodFacts], world: World) -> tuple[int, list[str]]:
    """The sum of the replica counts of the pods' controllers."""
    counts: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in pods:
        if pod.owner is None:
            unmanaged.append(pod.name)
        elif pod.owner["uid"] not in counts:
            uid, count = _scaled(pod.owner, pod, world)
            counts[pod.owner["uid"]] = 0
            counts[uid] = count
    return sum(counts.values()), unmanaged


def _scaled(reference: Obj, pod: PodFacts, world: World) -> tuple[str, int]:
    """The uid and replica count of the pod's controller, or of the Deployment above it."""
    from fakekube.machinery.scales import replicas_of

    group, version = split_api_version(reference["apiVersion"])
    resource = world.scheme.by_kind(group, version, reference["kind"])
    owner = world.get(resource.storage.id, pod.namespace, reference["name"]) if resource is not None else None
    if resource is None or owner is None or owner["metadata"]["uid"] != reference["uid"]:
        raise Unscaled(f'found no controllers for pod "{pod.name}"')
    above = controller_of(owner) if resource.kind == "ReplicaSet" else None
    if above is not None and above["kind"] == "Deployment" and world.by_uid(above["uid"]) is not None:
        return _scaled(above, pod, world)
    count = replicas_of(owner, resource, world)
    if count is None:
        raise Unscaled(f"{resource.id} does not implement the scale subresource")
    return owner["metadata"]["uid"], count


def _disrupted(budget: Obj, pods: list[PodFacts], now: float) -> tuple[dict[str, str], float | None]:
    """Evicted pods whose deletion is yet to come, and the seconds until the first of them counts again."""
    known = (budget.get("status") or {}).get("disruptedPods") or {}
    left = {
        pod.name: known[pod.name]
        for pod in pods
        if not pod.deleting and pod.name in known and parse_time(known[pod.name]) + DELETION_SECONDS > now
    }
    return left, min((parse_time(text) + DELETION_SECONDS - now for text in left.values()), default=None)


def _status(budget: Obj, healthy: int, desired: int, expected: int, disrupted: dict[str, str], now: float) -> Obj:
    generation = budget["metadata"].get("generation")
    allowed = max(0, healthy - desired) if expected > 0 else 0
    state, reason = ("True", "SufficientPods") if allowed > 0 else ("False", "InsufficientPods")
    entry = {"type": ALLOWED, "status": state, "observedGeneration": generation, "reason": reason, "message": ""}
    status: Obj = {"observedGeneration": generation} if generation else {}
    if disrupted:
        status["disruptedPods"] = disrupted
    status |= {"disruptionsAllowed": allowed, "currentHealthy": healthy}
    status |= {"desiredHealthy": desired, "expectedPods": expected}
    return status | {"conditions": _conditions(budget, entry, now)}


def _failed(budget: Obj, message: str, now: float) -> Obj:
    old = {"currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0, **(budget.get("status") or {})}
    entry: Obj = {"type": ALLOWED, "status": "False", "reason": "SyncFailed", "message": message}
    if old.get("observedGeneration"):
        entry["observedGeneration"] = old["observedGeneration"]
    return {**old, "disruptionsAllowed": 0, "conditions": _conditions(budget, entry, now)}


def _conditions(budget: Obj, entry: Obj, now: float) -> list[Obj]:
    old = (budget.get("status") or {}).get("conditions") or []
    found = next((each for each in old if each["type"] == entry["type"]), None)
    same = found is not None and found["status"] == entry["status"]
    entry["lastTransitionTime"] = found["lastTransitionTime"] if found is not None and same else time_text(now)
    return [each for each in old if each["type"] != entry["type"]] + [entry]


def _write(budget: Obj, status: Obj, told: list[Change], after: float | None = None) -> Plan:
    if status == (budget.get("status") or {}):
        return Plan(told, after)
    return Plan([*told, UpdateStatus(RESOURCE, status_update(budget, status))], after)


def _of_pod(event: Event, world: World) -> Iterable[NamedKey | Target]:
    """The budgets that select the pod as it was or as it is; the pod, if it is said to be going."""
    after, found = event.after, []
    if after is not None and condition(after.view, "DisruptionTarget") is not None:
        found.append(Target(event.key.namespace, event.key.name))
    budgets = world.store.list(RESOURCE, event.key.namespace)
    return [*found, *_selecting(budgets, event)] if budgets else found


def _selecting(budgets: list[Stored], event: Event) -> Iterable[NamedKey]:
    labels = [stored.labels for stored in (event.before, event.after) if stored is not None]
    for stored in budgets:
        selector = stored.view["spec"].get("selector")
        if selector is not None and any(matcher(selector)(each) for each in labels):
            yield NamedKey(stored.key.namespace, stored.key.name)


CONTROLLER = Controller(
    name="disruption",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself), Watch("pods", _of_pod)),
    user=service_account("disruption-controller"),
    component="controllermanager",
)
