"""TTL after finished: a Job that has ended is deleted, with its pods, when its time has passed."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, is_deleting, parse_time
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Delete, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event

RESOURCE = "jobs.batch"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Delete the Job if it ended long enough ago."""
    job = world.get(RESOURCE, *key)
    if job is None or is_deleting(job):
        return NOTHING
    ttl, ended = job["spec"].get("ttlSecondsAfterFinished"), _ended(job)
    if ttl is None or ended is None:
        return NOTHING
    left = ended + ttl - world.now()
    return Plan(after=left) if left > 0 else Plan([Delete.of(RESOURCE, job, propagation="Foreground")])


def _ended(job: Obj) -> float | None:
    for each in (job.get("status") or {}).get("conditions") or ():
        if each["type"] in ("Complete", "Failed") and each["status"] == "True":
            return parse_time(each["lastTransitionTime"])
    return None


def _of_job(event: Event, world: World) -> Iterable[NamedKey]:
    """A Job that has such a time, or had one that may be waited for."""
    for stored in (event.before, event.after):
        if stored is not None and stored.view["spec"].get("ttlSecondsAfterFinished") is not None:
            return itself(event, world)
    return ()


CONTROLLER = Controller(
    name="ttl-after-finished",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_job),),
    user=service_account("ttl-after-finished-controller"),
    component="ttl-after-finished-controller",
)
