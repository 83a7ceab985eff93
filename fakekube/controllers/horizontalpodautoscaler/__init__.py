"""HorizontalPodAutoscaler: keeps its target within bounds, and brings it to what its metrics ask for.

What is measured a test says by annotations (metrics); without them no load is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event

RESOURCE = "horizontalpodautoscalers.autoscaling"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the target within its bounds, or say why that cannot be judged; every fifteen seconds."""
    from fakekube.controllers.horizontalpodautoscaler.round import reconcile as decide

    return decide(key, world)


def _of_scaler(event: Event, world: World) -> Iterable[NamedKey]:
    """A scaler that is made or changed, or says other metrics; not when its status was written, which is done here."""
    from fakekube.controllers.horizontalpodautoscaler.metrics import used

    before, after = event.before, event.after
    if after is None:
        return ()
    if before is not None and before.view["spec"] == after.view["spec"] and not used(before.view, after.view):
        return ()
    return itself(event, world)


CONTROLLER = Controller(
    name="horizontalpodautoscaler",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_scaler),),
    user=service_account("horizontal-pod-autoscaler"),
    component="horizontal-pod-autoscaler",
)
