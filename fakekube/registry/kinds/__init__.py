"""The kinds that differ from the convention, each file with rows of its own; everything else is a plain Strategy.

A file is imported when its kind is first written or judged: most clusters of a test use few of them.
"""

from __future__ import annotations

from importlib import import_module

from fakekube.registry.strategy import Strategy

MODULES: dict[str, tuple[str, ...]] = {
    "addresses": (
        "ipaddresses.networking.k8s.io",
        "servicecidrs.networking.k8s.io",
    ),
    "admission_policies": (
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    ),
    "apiservices": ("apiservices.apiregistration.k8s.io",),
    "certificates": ("certificatesigningrequests.certificates.k8s.io",),
    "configmaps": ("configmaps",),
    "controllerrevisions": ("controllerrevisions.apps",),
    "cronjobs": ("cronjobs.batch",),
    "customresourcedefinitions": ("customresourcedefinitions.apiextensions.k8s.io",),
    "daemonsets": ("daemonsets.apps",),
    "deployments": ("deployments.apps",),
    "devices": (
        "deviceclasses.resource.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io",
        "resourceslices.resource.k8s.io",
    ),
    "endpoints": (
        "endpoints",
        "endpointslices.discovery.k8s.io",
    ),
    "events": (
        "events",
        "events.events.k8s.io",
    ),
    "flowcontrol": (
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    ),
    "horizontalpodautoscalers": ("horizontalpodautoscalers.autoscaling",),
    "ingresses": (
        "ingresses.networking.k8s.io",
        "ingressclasses.networking.k8s.io",
    ),
    "jobs": ("jobs.batch",),
    "leases": ("leases.coordination.k8s.io",),
    "namespaces": ("namespaces",),
    "networkpolicies": ("networkpolicies.networking.k8s.io",),
    "nodes": ("nodes",),
    "poddisruptionbudgets": ("poddisruptionbudgets.policy",),
    "pods": ("pods",),
    "podtemplates": ("podtemplates",),
    "quotas": (
        "resourcequotas",
        "limitranges",
    ),
    "rbac": (
        "roles.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    ),
    "replicasets": ("replicasets.apps",),
    "replicationcontrollers": ("replicationcontrollers",),
    "scheduling": (
        "priorityclasses.scheduling.k8s.io",
        "runtimeclasses.node.k8s.io",
    ),
    "secrets": ("secrets",),
    "serviceaccounts": ("serviceaccounts",),
    "services": ("services",),
    "statefulsets": ("statefulsets.apps",),
    "storage": (
        "storageclasses.storage.k8s.io",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "csistoragecapacities.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "volumeattributesclasses.storage.k8s.io",
    ),
    "volumes": (
        "persistentvolumes",
        "persistentvolumeclaims",
    ),
    "webhooks": (
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    ),
}
"""The files of this folder that have rows, and the ids of the resources in them."""

_CONVENTION = Strategy()
_module_of = {resource_id: module for module, ids in MODULES.items() for resource_id in ids}
_known: dict[str, Strategy] = {}


def strategy_of(resource_id: str) -> Strategy:
    """What the resource with this id ("pods", "deployments.apps") does differently; the convention if it has no row."""
    found = _known.get(resource_id)
    return _find(resource_id) if found is None else found


def _find(resource_id: str) -> Strategy:
    module = _module_of.get(resource_id)
    if module is None:
        return _CONVENTION
    rows: dict[str, Strategy] = import_module(f"{__name__}.{module}").ROWS
    _known.update(rows)
    return rows[resource_id]
