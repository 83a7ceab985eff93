"""Which ReplicaSet is a Deployment's present one, and the annotations that number and describe them."""

from __future__ import annotations

from fakekube.core.meta import Obj, annotations_of, labels_of, metadata
from fakekube.machinery.workloads import share

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        HISTORY,
        DESIRED,
        MAXIMUM,
        "deprecated.deployment.rollback.to",
    }
)
"""A Deployment's annotations that are about itself; the others are given to its ReplicaSets."""
HISTORY_CHARACTERS = 2000


def by_age(replica_sets: list[Obj]) -> list[Obj]:
    """Oldest first; of one second, by name."""
    return sorted(
        replica_sets, key=lambda each: (each["metadata"].get("creationTimestamp", ""), each["metadata"]["name"])
    )


def without_hash(template: Obj) -> Obj:
    """The template as the Deployment states it, to compare by."""
    meta = dict(metadata(template))
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != HASH}
    meta["labels"] = labels
    return {**template, "metadata": {name: value for name, value in meta.items() if value}}


def current(deployment: Obj, replica_sets: list[Obj]) -> Obj | None:
    """The oldest ReplicaSet that has the Deployment's template."""
    wanted = without_hash(deployment["spec"]["template"])
    return next((each for each in by_age(replica_sets) if without_hash(each["spec"]["template"]) == wanted), None)


def last(replica_sets: list[Obj]) -> int:
    """The second highest revision: what was there before the present one; 0 if there was none."""
    numbers = sorted([revision(each) for each in replica_sets], reverse=True)
    return numbers[1] if len(numbers) > 1 else 0


def revision(obj: Obj) -> int:
    """The revision that the object's annotation states; 0 if none that can be read."""
    try:
        return int(annotations_of(obj).get(REVISION, "0"))
    except ValueError:
        return 0


def surge(deployment: Obj) -> int:
    """How many pods there may be over the replica count."""
    rolling = _rolling(deployment)
    return share(rolling.get("maxSurge"), deployment["spec"]["replicas"], round_up=True) if rolling is not None else 0


def unavailable(deployment: Obj) -> int:
    """How many pods of the replica count may be missing; at least one if none may be over."""
    rolling = _rolling(deployment)
    replicas: int = deployment["spec"]["replicas"]
    if rolling is None or not replicas:
        return 0
    found = share(rolling.get("maxUnavailable"), replicas, round_up=False)
    return min(found or (0 if surge(deployment) else 1), replicas)


def _rolling(deployment: Obj) -> Obj | None:
    strategy: Obj = deployment["spec"]["strategy"]
    return (strategy.get("rollingUpdate") or {}) if strategy["type"] == "RollingUpdate" else None


def size_annotations(deployment: Obj) -> dict[str, str]:
    """What a ReplicaSet is told of the Deployment's size, so that later a change of it can be seen."""
    replicas = deployment["spec"]["replicas"]
    return {DESIRED: str(replicas), MAXIMUM: str(replicas + surge(deployment))}


def present_annotations(deployment: Obj, replica_set: Obj, number: int, *, exists: bool) -> dict[str, str]:
    """The annotations of the present ReplicaSet: the Deployment's, and the revision if that is a higher one."""
    present = annotations_of(replica_set)
    found = dict(present)
    found.update({name: text for name, text in annotations_of(deployment).items() if name not in NOT_COPIED})
    old = found.get(REVISION)
    if old and not old.isdecimal():
        return present if exists else found
    if int(old or 0) < number:
        found[REVISION] = str(number)
        if old is not None:
            found[HISTORY] = _history(found.get(HISTORY, ""), old)
    if not exists:
        found.update(size_annotations(deployment))
    return found


def _history(known: str, number: str) -> str:
    """The revisions that the ReplicaSet had before; the oldest fall off when the text grows too long."""
    numbers = [*known.split(","), number] if known else [number]
    while len(",".join(numbers)) > HISTORY_CHARACTERS and len(numbers) > 1:
        numbers.pop(0)
    return ",".join(numbers)


def hashed(deployment: Obj, name: str) -> tuple[Obj, Obj, dict[str, str]]:
    """Template and selector of the ReplicaSet with this hash, and its labels."""
    template, selector = deployment["spec"]["template"], deployment["spec"]["selector"]
    labels = {**labels_of(template), HASH: name}
    marked = {**template, "metadata": {**metadata(template), "labels": labels}}
    return marked, {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: name}}, labels
