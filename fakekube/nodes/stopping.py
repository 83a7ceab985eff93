"""How the containers of a pod that is deleted come to their end: hooks first, then a signal, then the kill.

The order is the kubelet's: the main containers side by side, then the sidecars one after the other, the last one first;
all of it within the grace period.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.core.meta import Obj
from fakekube.nodes import statuses
from fakekube.nodes.behaviour import Asked, Behaviour

KILLED = 137
"""The exit code of what does not heed the signal and is killed."""
SHORTEST_SECONDS = 2.0
"""What is left for the signal when a hook has used the grace period up."""


@dataclass(slots=True)
class Stop:
    """How long a pod takes to stop; and by container, where it is not the usual: after how long, and the exit code."""

    seconds: float = 0.0
    ends: dict[str, tuple[float, int]] = field(default_factory=dict)


AT_ONCE = Stop()
"""Nothing is told: all heed the signal at once."""


def of(pod: Obj, asked: Asked, grace: float) -> Stop:
    """How the pod stops with so many seconds of grace."""
    spec = pod["spec"]
    mains, inits = spec["containers"], spec.get("initContainers") or ()
    if asked.usual and not any("lifecycle" in each for each in (*mains, *inits)):
        return AT_ONCE
    stop = Stop()
    for main in mains:
        _add(stop, main, asked.of(main), 0.0, grace)
    begin = stop.seconds
    for sidecar in reversed([each for each in inits if statuses.is_sidecar(each)]):
        behaviour = asked.containers.get(sidecar["name"])
        begin = _add(stop, sidecar, behaviour or Behaviour(), begin, grace)
    return stop


def _add(stop: Stop, container: Obj, behaviour: Behaviour, begin: float, grace: float) -> float:
    """Note a container's end, and when that is."""
    left = max(0.0, grace - begin)
    hook = min(_hook_seconds(container), left)
    allowed = max(left - hook, SHORTEST_SECONDS if hook and left else 0.0)
    wanted = behaviour.stop_after or 0.0
    code = statuses.TERMINATED if behaviour.stop_code is None else behaviour.stop_code
    killed = wanted > 0 and wanted >= allowed
    end = begin + hook + min(wanted, allowed)
    stop.ends[container["name"]] = (end, KILLED if killed else code)
    stop.seconds = max(stop.seconds, end)
    return end


def _hook_seconds(container: Obj) -> float:
    """How long the preStop hook takes; of hooks only a sleep is known to take any time."""
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    return float((hook.get("sleep") or {}).get("seconds") or 0)
