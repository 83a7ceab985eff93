"""The built-in plugins, one file each."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.admission.chain import Plugin
from fakekube.admission.plugins.claim_resize import PersistentVolumeClaimResize
from fakekube.admission.plugins.default_classes import DefaultIngressClass, DefaultStorageClass
from fakekube.admission.plugins.default_tolerations import DefaultTolerationSeconds
from fakekube.admission.plugins.limit_ranger import LimitRanger
from fakekube.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from fakekube.admission.plugins.node_taint import TaintNodesByCondition
from fakekube.admission.plugins.pod_resize import PodResize
from fakekube.admission.plugins.pod_topology_labels import PodTopologyLabels
from fakekube.admission.plugins.priority import Priority
from fakekube.admission.plugins.resource_quota import ResourceQuota
from fakekube.admission.plugins.runtime_class import RuntimeClass
from fakekube.admission.plugins.service_account import ServiceAccount
from fakekube.admission.plugins.storage_protection import StorageObjectInUseProtection


def built_in(dynamic: Sequence[Plugin] = ()) -> tuple[Plugin, ...]:
    """The plugins in the real server's order; `dynamic` are the webhooks and policies."""
    return (
        NamespaceLifecycle(),  # first: nothing may enter a namespace that is going away
        LimitRanger(),  # before all that looks at what a pod asks for
        ServiceAccount(),
        TaintNodesByCondition(),
        Priority(),
        DefaultTolerationSeconds(),  # before RuntimeClass, whose tolerations come after these
        DefaultStorageClass(),
        StorageObjectInUseProtection(),
        PersistentVolumeClaimResize(),
        RuntimeClass(),
        DefaultIngressClass(),
        PodTopologyLabels(),
        PodResize(),
        *dynamic,  # they see what the others made of the object; only the quota comes after them
        ResourceQuota(),
    )
