"""CronJob: a Job at each of its times, named after the minute; old Jobs are cleared away."""

from __future__ import annotations

from fakekube.controllers.cronjob.round import JOBS, RESOURCE, reconcile
from fakekube.machinery.controller import Controller, Watch, its_controller, itself, service_account

CONTROLLER = Controller(
    name="cronjob",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself), Watch(JOBS, its_controller("CronJob", "batch"))),
    user=service_account("cronjob-controller"),
    component="cronjob-controller",
)
