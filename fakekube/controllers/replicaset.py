"""ReplicaSet: as many pods as it asks for, with its labels; and its status."""

from __future__ import annotations

from fakekube.machinery.controller import Controller, Watch, itself, service_account
from fakekube.machinery.replication import Replication

ROW = Replication("replicasets.apps", "apps", "ReplicaSet")

CONTROLLER = Controller(
    name="replicaset",
    reconcile=ROW.reconcile,
    watches=(Watch(ROW.resource, itself), Watch("pods", ROW.of_pod)),
    user=service_account("replicaset-controller"),
    component="replicaset-controller",
)
