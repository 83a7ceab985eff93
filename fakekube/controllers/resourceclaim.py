"""Resource claims of pods: those that a template describes are made for the pod, and go with it; what is reserved for
pods that are gone is free again."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Create, Emit, Patch, Plan, controller_reference
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

CLAIMS, TEMPLATES = "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io"
POD_CLAIM = "resource.kubernetes.io/pod-claim-name"


def reconcile_pod(key: NamedKey, world: World) -> Plan:
    """Make the claims of the pod that are not there, and note their names in its status."""
    pod = world.get("pods", *key)
    if pod is None or is_deleting(pod) or (pod.get("status") or {}).get("phase") in TERMINAL:
        return NOTHING
    known = {each["name"] for each in (pod.get("status") or {}).get("resourceClaimStatuses") or ()}
    changes: list[Change] = []
    for entry in pod["spec"].get("resourceClaims") or ():
        if not entry.get("resourceClaimTemplateName") or entry["name"] in known:
            continue
        template = world.get(TEMPLATES, key.namespace, entry["resourceClaimTemplateName"])
        if template is None:
            why = f'{TEMPLATES} "{entry["resourceClaimTemplateName"]}" not found'
            return Plan([*changes, _failed(pod, entry, f"resource claim template: {why}")], retry=True)
        changes.append(_create(pod, entry, template))
    return Plan(changes)


def _failed(pod: Obj, entry: Obj, why: str) -> Change:
    return Emit(pod, "FailedResourceClaimCreation", f"PodResourceClaim {entry['name']}: {why}", "Warning")


def _create(pod: Obj, entry: Obj, template: Obj) -> Change:
    meta, given = pod["metadata"], template["spec"].get("metadata") or {}
    made: Obj = {
        "generateName": f"{meta['name']}-{entry['name']}-",
        "namespace": meta["namespace"],
        "annotations": {**(given.get("annotations") or {}), POD_CLAIM: entry["name"]},
        "ownerReferences": [controller_reference(pod, "", "v1", "Pod")],
        **sparse({"labels": given.get("labels")}),
    }
    claim = {"kind": "ResourceClaim", "apiVersion": "resource.k8s.io/v1", "metadata": made}

    def done(answer: Obj) -> list[Change]:
        status = [{"name": entry["name"], "resourceClaimName": answer["metadata"]["name"]}]
        key = Key("pods", meta["namespace"], meta["name"])
        return [Patch(key, {"status": {"resourceClaimStatuses": status}}, subresource="status")]

    def refused(error: StatusError) -> Plan:
        return Plan([_failed(pod, entry, error.message)], retry=True)

    return Create(CLAIMS, {**claim, "spec": template["spec"]["spec"]}, then=done, refused=refused)


def reconcile_claim(key: NamedKey, world: World) -> Plan:
    """Take pods that are gone or have ended off the claim's reservations."""
    claim = world.get(CLAIMS, *key)
    reserved = ((claim or {}).get("status") or {}).get("reservedFor") or []
    left = [each for each in reserved if each.get("resource") != "pods" or _is_in_use(each, key.namespace, world)]
    if claim is None or left == reserved:
        return NOTHING
    return Plan([Patch(Key(CLAIMS, *key), {"status": {"reservedFor": left or None}}, "merge", "status")])


def _is_in_use(consumer: Obj, namespace: str, world: World) -> bool:
    pod = world.get("pods", namespace, consumer["name"])
    return (
        pod is not None
        and pod["metadata"]["uid"] == consumer["uid"]
        and (pod.get("status") or {}).get("phase") not in TERMINAL
    )


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod with claims of templates."""
    after = event.after
    if after is not None and after.view["spec"].get("resourceClaims"):
        return (NamedKey(event.key.namespace, event.key.name),)
    return ()


def _of_template(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods that wait for the template."""
    for stored in world.store.list("pods", event.key.namespace) if event.before is None else ():
        if b'"resourceClaims":' in stored.raw:
            yield NamedKey(stored.key.namespace, stored.key.name)


def _claims_of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The claims of a pod that went or ended."""
    gone = event.before if event.after is None else event.after
    if gone is None or not gone.view["spec"].get("resourceClaims"):
        return ()
    names = [each.get("resourceClaimName") for each in gone.view["spec"]["resourceClaims"]]
    names += [
        each.get("resourceClaimName") for each in (gone.view.get("status") or {}).get("resourceClaimStatuses") or ()
    ]
    return [NamedKey(event.key.namespace, name) for name in names if name]


MAKER = Controller(
    name="resourceclaim",
    reconcile=reconcile_pod,
    watches=(Watch("pods", _of_pod), Watch(TEMPLATES, _of_template)),
    user=service_account("resource-claim-controller"),
    component="resource_claim",
)
KEEPER = Controller(
    name="resourceclaim-reservations",
    reconcile=reconcile_claim,
    watches=(Watch(CLAIMS, itself), Watch("pods", _claims_of_pod)),
    user=service_account("resource-claim-controller"),
    component="resource_claim",
)
