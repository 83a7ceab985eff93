"""One look at a Deployment: which of its ReplicaSets grow or shrink now, and what its status says of it."""

from __future__ import annotations

from fakekube.controllers.deployment import revisions, rollback
from fakekube.controllers.deployment.draft import RESOURCE, Draft
from fakekube.controllers.deployment.revisions import surge, unavailable
from fakekube.controllers.deployment.status import paused_status, until_deadline
from fakekube.core.meta import Obj, annotations_of, controller_of, is_deleting
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Plan, UpdateStatus, controller_reference
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import adopt, release, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Key


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the Deployment's ReplicaSets nearer to its template and size."""
    deployment = world.get(RESOURCE, *key)
    if deployment is None:
        return NOTHING
    if not deployment["spec"].get("selector"):
        return _selects_all(deployment)
    replica_sets, claims = _claimed(deployment, world)
    if claims:
        return Plan(claims)  # with those that are ours then we go on
    draft = Draft(deployment, replica_sets, world.now())
    if is_deleting(deployment):
        return draft.finish(draft.status()) if draft.number_present() else draft.plan()
    paused = paused_status(deployment, world.now())
    if paused is not None:
        return Plan([UpdateStatus(RESOURCE, status_update(deployment, paused))])
    if not draft.number_present():
        return draft.plan()
    if deployment["spec"].get("paused"):
        return _resize(draft)
    if rollback.target(deployment) is not None:
        return draft.create() if draft.new is None else rollback.plan(deployment, draft.all)
    if _resized(draft):
        return _resize(draft)
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        return _recreate(draft, world)
    return _roll(draft)


def _selects_all(deployment: Obj) -> Plan:
    told = "This deployment is selecting all pods. A non-empty selector is required."
    changes: list[Change] = [Emit(deployment, "SelectingAll", told, "Warning")]
    generation, status = deployment["metadata"].get("generation"), deployment.get("status") or {}
    if status.get("observedGeneration") != generation:
        changes.append(UpdateStatus(RESOURCE, status_update(deployment, {**status, "observedGeneration": generation})))
    return Plan(changes)


def _claimed(deployment: Obj, world: World) -> tuple[list[Obj], list[Change]]:
    """The Deployment's ReplicaSets: its own that still match, and those without controller that do."""
    reference = controller_reference(deployment, "apps", "v1", "Deployment")
    matches = matcher(deployment["spec"]["selector"])
    deleting = is_deleting(deployment)
    claimed: list[Obj] = []
    changes: list[Change] = []
    for each in world.list("replicasets.apps", deployment["metadata"]["namespace"]):
        meta = each["metadata"]
        key = Key("replicasets.apps", meta["namespace"], meta["name"])
        above = controller_of(each)
        fits = matches(meta.get("labels") or {})
        if above is not None and above["uid"] == reference["uid"]:
            if fits:
                claimed.append(each)
            elif not deleting:
                changes.append(release(key, meta["uid"], reference["uid"]))
        elif above is None and fits and not deleting and not is_deleting(each):
            changes.append(adopt(key, meta["uid"], reference))
    return claimed, changes


def _resized(draft: Draft) -> bool:
    """Whether the Deployment's size was changed since its ReplicaSets were told of it."""
    for each in draft.active():
        told = annotations_of(each).get(revisions.DESIRED, "")
        if told.isdecimal() and int(told) != draft.replicas:
            return True
    return False


def _resize(draft: Draft) -> Plan:
    """Change the size and nothing else: of the only active ReplicaSet, or of all in proportion."""
    _scale(draft)
    if draft.deployment["spec"].get("paused") and rollback.target(draft.deployment) is None:
        draft.changes += _outdated(draft)
    return draft.finish(draft.status())


def _scale(draft: Draft) -> None:
    active = draft.active()
    if len(active) <= 1:
        only = active[0] if active else draft.new or (draft.old[-1] if draft.old else None)
        if only is not None:
            draft.scale(only, draft.replicas)
        return
    if _saturated(draft):
        for each in draft.active_old():
            draft.scale(each, 0)
        return
    if draft.deployment["spec"]["strategy"]["type"] == "RollingUpdate":
        _scale_in_proportion(draft, active)


def _saturated(draft: Draft) -> bool:
    new = draft.new
    if new is None:
        return False
    told = annotations_of(new).get(revisions.DESIRED, "")
    available = (new.get("status") or {}).get("availableReplicas", 0)
    return new["spec"]["replicas"] == draft.replicas == available and told == str(draft.replicas)


