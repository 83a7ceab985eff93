"""ReplicationController: the older form of ReplicaSet."""

from __future__ import annotations

from fakekube.machinery.controller import Controller, Watch, itself, service_account
from fakekube.machinery.replication import Replication

ROW = Replication("replicationcontrollers", "", "ReplicationController", plain=True, counts_stopping=False)

CONTROLLER = Controller(
    name="replicationcontroller",
    reconcile=ROW.reconcile,
    watches=(Watch(ROW.resource, itself), Watch("pods", ROW.of_pod)),
    user=service_account("replication-controller"),
    component="replication-controller",
)
