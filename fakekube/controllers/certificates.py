"""CertificateSigningRequests for the built-in signers: those of kubelets are approved, those that were approved are
signed, and old ones are taken away."""

from __future__ import annotations

from base64 import b64decode, b64encode

from fakekube.core.meta import Obj, is_true, parse_time, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Delete, Plan, Update, UpdateStatus
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World

RESOURCE = "certificatesigningrequests.certificates.k8s.io"
CLIENT, KUBELET_CLIENT, KUBELET_SERVING, UNKNOWN = (
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/kubelet-serving",
    "kubernetes.io/legacy-unknown",
)
SIGNERS = frozenset({CLIENT, KUBELET_CLIENT, KUBELET_SERVING, UNKNOWN})
HOUR = 3600.0
_KEPT = {"Approved": HOUR, "Denied": HOUR, "Failed": HOUR}
"""For how long requests are kept after they were settled; for those without certificate it is a day."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Sign the request if it was approved, not denied, and is meant for one of these signers."""
    request = world.get(RESOURCE, "", key.name)
    sign = world.settings.sign
    if request is None or sign is None or request["spec"]["signerName"] not in SIGNERS:
        return NOTHING
    status: Obj = request.get("status") or {}
    settled = is_true(request, "Denied") or is_true(request, "Failed") or status.get("certificate")
    if not is_true(request, "Approved") or settled:
        return NOTHING
    spec = request["spec"]
    try:
        _check(spec)
        pem = sign(b64decode(spec["request"]), spec.get("expirationSeconds"), tuple(spec.get("usages") or ()))
    except ValueError as error:
        return Plan([UpdateStatus(RESOURCE, status_update(request, _failed(status, str(error), world.now())))])
    signed = {**status, "certificate": b64encode(pem).decode()}
    return Plan([UpdateStatus(RESOURCE, status_update(request, signed))])


def _check(spec: Obj) -> None:
    """Whether the signer gives such certificates; ValueError says why not."""
    from fakekube.access import requests

    pem, usages = b64decode(spec["request"]), spec.get("usages") or []
    match spec["signerName"]:
        case name if name == CLIENT:
            fault = _client_fault(usages)
        case name if name == KUBELET_CLIENT:
            fault = requests.client_fault(pem, usages)
        case name if name == KUBELET_SERVING:
            fault = requests.serving_fault(pem, usages)
        case _:
            fault = ""
    if fault:
        raise ValueError(fault)


def _client_fault(usages: list[str]) -> str:
    for usage in usages:
        if usage not in ("digital signature", "key encipherment", "client auth"):
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"


def _failed(status: Obj, message: str, now: float) -> Obj:
    text = time_text(now)
    entry = {"type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": message}
    entry |= {"lastUpdateTime": text, "lastTransitionTime": text}
    return {**status, "conditions": [*(status.get("conditions") or ()), entry]}


def reconcile_approval(key: NamedKey, world: World) -> Plan:
    """Approve a kubelet's request for its client certificate: whoever may ask for one may have it."""
    request = world.get(RESOURCE, "", key.name)
    if request is None or request["spec"]["signerName"] != KUBELET_CLIENT:
        return NOTHING
    status: Obj = request.get("status") or {}
    if status.get("certificate") or is_true(request, "Approved") or is_true(request, "Denied"):
        return NOTHING
    from fakekube.access import requests

    spec = request["spec"]
    pem = b64decode(spec["request"])
    try:
        fault = requests.client_fault(pem, spec.get("usages") or [])
        own = requests.common_name(pem) == spec.get("username")
    except ValueError:
        return NOTHING
    if fault:
        return NOTHING
    whose = "self kubelet" if own else "kubelet"
    message = f"Auto approving {whose} client certificate after SubjectAccessReview."
    entry = {"type": "Approved", "status": "True", "reason": "AutoApproved", "message": message}
    conditions = [*(status.get("conditions") or ()), entry]
    return Plan([Update(RESOURCE, {**request, "status": {**status, "conditions": conditions}}, "approval")])


def reconcile_age(key: NamedKey, world: World) -> Plan:
    """Take the request away when it is old enough."""
    request = world.get(RESOURCE, "", key.name)
    due = _due(request) if request is not None else None
    if request is None or due is None:
        return NOTHING
    wait = due - world.now()
    return Plan(after=wait) if wait > 0 else Plan([Delete.of(RESOURCE, request)])


def _due(request: Obj) -> float | None:
    status = request.get("status") or {}
    conditions, pem = status.get("conditions") or (), status.get("certificate")
    if not conditions:
        return parse_time(request["metadata"]["creationTimestamp"]) + 24 * HOUR
    dues = [_expiry(pem)] if pem and any(each["type"] == "Approved" for each in conditions) else []
    for each in conditions:
        kept = _KEPT.get(each["type"])
        if kept is not None and each.get("lastUpdateTime"):
            kept = 24 * HOUR if each["type"] == "Approved" and not pem else kept
            dues.append(parse_time(each["lastUpdateTime"]) + kept)
    return min((due for due in dues if due is not None), default=None)


def _expiry(certificate: str) -> float | None:
    from fakekube.access import requests

    try:
        return requests.expiry(b64decode(certificate))
    except ValueError:
        return None


CONTROLLER = Controller(
    name="csrsigning",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself),),
    user=service_account("certificate-controller"),
    component="csrsigning",
)
APPROVER = Controller(
    name="csrapproving",
    reconcile=reconcile_approval,
    watches=(Watch(RESOURCE, itself),),
    user=service_account("certificate-controller"),
    component="csrapproving",
)
CLEANER = Controller(
    name="csrcleaner",
    reconcile=reconcile_age,
    watches=(Watch(RESOURCE, itself),),
    user=service_account("certificate-controller"),
    component="csrcleaner",
)