def _scale_in_proportion(draft: Draft, active: list[Obj]) -> None:
    allowed = draft.replicas + surge(draft.deployment) if draft.replicas else 0
    missing = allowed - sum(each["spec"]["replicas"] for each in active)
    # The largest takes what rounding leaves over; of equal ones the newer when growing, the older when shrinking.
    ordered = revisions.by_age(active)
    if missing > 0:
        ordered.reverse()
    ordered.sort(key=lambda each: -each["spec"]["replicas"])
    sizes: list[int] = []
    added = 0
    for each in ordered:
        part = _proportion(draft, each, missing, added) if missing else 0
        sizes.append(each["spec"]["replicas"] + part)
        added += part
    if missing:
        sizes[0] = max(0, sizes[0] + missing - added)
    for each, size in zip(ordered, sizes, strict=True):
        draft.scale(each, size, annotate=True)


def _proportion(draft: Draft, replica_set: Obj, missing: int, added: int) -> int:
    replicas: int = replica_set["spec"]["replicas"]
    if not replicas or missing == added:
        return 0
    if draft.replicas == 0:
        part = -replicas
    else:
        told = annotations_of(replica_set).get(revisions.MAXIMUM, "")
        before = int(told) if told.isdecimal() else 0
        before = before or (draft.deployment.get("status") or {}).get("replicas", 0)
        if not before:
            return 0
        share = replicas * (draft.replicas + surge(draft.deployment)) / before
        part = int(share + 0.5) - replicas
    return min(part, missing - added) if missing > 0 else max(part, missing - added)


def _recreate(draft: Draft, world: World) -> Plan:
    """First all old pods go, for good; then the new ones come."""
    shrunk = [draft.scale(each, 0) for each in draft.active_old()]
    if any(shrunk):
        return draft.finish(draft.rollout_status())
    if _old_pods_left(draft, world):
        return draft.finish(draft.rollout_status())
    if draft.new is None:
        return draft.create()
    draft.scale(draft.new, draft.replicas)
    return _end(draft)


def _old_pods_left(draft: Draft, world: World) -> bool:
    if any((each.get("status") or {}).get("replicas") for each in draft.old):
        return True
    return any(not pod.terminal for each in draft.old for pod in world.pods_of(each))


def _roll(draft: Draft) -> Plan:
    """One step of a rolling update: the new ReplicaSet grows as far as it may, or else the old ones shrink."""
    if draft.new is None:
        return draft.create()
    if _grow(draft) or _shrink(draft):
        return draft.finish(draft.rollout_status())
    return _end(draft)


def _end(draft: Draft) -> Plan:
    if draft.complete():
        draft.changes += _outdated(draft)
    return draft.finish(draft.rollout_status(), until_deadline(draft.deployment, draft.now))


def _grow(draft: Draft) -> bool:
    new = draft.new
    assert new is not None, "it was made before"
    size = new["spec"]["replicas"]
    if size == draft.replicas:
        return False
    return draft.scale(new, draft.replicas if size > draft.replicas else draft.new_size(size))


def _shrink(draft: Draft) -> bool:
    new = draft.new
    assert new is not None, "it was made before"
    old = revisions.by_age(draft.active_old())
    least = draft.replicas - unavailable(draft.deployment)
    starting = new["spec"]["replicas"] - (new.get("status") or {}).get("availableReplicas", 0)
    total = sum(each["spec"]["replicas"] for each in [*old, new])
    most = total - least - starting
    if not old or most <= 0:
        return False
    cleaned = _drop_unavailable(draft, old, most)
    old = [draft.latest(each) for each in old]
    return _drop_available(draft, old, least) or cleaned > 0


def _drop_unavailable(draft: Draft, old: list[Obj], most: int) -> int:
    """First go the old pods that are of no use anyway."""
    dropped = 0
    for each in old:
        size, available = each["spec"]["replicas"], (each.get("status") or {}).get("availableReplicas", 0)
        count = min(most - dropped, size - available)
        if count > 0:
            draft.scale(each, size - count)
            dropped += count
    return dropped


def _drop_available(draft: Draft, old: list[Obj], least: int) -> bool:
    available = sum((each.get("status") or {}).get("availableReplicas", 0) for each in [*old, draft.new] if each)
    surplus, dropped = available - least, 0
    for each in old:
        count = min(each["spec"]["replicas"], surplus - dropped)
        if count > 0:
            draft.scale(each, each["spec"]["replicas"] - count)
            dropped += count
    return dropped > 0


def _outdated(draft: Draft) -> list[Change]:
    """Deletions of the oldest unused ReplicaSets beyond the history limit."""
    limit = draft.deployment["spec"].get("revisionHistoryLimit")
    kept = [each for each in draft.old if not is_deleting(each)]
    if limit is None or len(kept) <= limit:
        return []
    ordered = sorted(revisions.by_age(kept), key=revisions.revision)
    return [Delete.of("replicasets.apps", each) for each in ordered[: len(kept) - limit] if _unused(each)]


def _unused(replica_set: Obj) -> bool:
    status, meta = replica_set.get("status") or {}, replica_set["metadata"]
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 0)
    return not status.get("replicas") and not replica_set["spec"]["replicas"] and seen
