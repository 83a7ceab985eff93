"""The life of a container, as rows: in which state a step applies, after how long, and the status that it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from fakekube.core.meta import Obj
from fakekube.nodes import acts, images, probes, statuses
from fakekube.nodes.acts import Told
from fakekube.nodes.containers import (
    BAD_CONFIG,
    BAD_IMAGE,
    BAD_START,
    CRASHED,
    CREATING,
    EDGE_SECONDS,
    KILLED,
    NEVER_PULLED,
    NOT_YET,
    PULL_FAILED,
    PULL_WAITS,
    Container,
    backoff,
)
from fakekube.nodes.memory import RUNNING


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a container's life: `applies` to it, `after` so many seconds in its state, brings this status.

    It is asked of containers in these `states` alone (None: in any). `tells` are the events (type, reason, message) of
    a container of which events are told.
    """

    name: str
    states: frozenset[str] | None
    applies: Callable[[Container], bool]
    after: Callable[[Container], float]
    brings: Callable[[Container], Obj]
    tells: Callable[[Container], tuple[Told, ...]] | None = None
    always: bool = False
    """It is told of every container: what is wrong is in the cluster."""


_RUNS, _CRASHED, _UNSTARTED = frozenset({RUNNING}), frozenset({CRASHED}), frozenset({BAD_START})
_FAILED, _WAITS = frozenset({PULL_FAILED}), frozenset({PULL_WAITS})
STEPS = (
    Step(
        "image has no name",
        CREATING,
        lambda c: bool(images.fault(acts.image_of(c))),
        acts.at_once,
        lambda c: c.status | {"state": statuses.waiting(BAD_IMAGE, images.fault(acts.image_of(c)))},
        lambda c: (("Warning", "InspectFailed", images.fault(acts.image_of(c))), acts.error_event(BAD_IMAGE)),
        always=True,
    ),
    Step(
        "image never comes",
        CREATING,
        lambda c: c.behaviour.start == "never",
        acts.at_once,
        acts.pull_waits,
    ),
    Step(
        "image is absent",
        CREATING,
        acts.is_absent,
        acts.start_after,
        lambda c: c.status | {"state": statuses.waiting(NEVER_PULLED, acts.never_pulled(c))},
        lambda c: (("Warning", NEVER_PULLED, acts.never_pulled(c)), acts.error_event(NEVER_PULLED)),
    ),
    Step(
        "pull fails",
        CREATING,
        lambda c: acts.cannot_pull(c) and not acts.is_absent(c),
        acts.start_after,
        acts.pull_failed,
        acts.tells_pull,
    ),
    Step(
        "pull waits",
        _FAILED,
        acts.always,
        acts.at_once,
        acts.pull_waits,
        lambda c: (("Normal", "BackOff", f'Back-off pulling image "{acts.image_of(c)}"'), acts.error_event(PULL_WAITS)),
    ),
    Step(
        "pull fails again",
        _WAITS,
        acts.cannot_pull,
        lambda c: float(backoff(c.pulls)),
        acts.pull_failed,
        acts.tells_pull,
    ),
    Step(  # what kept the image away is gone
        "pull succeeds",
        _WAITS,
        lambda c: not acts.cannot_pull(c) and c.behaviour.start != "never",
        acts.at_once,
        acts.started,
    ),
    Step(
        "environment cannot be made",
        NOT_YET,
        acts.lacks_config,
        acts.start_after,
        lambda c: c.status | {"state": statuses.waiting(BAD_CONFIG, c.fault)},
        lambda c: (acts.error_event(c.fault),),
        always=True,
    ),
    Step(
        "runtime cannot start it",
        NOT_YET,
        lambda c: bool(c.behaviour.start_error) and acts.may_start(c),
        acts.start_after,
        acts.cannot_start,
        acts.tells_start_error,
    ),
    Step("start", NOT_YET, acts.may_start, acts.start_after, acts.started),
    Step(
        "try the start again",
        _UNSTARTED,
        lambda c: not c.backoff,
        acts.at_once,
        acts.restarted,
        acts.tells_start_error,
    ),
    Step("back off from the start", _UNSTARTED, acts.always, acts.at_once, acts.crashed, acts.tells_back_off),
    Step(
        "end",
        _RUNS,
        lambda c: c.outcome is not None,
        lambda c: c.behaviour.exit_after or 0.0,
        acts.ends_now,
    ),
    Step(
        "be killed",
        _RUNS,
        lambda c: c.behaviour.unhealthy_after is not None,
        lambda c: c.behaviour.unhealthy_after or 0.0,
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "startup fails",
        _RUNS,
        lambda c: not c.status.get("started") and c.behaviour.started is False,
        lambda c: probes.until_startup_fails(c.spec),
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("startup", "the container has not started"),
    ),
    Step(
        "liveness fails",
        _RUNS,
        lambda c: c.behaviour.live is False,
        lambda c: probes.until_liveness_fails(c.spec),
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "be started",
        _RUNS,
        lambda c: not c.status.get("started") and c.behaviour.started is not False,
        lambda c: probes.until_started(c.spec),
        acts.has_started,
    ),
    Step(
        "become ready",
        _RUNS,
        lambda c: acts.may_be_ready(c) and c.behaviour.ready is not False,
        lambda c: probes.until_ready(c.spec, c.behaviour),
        lambda c: c.status | {"ready": True},
    ),
    Step(
        "become unready",
        _RUNS,
        lambda c: bool(c.status.get("ready")) and c.behaviour.ready is False,
        acts.at_once,
        lambda c: c.status | {"ready": False},
        lambda c: (("Warning", "Unhealthy", "Readiness probe failed: the container is not ready"),),
    ),
    Step("restart at once", None, lambda c: c.restartable and not c.backoff, acts.at_once, acts.restarted),
    Step(
        "back off",
        None,
        lambda c: c.restartable and c.backoff > 0,
        acts.at_once,
        lambda c: acts.waits_for_restart(c, c.status),
        acts.tells_back_off,
    ),
    Step(
        "restart",
        _CRASHED,
        lambda c: c.behaviour.restarts is not False,
        lambda c: float(c.backoff),
        acts.restarted,
        acts.tells_start_error,
    ),
)
"""Of those that apply, the one that is due first is taken; of several due at once the first."""


def next_step(container: Container) -> tuple[Step | None, float]:
    """The container's next step and the seconds until it is due (0: now); none if it stays as it is."""
    best: Step | None = None
    wait = 0.0
    for step in _steps_in(container.state):
        if step.applies(container):
            left = container.since + step.after(container) - container.now
            left = 0.0 if left <= EDGE_SECONDS else left
            if best is None or left < wait:
                best, wait = step, left
            if not left:
                break
    return best, wait


@lru_cache(maxsize=64)
def _steps_in(state: str) -> tuple[Step, ...]:
    """The rows for containers in this state; of what others write as one it may be anything."""
    return tuple(step for step in STEPS if step.states is None or state in step.states)
