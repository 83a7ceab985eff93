"""CertificateSigningRequests for the built-in signers: those that were approved are signed."""

from __future__ import annotations

from base64 import b64decode, b64encode

from fakekube.core.meta import Obj, is_true, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Plan, UpdateStatus
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World

RESOURCE = "certificatesigningrequests.certificates.k8s.io"
SIGNERS = frozenset(
    {
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/kubelet-serving",
        "kubernetes.io/legacy-unknown",
    }
)


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
        pem = sign(b64decode(spec["request"]), spec.get("expirationSeconds"), tuple(spec.get("usages") or ()))
    except ValueError as error:
        return Plan([UpdateStatus(RESOURCE, status_update(request, _failed(status, str(error), world.now())))])
    signed = {**status, "certificate": b64encode(pem).decode()}
    return Plan([UpdateStatus(RESOURCE, status_update(request, signed))])


def _failed(status: Obj, message: str, now: float) -> Obj:
    text = time_text(now)
    entry = {"type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": message}
    entry |= {"lastUpdateTime": text, "lastTransitionTime": text}
    return {**status, "conditions": [*(status.get("conditions") or ()), entry]}


CONTROLLER = Controller(
    name="csrsigning",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself),),
    user=service_account("certificate-controller"),
    component="csrsigning",
)
