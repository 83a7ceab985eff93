"""The life of a pod on one of the cluster's own nodes, as rows: when a stage applies, and the status it brings.

Nothing runs: containers are said to run, to end and to be stopped. Annotations on the pod say more (see `ANNOTATIONS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fakekube.core.meta import Obj, annotations_of
from fakekube.machinery.controller import Controller, NamedKey, Watch
from fakekube.machinery.plan import NOTHING, Delete, Plan, UpdateStatus
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.nodes import statuses
from fakekube.nodes.memory import Addresses, Moments, Starting
from fakekube.storage.values import Event, Key

EXIT_CODE = "fakekube/exit-code"
EXIT_AFTER = "fakekube/exit-after"
STOP_AFTER = "fakekube/stop-after"
START = "fakekube/start"
ANNOTATIONS = {
    EXIT_CODE: "all containers end with this code after they ran",
    EXIT_AFTER: "seconds they run before that; 0 when absent",
    STOP_AFTER: "seconds they take to stop when the pod is deleted, at most its grace period",
    START: "never: the containers never start",
}
NO_ADDRESS_SECONDS = 1.0
"""How long a pod waits for an address when its node has none left."""
CROWD = 100
"""When more pods than this wait to be taken on, they go to Running without the state in between."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pod's life: `applies` to the pod, `due` at a moment (None: at once), with this `plan`."""

    name: str
    applies: Callable[[Obj], bool]
    plan: Callable[[Obj, World], Plan]
    due: Callable[[Obj, World], float] | None = None


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the pod a step on, or wait until it is time to."""
    pod = world.get("pods", *key)
    if pod is None or pod["spec"].get("nodeName") not in world.settings.nodes:
        return NOTHING
    for stage in STAGES:
        if stage.applies(pod):
            wait = 0.0 if stage.due is None else stage.due(pod, world) - world.now()
            if wait > 0:
                return _meanwhile(pod, world, wait)
            plan = stage.plan(pod, world)
            return Plan(plan.changes, plan.after, f"system:node:{pod['spec']['nodeName']}")
    return NOTHING


def _meanwhile(pod: Obj, world: World, wait: float) -> Plan:
    """What is done while a stage is waited for: readiness goes on following its gates."""
    plan = _follow_gates(pod, world) if _gates_moved(pod) else NOTHING
    return Plan(plan.changes, wait, f"system:node:{pod['spec']['nodeName']}")


def _phase(pod: Obj) -> str:
    return (pod.get("status") or {}).get("phase") or "Pending"


def _number(pod: Obj, annotation: str) -> float | None:
    text = annotations_of(pod).get(annotation)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return 0.0


def _key(pod: Obj) -> Key:
    return Key("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _write(pod: Obj, status: Obj) -> Plan:
    return Plan([UpdateStatus("pods", status_update(pod, status))])


def _is_deleting(pod: Obj) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _is_gone(pod: Obj) -> bool:
    """Ended, and deleted as far as a kubelet can: what is left waits for finalizers."""
    return _is_deleting(pod) and _phase(pod) in TERMINAL and pod["metadata"].get("deletionGracePeriodSeconds") == 0


def _stop_due(pod: Obj, world: World) -> float:
    asked = world.follower(Moments).deleting.get(_key(pod), 0.0)
    if _phase(pod) in TERMINAL:
        return asked
    grace = pod["metadata"].get("deletionGracePeriodSeconds") or 0
    return asked + min(_number(pod, STOP_AFTER) or 0.0, grace)


def _stop(pod: Obj, world: World) -> Plan:
    plan = NOTHING if _phase(pod) in TERMINAL else _write(pod, statuses.stopped(pod, world.now()))
    return Plan([*plan.changes, Delete(_key(pod), pod["metadata"]["uid"], grace=0)])


def _addresses(pod: Obj, world: World) -> tuple[str, str | None]:
    """The node's address and the pod's; None if the node has none left for it."""
    node = world.get("nodes", "", pod["spec"]["nodeName"]) or {}
    listed = (node.get("status") or {}).get("addresses") or ()
    host = next((each["address"] for each in listed if each["type"] == "InternalIP"), "")
    present = (pod.get("status") or {}).get("podIP")
    if pod["spec"].get("hostNetwork"):
        return host, host
    cidr = (node.get("spec") or {}).get("podCIDR")
    if present or not cidr:
        return host, present or ""
    return host, world.follower(Addresses).free(cidr) or None


def _take_on(pod: Obj, world: World) -> Plan:
    """Show the containers being made; in a crowd they are started at once, by one write instead of two."""
    if len(world.follower(Starting).keys) > CROWD:
        return _start(pod, world)
    return _write(pod, statuses.creating(pod, world.now(), _addresses(pod, world)[0]))


def _never_start(pod: Obj, world: World) -> Plan:
    return _write(pod, statuses.never_started(pod, world.now(), _addresses(pod, world)[0]))


def _start(pod: Obj, world: World) -> Plan:
    host, ip = _addresses(pod, world)
    if ip is None:
        return Plan(after=NO_ADDRESS_SECONDS)
    return _write(pod, statuses.started(pod, world.now(), host, ip))


def _never_starts(pod: Obj) -> bool:
    return annotations_of(pod).get(START) == "never"


def _waits_for_image(pod: Obj) -> bool:
    listed = (pod.get("status") or {}).get("containerStatuses") or ()
    return any((each["state"].get("waiting") or {}).get("reason") == "ImagePullBackOff" for each in listed)


def _is_new(pod: Obj) -> bool:
    return _phase(pod) == "Pending" and not (pod.get("status") or {}).get("containerStatuses")


def _ends(pod: Obj) -> bool:
    """Whether the containers are to end by themselves and have not yet."""
    if _phase(pod) != "Running" or EXIT_CODE not in annotations_of(pod):
        return False
    return any("running" in each["state"] for each in (pod.get("status") or {}).get("containerStatuses") or ())


def _end_due(pod: Obj, world: World) -> float:
    return world.follower(Moments).running.get(_key(pod), 0.0) + (_number(pod, EXIT_AFTER) or 0.0)


def _end(pod: Obj, world: World) -> Plan:
    code, policy = int(_number(pod, EXIT_CODE) or 0), pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" or (policy == "OnFailure" and code == 0):
        return _write(pod, statuses.ended(pod, code, world.now()))
    return _write(pod, statuses.crashing(pod, code, world.now()))


def _gates_moved(pod: Obj) -> bool:
    """Whether the pod's containers run and Ready does not say what its gates do."""
    listed = (pod.get("status") or {}).get("containerStatuses") or ()
    if _phase(pod) != "Running" or not pod["spec"].get("readinessGates"):
        return False
    if not all("running" in each["state"] for each in listed):
        return False
    wanted = "False" if statuses.gates(pod) else "True"
    present = [each for each in (pod.get("status") or {}).get("conditions") or () if each["type"] == "Ready"]
    return not present or present[0]["status"] != wanted or present[0].get("message", "") != statuses.gates(pod)


