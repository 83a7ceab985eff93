"""CronJob: a Job at each of its times, named after the minute; old Jobs are cleared away."""

from __future__ import annotations

from fakekube.machinery.controller import Controller, NamedKey, Watch, its_controller, itself, service_account
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World

RESOURCE, JOBS = "cronjobs.batch", "jobs.batch"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Keep account of the Jobs, clear old ones away, and make the next if its time has come."""
    from fakekube.controllers.cronjob.round import reconcile as decide

    return decide(key, world)


CONTROLLER = Controller(
    name="cronjob",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself), Watch(JOBS, its_controller("CronJob", "batch"))),
    user=service_account("cronjob-controller"),
    component="cronjob-controller",
)
