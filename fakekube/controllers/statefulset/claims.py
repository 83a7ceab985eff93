"""The claims of a StatefulSet's pods: one for each template and number, kept or deleted by its retention policy."""

from __future__ import annotations

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting, labels_of, owners_of
from fakekube.machinery.plan import Change, Create, Emit, Plan, Update, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import World

CLAIMS = "persistentvolumeclaims"
DELETE = "Delete"


def _templates(owner: Obj) -> list[Obj]:
    return owner["spec"].get("volumeClaimTemplates") or []


def claim_name(owner: Obj, template: Obj, number: int) -> str:
    """The claim that a template makes for the pod with this number."""
    return f"{template['metadata']['name']}-{owner['metadata']['name']}-{number}"


def volumes(owner: Obj, number: int, others: list[Obj]) -> list[Obj]:
    """The volumes of the pod: its claims in place of volumes of the same name."""
    made = [
        {"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name(owner, each, number)}}
        for each in _templates(owner)
    ]
    names = {each["name"] for each in made}
    return made + [each for each in others if each["name"] not in names]


def missing(owner: Obj, pod: str, number: int, world: World) -> list[Change]:
    """Creations of the claims that are not there."""
    changes: list[Change] = []
    for template in _templates(owner):
        name = claim_name(owner, template, number)
        if world.get(CLAIMS, owner["metadata"]["namespace"], name) is None:
            changes.append(_create(owner, template, name, pod))
    return changes


def _create(owner: Obj, template: Obj, name: str, pod: str) -> Create:
    meta, above = template["metadata"], owner["metadata"]
    labels = {**labels_of(template), **(owner["spec"]["selector"].get("matchLabels") or {})}
    made: Obj = {"name": name, "namespace": above["namespace"], "labels": labels}
    made |= sparse({"annotations": meta.get("annotations"), "finalizers": meta.get("finalizers")})
    claim = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": made, "spec": template.get("spec") or {}}
    done = Emit(owner, "SuccessfulCreate", f"Create Claim {name} Pod {pod} in StatefulSet {above['name']} success")

    def refused(error: StatusError) -> Plan | None:
        if error.reason == "AlreadyExists":
            return None
        start = f"Claim {name} for Pod {pod} in StatefulSet {above['name']} failed error"
        why = f"failed to create PVC {name}: {error.message}"
        told = [
            Emit(owner, "FailedCreate", f"Create {start}: {error.message}", "Warning"),
            Emit(
                owner, "FailedCreate", f"Create Pod {pod} in StatefulSet {above['name']} failed error: {why}", "Warning"
            ),
        ]
        return Plan([*told], retry=True)

    return Create(CLAIMS, claim, then=lambda _: [done], refused=refused)


def _policy(owner: Obj) -> tuple[bool, bool]:
    """Whether claims go with the StatefulSet, and whether they go with pods that are scaled away."""
    policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenDeleted") == DELETE, policy.get("whenScaled") == DELETE


def stale(owner: Obj, pod: str, number: int, world: World) -> bool:
    """Whether a claim still belongs to an earlier pod of this name and is about to go with it."""
    if not _policy(owner)[1]:
        return False
    for template in _templates(owner):
        claim = world.get(CLAIMS, owner["metadata"]["namespace"], claim_name(owner, template, number))
        if claim is not None and (is_deleting(claim) or any(_names(each, "Pod", pod) for each in owners_of(claim))):
            return True
    return False


def _names(reference: Obj, kind: str, name: str) -> bool:
    return bool(reference["kind"] == kind and reference["name"] == name)


def owned_rightly(owner: Obj, pod: PodFacts, number: int, world: World, *, scaled_down: bool) -> list[Change]:
    """Changes that make the pod's claims belong to the StatefulSet, to the pod, or to neither, by the policy."""
    changes: list[Change] = []
    for template in _templates(owner):
        claim = world.get(CLAIMS, owner["metadata"]["namespace"], claim_name(owner, template, number))
        if claim is None or is_deleting(claim):
            continue
        wanted = _owners(owner, pod, claim, scaled_down=scaled_down)
        if wanted is not None and wanted != owners_of(claim):
            meta = {name: value for name, value in claim["metadata"].items() if name != "ownerReferences"}
            changes.append(Update(CLAIMS, {**claim, "metadata": {**meta, **sparse({"ownerReferences": wanted})}}))
    return changes


def _owners(owner: Obj, pod: PodFacts, claim: Obj, *, scaled_down: bool) -> list[Obj] | None:
    """The claim's owners by the policy; None if someone else controls it and it is left alone."""
    name, with_set, with_pod = owner["metadata"]["name"], *_policy(owner)
    others: list[Obj] = []
    for each in owners_of(claim):
        if _names(each, "StatefulSet", name) or _names(each, "Pod", pod.name):
            if each["uid"] not in (owner["metadata"]["uid"], pod.uid):
                return None
        elif each.get("controller"):
            return None
        else:
            others.append(each)
    if with_pod and scaled_down:
        return [*others, controller_reference(pod.view, "", "v1", "Pod")]
    if with_set:
        return [*others, controller_reference(owner, "apps", "v1", "StatefulSet")]
    return others
