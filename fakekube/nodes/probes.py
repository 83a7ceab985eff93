"""When probes have spoken: the times that follow from the probes of a container's spec, if they succeed or fail.

The figures are the kubelet's: nothing is probed before the initial delay, the first probe then comes at once and the
others each period, and only so many equal outcomes in a row count. Until the startup probe has succeeded the others are
silent.
"""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.nodes.behaviour import Behaviour

PROBES = frozenset({"startupProbe", "readinessProbe"})
"""The probes that containers wait for."""
PERIOD_SECONDS, FAILURES = 10, 3
"""What a probe says that leaves it to the defaults."""


def has_startup(spec: Obj, behaviour: Behaviour) -> bool:
    """Whether something is probed until the container counts as started."""
    return "startupProbe" in spec or behaviour.started is False


def until_started(spec: Obj) -> float:
    """Seconds from the start until the startup probe has succeeded."""
    return _delay(spec.get("startupProbe"))


def until_ready(spec: Obj, behaviour: Behaviour) -> float:
    """Seconds from the start until the container is ready, if its probes succeed and nothing else is told."""
    started = until_started(spec) if "startupProbe" in spec else 0.0
    if behaviour.ready_after is not None:
        return max(started, behaviour.ready_after)
    probe = spec.get("readinessProbe")
    if probe is None:
        return started
    more = (probe.get("successThreshold") or 1) - 1
    return max(started, _delay(probe)) + more * _period(probe)


def until_startup_fails(spec: Obj) -> float:
    """Seconds from the start until the container is killed, for its startup probe never succeeds."""
    return _until_failure(spec.get("startupProbe"))


def until_liveness_fails(spec: Obj) -> float:
    """Seconds from the start until the container is killed, for its liveness probe fails from the beginning."""
    started = until_started(spec) if "startupProbe" in spec else 0.0
    return max(started, _until_failure(spec.get("livenessProbe")))


def _until_failure(probe: Obj | None) -> float:
    more = ((probe or {}).get("failureThreshold") or FAILURES) - 1
    return _delay(probe) + more * _period(probe)


def _delay(probe: Obj | None) -> float:
    return float((probe or {}).get("initialDelaySeconds") or 0)


def _period(probe: Obj | None) -> float:
    return float((probe or {}).get("periodSeconds") or PERIOD_SECONDS)
