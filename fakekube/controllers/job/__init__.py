"""Job: pods that run to an end, so many times and so many at a time."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.controllers.job.backoff import FINALIZER, Failures
from fakekube.controllers.job.conditions import finished
from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    itself,
    selecting,
    service_account,
)
from fakekube.machinery.plan import NOTHING, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE = "jobs.batch"


def reconcile(key: NamedKey | Key, world: World) -> Plan:
    """Take a Job a step on, or let go of a pod whose Job is gone."""
    from fakekube.controllers.job.round import orphaned, reconcile_job

    if isinstance(key, Key):
        return orphaned(key, world)
    job = world.get(RESOURCE, *key)
    return NOTHING if job is None else reconcile_job(job, world)


_CONTROLLER = its_controller("Job", "batch")


def _of_pod(event: Event, world: World) -> Iterable[NamedKey | Key]:
    """The pod's Job; a tracked pod without one; Jobs that might adopt a pod that nobody has."""
    after = event.after
    if after is None:
        return _CONTROLLER(event, world)
    above = after.controller
    if above is None:
        let_go = event.before is not None and event.before.controller is not None
        found: list[NamedKey | Key] = [*_CONTROLLER(event, world)] if let_go else []
        found += selecting(RESOURCE, event, world)
        return [*found, event.key] if _is_tracked(event) else found
    if above["kind"] != "Job":
        return ()
    job = world.store.get(Key(RESOURCE, event.key.namespace, above["name"]))
    gone = job is None or job.view["metadata"]["uid"] != above["uid"] or finished(job.view) is not None
    return (event.key,) if gone and _is_tracked(event) else _CONTROLLER(event, world)


def _is_tracked(event: Event) -> bool:
    return event.after is not None and FINALIZER in (event.after.view["metadata"].get("finalizers") or ())


def _of_job(event: Event, world: World) -> Iterable[NamedKey | Key]:
    """The Job; when it has ended or is gone, its pods that are tracked still."""
    if event.after is not None and finished(event.after.view) is None:
        return itself(event, world)
    stored = event.after or event.before
    assert stored is not None, "what goes was there"
    pods = world.pods.by_owner.get(stored.view["metadata"]["uid"], {})
    tracked = [key for key, pod in pods.items() if FINALIZER in pod.finalizers]
    return [*tracked, *(itself(event, world) if event.after is not None else ())]


def _begin(world: World) -> Iterable[Key]:
    """What is remembered of failures is followed from the start."""
    world.follower(Failures)
    return ()


CONTROLLER = Controller(
    name="job",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_job), Watch("pods", _of_pod)),
    user=service_account("job-controller"),
    component="job-controller",
    begin=_begin,
)