def _follow_gates(pod: Obj, world: World) -> Plan:
    return _write(pod, statuses.with_conditions(pod, pod["status"], world.now(), statuses.ready_entries(pod)))


def _stay(pod: Obj, world: World) -> Plan:
    return NOTHING


STAGES = (
    Stage("gone", _is_gone, _stay),
    Stage("stop", _is_deleting, _stop, _stop_due),  # before all others: a pod that goes is taken nowhere else
    Stage("ended", lambda pod: _phase(pod) in TERMINAL, _stay),
    Stage("no image", lambda pod: _never_starts(pod) and _waits_for_image(pod), _stay),
    Stage("never start", _never_starts, _never_start),
    Stage("take on", _is_new, _take_on),
    Stage("start", lambda pod: _phase(pod) == "Pending", _start),
    Stage("end", _ends, _end, _end_due),
    Stage("follow gates", _gates_moved, _follow_gates),
)
"""The first that applies is taken."""


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod that is bound to one of the cluster's own nodes."""
    after = event.after
    if after is not None and after.view["spec"].get("nodeName") in world.settings.nodes:
        return (NamedKey(event.key.namespace, event.key.name),)
    return ()


def _begin(world: World) -> Iterable[NamedKey]:
    """Nothing to begin with; but what a kubelet remembers is followed from the start."""
    world.follower(Addresses)
    world.follower(Moments)
    world.follower(Starting)
    return ()


CONTROLLER = Controller(
    name="kubelet",
    reconcile=reconcile,
    watches=(Watch("pods", _of_pod),),
    user="system:nodes",
    component="kubelet",
    field_manager="kubelet",
    begin=_begin,
)
