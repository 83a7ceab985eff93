"""The controllers of the control plane, each a pure reconcile and one row of the list below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fakekube.controllers import (
    certificates,
    claimprotection,
    clusterrole_aggregation,
    cronjob,
    daemonset,
    definitions,
    deployment,
    disruption,
    endpoints,
    endpointslice,
    endpointslicemirroring,
    ephemeralvolume,
    eventexpiry,
    garbage,
    horizontalpodautoscaler,
    job,
    loadbalancer,
    namespace,
    node_ttl,
    nodelifecycle,
    persistentvolume,
    podgc,
    provisioning,
    replicaset,
    replicationcontroller,
    resourceclaim,
    resourcequota,
    root_ca,
    scheduler,
    serviceaccount,
    serviceaccount_tokens,
    servicecidr,
    statefulset,
    tainteviction,
    ttlafterfinished,
    validatingadmissionpolicystatus,
    volumeexpansion,
)
from fakekube.machinery.controller import Controller

CONTROLLERS: tuple[Controller, ...] = (
    # Of several that have had as little work, the first is next: what others wait for comes before them.
    definitions.CONTROLLER,  # what it defines is served at once, and soon says so
    namespace.CONTROLLER,
    serviceaccount.CONTROLLER,  # pods need the account
    root_ca.CONTROLLER,  # and the certificate authority
    nodelifecycle.CONTROLLER,  # taints that keep pods off a node come before pods are placed
    node_ttl.CONTROLLER,
    ephemeralvolume.CONTROLLER,
    persistentvolume.BINDER,
    persistentvolume.KEEPER,
    resourceclaim.MAKER,
    resourceclaim.KEEPER,
    provisioning.MAKER,
    provisioning.REMOVER,
    volumeexpansion.CONTROLLER,
    claimprotection.CLAIMS,
    claimprotection.VOLUMES,
    claimprotection.ATTRIBUTES,
    scheduler.CONTROLLER,  # a pod is placed before more are made
    replicaset.CONTROLLER,
    replicationcontroller.CONTROLLER,
    statefulset.CONTROLLER,
    daemonset.CONTROLLER,
    job.CONTROLLER,
    cronjob.CONTROLLER,
    ttlafterfinished.CONTROLLER,
    deployment.CONTROLLER,
    endpoints.CONTROLLER,
    endpointslice.CONTROLLER,
    endpointslicemirroring.CONTROLLER,
    loadbalancer.CONTROLLER,  # does nothing unless the cluster was given addresses
    resourcequota.CONTROLLER,
    disruption.CONTROLLER,
    horizontalpodautoscaler.CONTROLLER,
    clusterrole_aggregation.CONTROLLER,
    serviceaccount_tokens.CONTROLLER,
    servicecidr.CONTROLLER,
    certificates.APPROVER,
    certificates.CONTROLLER,
    certificates.CLEANER,
    validatingadmissionpolicystatus.CONTROLLER,
    tainteviction.CONTROLLER,
    podgc.CONTROLLER,
    eventexpiry.CONTROLLER,
    garbage.CONTROLLER,  # last: it only takes away
)

OF_THE_SERVER = (definitions.CONTROLLER, eventexpiry.CONTROLLER)
"""Controllers that are part of the API server: they run whatever others were chosen."""


REAL_NAMES = {
    "certificatesigningrequest-signing": "csrsigning",
    "endpointslice-mirroring": "endpointslicemirroring",
    "horizontal-pod-autoscaler": "horizontalpodautoscaler",
    "node-lifecycle": "nodelifecycle",
    "persistentvolume-protection": "pv-protection",
    "persistentvolumeclaim-protection": "pvc-protection",
    "pod-garbage-collector": "podgc",
    "root-ca-certificate-publisher": "root-ca",
    "ttl": "node-ttl",
}
"""What kube-controller-manager calls those that have another name here, without the `-controller` at the end."""
EVERY = ("all", "*")


def select(chosen: str | Iterable[str], more: Sequence[Controller] = ()) -> tuple[Controller, ...]:
    """Controllers out of this list and `more` (the nodes'), chosen as for kube-controller-manager, by its names too.

    "all", "none", or names, in a list or with commas; a name with a "-" before it is left out of those chosen, and of
    all if no other is named. ValueError names those that are known if one is not.
    """
    known = {row.name: row for row in (*more, *CONTROLLERS)}
    given = [name.strip() for name in chosen.split(",")] if isinstance(chosen, str) else list(chosen)
    if given == ["none"]:
        return ()
    named = {_known(name, known) for name in given if name not in EVERY and not name.startswith("-")}
    spared = {_known(name[1:], known) for name in given if name.startswith("-")}
    every = any(name in EVERY for name in given) or (spared and not named)
    return tuple(row for name, row in known.items() if name not in spared and (every or name in named))


def _known(name: str, known: Iterable[str]) -> str:
    """Our name of a controller."""
    if name in known:
        return name
    short = name.removesuffix("-controller")
    found = REAL_NAMES.get(short, short)
    if found not in known:
        raise ValueError(f"there is no controller {name!r}; known are {', '.join(sorted(known))}")
    return found
