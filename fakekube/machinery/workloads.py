"""What controllers of pods have in common: making, ranking and claiming pods, shares of a number, template hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import ceil, floor
from typing import Any

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.ids import SAFE_LETTERS
from fakekube.core.meta import Obj, time_text
from fakekube.machinery.committer import namespace_terminating
from fakekube.machinery.plan import Change, Create, Delete, Emit, Patch, Plan
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import Matches
from fakekube.storage.values import Key

BURST_REPLICAS = 500
"""So many pods a controller makes or deletes before it counts again."""


def copied(obj: Any) -> Any:
    """A private copy of JSON."""
    return orjson.loads(orjson.dumps(obj))


def sparse(fields: Mapping[str, Any]) -> Obj:
    """The fields that are not zero: how Go's omitempty writes them."""
    return {name: value for name, value in fields.items() if value}


def share(value: int | str | None, total: int, *, round_up: bool) -> int:
    """An IntOrString ("25%") of a total."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    part = int(value.rstrip("%")) * total / 100
    return ceil(part) if round_up else floor(part)


def encoded(number: int) -> str:
    """A number in the letters of generated names, as apimachinery's SafeEncodeString does it."""
    return "".join([SAFE_LETTERS[ord(digit) % 27] for digit in str(number)])


def content_hash(content: Any, collisions: int | None = None) -> str:
    """A short name for some content, the same for equal content; another for each count of collisions."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    if collisions is not None:
        text += str(collisions).encode()
    return encoded(int.from_bytes(blake2b(text, digest_size=4).digest(), "big"))


def pod_from_template(template: Obj, owner: Obj, reference: Obj) -> Obj:
    """A new pod of a controller: the template with the controller's reference, named after it."""
    meta = template.get("metadata") or {}
    made: Obj = {"generateName": f"{owner['metadata']['name']}-", "namespace": owner["metadata"]["namespace"]}
    for field in ("labels", "annotations", "finalizers"):
        if meta.get(field):
            made[field] = meta[field]
    made["ownerReferences"] = [reference]
    return {"kind": "Pod", "apiVersion": "v1", "metadata": made, "spec": template.get("spec") or {}}


def create_pod(pod: Obj, owner: Obj) -> Create:
    """Create the pod and tell of it; when it is refused, tell that."""

    def then(made: Obj) -> list[Change]:
        return [Emit(owner, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")]

    def failed(error: StatusError) -> Plan | None:
        if namespace_terminating(error):
            return None
        return Plan([Emit(owner, "FailedCreate", f"Error creating: {error.message}", "Warning")], retry=True)

    return Create("pods", pod, then=then, refused=failed)


def delete_pod(pod: PodFacts, owner: Obj) -> Delete:
    """Delete the pod and tell of it."""

    def then(answer: Obj) -> list[Change]:
        return [Emit(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")]

    def failed(error: StatusError) -> Plan | None:
        if error.reason == "NotFound":
            return None
        return Plan([Emit(owner, "FailedDelete", f"Error deleting: {error.message}", "Warning")], retry=True)

    return Delete(pod.key, then=then, refused=failed)


def adopt(key: Key, uid: str, reference: Obj) -> Patch:
    """Make an object without controller one's own."""
    return Patch(key, {"metadata": {"ownerReferences": [reference], "uid": uid}})


def release(key: Key, uid: str, owner_uid: str) -> Patch:
    """Let go of an object."""
    references = [{"$patch": "delete", "uid": owner_uid}]
    return Patch(key, {"metadata": {"ownerReferences": references, "uid": uid}})


def claim_pods(
    owner: Obj, reference: Obj, matches: Matches, own: Iterable[PodFacts], loose: Iterable[PodFacts]
) -> tuple[list[PodFacts], list[Change]]:
    """The pods that count as the owner's, and what makes it so: matching loose ones are adopted, others let go.

    An owner that is being deleted neither adopts nor lets go; a pod that is being deleted is not adopted.
    """
    deleting = "deletionTimestamp" in owner["metadata"]
    claimed: list[PodFacts] = []
    changes: list[Change] = []
    for pod in own:
        if matches(pod.labels):
            claimed.append(pod)
        elif not deleting:
            changes.append(release(pod.key, pod.uid, reference["uid"]))
    for pod in loose:
        if not deleting and not pod.deleting and matches(pod.labels):
            claimed.append(pod)
            changes.append(adopt(pod.key, pod.uid, reference))
    return claimed, changes


def set_condition(conditions: list[Obj], entry: Obj, now: float, *, update_time: bool = False) -> list[Obj]:
    """The conditions with this one: unchanged if it says the same; else last, with the time its status changed."""
    found = next((each for each in conditions if each["type"] == entry["type"]), None)
    if found is not None and found["status"] == entry["status"] and found.get("reason") == entry.get("reason"):
        return conditions
    text = time_text(now)
    same_status = found is not None and found["status"] == entry["status"]
    made = {"type": entry["type"], "status": entry["status"]}
    if update_time:
        made["lastUpdateTime"] = text
    made["lastTransitionTime"] = found["lastTransitionTime"] if found is not None and same_status else text
    made.update(sparse({"reason": entry.get("reason"), "message": entry.get("message")}))
    return [each for each in conditions if each["type"] != entry["type"]] + [made]


def without_condition(conditions: list[Obj], kind: str) -> list[Obj]:
    """The conditions without those of this type."""
    return [each for each in conditions if each["type"] != kind]


def status_update(obj: Obj, status: Obj) -> Obj:
    """The object with this status."""
    return {**obj, "status": status}
