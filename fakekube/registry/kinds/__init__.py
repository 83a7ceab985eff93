"""The kinds that differ from the convention, each file with rows of its own; everything else is a plain Strategy."""

from __future__ import annotations

from fakekube.registry.kinds import (
    addresses,
    admission_policies,
    apiservices,
    certificates,
    configmaps,
    controllerrevisions,
    cronjobs,
    customresourcedefinitions,
    daemonsets,
    deployments,
    devices,
    endpoints,
    events,
    flowcontrol,
    horizontalpodautoscalers,
    ingresses,
    jobs,
    leases,
    namespaces,
    networkpolicies,
    nodes,
    poddisruptionbudgets,
    pods,
    podtemplates,
    quotas,
    rbac,
    replicasets,
    replicationcontrollers,
    scheduling,
    secrets,
    serviceaccounts,
    services,
    statefulsets,
    storage,
    volumes,
    webhooks,
)
from fakekube.registry.strategy import Strategy

ROWS: dict[str, Strategy] = {
    **addresses.ROWS,
    **admission_policies.ROWS,
    **apiservices.ROWS,
    **certificates.ROWS,
    **configmaps.ROWS,
    **controllerrevisions.ROWS,
    **cronjobs.ROWS,
    **customresourcedefinitions.ROWS,
    **daemonsets.ROWS,
    **deployments.ROWS,
    **devices.ROWS,
    **endpoints.ROWS,
    **events.ROWS,
    **flowcontrol.ROWS,
    **horizontalpodautoscalers.ROWS,
    **ingresses.ROWS,
    **jobs.ROWS,
    **leases.ROWS,
    **namespaces.ROWS,
    **networkpolicies.ROWS,
    **nodes.ROWS,
    **poddisruptionbudgets.ROWS,
    **pods.ROWS,
    **podtemplates.ROWS,
    **quotas.ROWS,
    **rbac.ROWS,
    **replicasets.ROWS,
    **replicationcontrollers.ROWS,
    **scheduling.ROWS,
    **secrets.ROWS,
    **serviceaccounts.ROWS,
    **services.ROWS,
    **statefulsets.ROWS,
    **storage.ROWS,
    **volumes.ROWS,
    **webhooks.ROWS,
}

_CONVENTION = Strategy()


def strategy_of(resource_id: str) -> Strategy:
    """What the resource with this id ("pods", "deployments.apps") does differently; the convention if it has no row."""
    return ROWS.get(resource_id, _CONVENTION)
