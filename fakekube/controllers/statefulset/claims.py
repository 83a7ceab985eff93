"""The claims of a StatefulSet's pods: one for each template and number, kept or deleted by its retention policy."""

from __future__ import annotations

from dataclasses import dataclass

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


def has_volumes(owner: Obj, pod: PodFacts, number: int) -> bool:
    """Whether the pod uses the claims of its number."""
    if not _templates(owner):
        return True
    listed = pod.view["spec"].get("volumes") or ()
    used = {each["name"]: (each.get("persistentVolumeClaim") or {}).get("claimName") for each in listed}
    return all(used.get(each["metadata"]["name"]) == claim_name(owner, each, number) for each in _templates(owner))


def missing(owner: Obj, pod: str, number: int, world: World) -> list[Change]:
    """Creations of the claims that are not there."""
    changes: list[Change] = []
    for template in _templates(owner):
        name = claim_name(owner, template, number)
        if world.get(CLAIMS, owner["metadata"]["namespace"], name) is None:
            changes.append(_create(owner, template, name, pod))
    return changes


def going(owner: Obj, number: int, world: World) -> str:
    """What is wrong with claims that are there but are being deleted, so that the pod has to wait; '' if nothing is."""
    found = [
        f"pvc {claim['metadata']['name']} is being deleted"
        for claim in _present(owner, number, world)
        if is_deleting(claim)
    ]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _present(owner: Obj, number: int, world: World) -> list[Obj]:
    """The claims of the number that are there."""
    namespace = owner["metadata"]["namespace"]
    found = [world.get(CLAIMS, namespace, claim_name(owner, each, number)) for each in _templates(owner)]
    return [claim for claim in found if claim is not None]


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


def stale(owner: Obj, pod: str, number: int, world: World) -> bool:
    """Whether a claim still belongs to an earlier pod of this name and is about to go with it."""
    if not _policy(owner)[1]:
        return False
    return any(_names(each, "Pod", pod) for claim in _present(owner, number, world) for each in owners_of(claim))


# --- whose the claims are


def _policy(owner: Obj) -> tuple[bool, bool]:
    """Whether claims go with the StatefulSet, and whether they go with pods that are scaled away."""
    policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenDeleted") == DELETE, policy.get("whenScaled") == DELETE


_VERSIONS = {"StatefulSet": "apps/v1", "Pod": "v1"}


def _names(reference: Obj, kind: str, name: str) -> bool:
    return bool(reference["kind"] == kind and reference["name"] == name and reference["apiVersion"] == _VERSIONS[kind])


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose the claims of a pod are to be by the policy: the StatefulSet's, the pod's, or nobody's.

    A claim that belongs to an earlier StatefulSet or pod of the name is left to the garbage collector; where something
    else controls a claim that the policy would delete, we let go of it and say so.
    """

    owner: Obj
    pod: PodFacts
    scaled_down: bool

    def settled(self, number: int, world: World) -> bool:
        """Whether the claims of the number belong to whom they should."""
        return all(self._wanted(claim) is None for claim in _present(self.owner, number, world))

    def changes(self, number: int, world: World) -> list[Change]:
        """What makes it so."""
        changes: list[Change] = []
        for claim in _present(self.owner, number, world):
            if self._conflicting(claim):
                changes.append(
                    Emit(self.owner, "ConflictingController", _CONFLICT.format(claim["metadata"]["name"]), "Warning")
                )
            wanted = self._wanted(claim)
            if wanted is not None:
                meta = {name: value for name, value in claim["metadata"].items() if name != "ownerReferences"}
                changes.append(Update(CLAIMS, {**claim, "metadata": {**meta, **sparse({"ownerReferences": wanted})}}))
        return changes

    def _is_ours(self, reference: Obj) -> bool:
        return _names(reference, "StatefulSet", self.owner["metadata"]["name"]) or _names(
            reference, "Pod", self.pod.name
        )

    def _uids(self) -> tuple[str, str]:
        return self.owner["metadata"]["uid"], self.pod.uid

    def _conflicting(self, claim: Obj) -> bool:
        """Whether something else is in charge of a claim that we might have deleted."""
        if not any(_policy(self.owner)):
            return False
        return any(
            each["uid"] not in self._uids() if self._is_ours(each) else bool(each.get("controller"))
            for each in owners_of(claim)
        )

    def _wanted(self, claim: Obj) -> list[Obj] | None:
        """The owners that the claim should have; None if they are as they should be, or not ours to change."""
        references, uids = owners_of(claim), self._uids()
        if any(self._is_ours(each) and each["uid"] not in uids for each in references):
            return None
        mine = [each for each in references if each["uid"] in uids]
        others = [each for each in references if not self._is_ours(each)]
        if self._conflicting(claim):
            return others if mine else None
        wanted = self._by_policy()
        present = {each["uid"] for each in mine}
        if present == {each["uid"] for each in wanted} and all(each.get("controller") for each in mine):
            return None
        kept = {each["uid"] for each in others}
        return [*others, *[each for each in wanted if each["uid"] not in kept]]

    def _by_policy(self) -> list[Obj]:
        with_set, with_pod = _policy(self.owner)
        if with_pod and self.scaled_down:
            return [controller_reference(self.pod.view, "", "v1", "Pod")]
        return [controller_reference(self.owner, "apps", "v1", "StatefulSet")] if with_set else []


_CONFLICT = (
    "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, the retention policy "
    "is ignored for this claim"
)
