"""The status of ValidatingAdmissionPolicies: their expressions held to the types of what they are for."""

from __future__ import annotations

from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Patch, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Key

NAME = "validatingadmissionpolicy-status"
RESOURCE = "validatingadmissionpolicies.admissionregistration.k8s.io"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Check each generation of a policy once."""
    policy = world.get(RESOURCE, "", key.name)
    if policy is None:
        return NOTHING
    generation = policy["metadata"].get("generation") or 0
    if generation <= ((policy.get("status") or {}).get("observedGeneration") or 0):
        return NOTHING
    from fakekube.admission.policies.type_checking import expression_warnings  # CEL takes time to import

    warnings = expression_warnings(policy, world.scheme)
    checking = {"expressionWarnings": warnings} if warnings else {}
    applied = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": key.name},
        "status": {"observedGeneration": generation, "typeChecking": checking},
    }
    return Plan([Patch(Key(RESOURCE, "", key.name), applied, "apply", "status")])


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself),),
    user=service_account("validatingadmissionpolicy-status-controller"),
    component=NAME,
    field_manager=NAME,
)
