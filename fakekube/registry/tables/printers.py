"""Which function prints which kind, by the kind's id. A kind that is not here has a name and a moment of creation."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj, metadata
from fakekube.registry.tables import admission, core, flow, network, pods, storage, workloads
from fakekube.registry.tables.parts import Printer, name
from fakekube.registry.tables.workloads import scale as scale


def created_at(obj: Obj, now: float) -> list[Any]:
    """Name, Created At: for kinds without a printer of their own."""
    return [name(obj), metadata(obj).get("creationTimestamp") or "0001-01-01T00:00:00Z"]


PRINTERS: dict[str, Printer] = {
    "componentstatuses": core.component_status,
    "configmaps": core.config_map,
    "endpoints": network.endpoints,
    "events": core.event,
    "events.events.k8s.io": core.event,
    "namespaces": core.namespace,
    "nodes": core.node,
    "persistentvolumeclaims": storage.persistent_volume_claim,
    "persistentvolumes": storage.persistent_volume,
    "pods": pods.cells,
    "podtemplates": workloads.pod_template,
    "replicationcontrollers": workloads.replication_controller,
    "resourcequotas": core.resource_quota,
    "secrets": core.secret,
    "serviceaccounts": core.name_and_age,
    "services": network.service,
    "apiservices.apiregistration.k8s.io": network.api_service,
    "controllerrevisions.apps": workloads.controller_revision,
    "daemonsets.apps": workloads.daemon_set,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "statefulsets.apps": workloads.stateful_set,
    "horizontalpodautoscalers.autoscaling": workloads.horizontal_pod_autoscaler,
    "cronjobs.batch": workloads.cron_job,
    "jobs.batch": workloads.job,
    "certificatesigningrequests.certificates.k8s.io": admission.certificate_request,
    "ingressclasses.networking.k8s.io": network.ingress_class,
    "ingresses.networking.k8s.io": network.ingress,
    "ipaddresses.networking.k8s.io": network.ip_address,
    "networkpolicies.networking.k8s.io": network.network_policy,
    "servicecidrs.networking.k8s.io": network.service_cidr,
    "poddisruptionbudgets.policy": workloads.pod_disruption_budget,
    "clusterrolebindings.rbac.authorization.k8s.io": admission.role_binding,
    "rolebindings.rbac.authorization.k8s.io": admission.role_binding,
    "csidrivers.storage.k8s.io": storage.csi_driver,
    "csinodes.storage.k8s.io": storage.csi_node,
    "storageclasses.storage.k8s.io": storage.storage_class,
    "volumeattachments.storage.k8s.io": storage.volume_attachment,
    "volumeattributesclasses.storage.k8s.io": storage.volume_attributes_class,
    "mutatingadmissionpolicies.admissionregistration.k8s.io": admission.mutating_policy,
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": admission.policy_binding,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": admission.webhook_configuration,
    "validatingadmissionpolicies.admissionregistration.k8s.io": admission.validating_policy,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": admission.policy_binding,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": admission.webhook_configuration,
    "priorityclasses.scheduling.k8s.io": flow.priority_class,
    "leases.coordination.k8s.io": core.lease,
    "runtimeclasses.node.k8s.io": flow.runtime_class,
    "endpointslices.discovery.k8s.io": network.endpoint_slice,
    "deviceclasses.resource.k8s.io": core.name_and_age,
    "resourceclaims.resource.k8s.io": flow.resource_claim,
    "resourceclaimtemplates.resource.k8s.io": core.name_and_age,
    "resourceslices.resource.k8s.io": flow.resource_slice,
    "flowschemas.flowcontrol.apiserver.k8s.io": flow.flow_schema,
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": flow.priority_level,
}
