"""The life of a container, as rows: in which state a step applies, after how long, and the status that it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakekube.core.meta import Obj
from fakekube.nodes import acts, images, probes, statuses
from fakekube.nodes.acts import Told
from fakekube.nodes.containers import (
    BAD_CONFIG,
    BAD_IMAGE,
    BAD_START,
    CRASHED,
    EDGE_SECONDS,
    KILLED,
    NEVER_PULLED,
    PULL_FAILED,
    PULL_WAITS,
    Container,
    backoff,
)
from fakekube.nodes.memory import RUNNING


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a container's life: `applies` to it, `after` so many seconds in its state, brings this status.

    `tells` are the events (type, reason, message) of a container of which events are told.
    """

    name: str
    applies: Callable[[Container], bool]
    after: Callable[[Container], float]
    brings: Callable[[Container], Obj]
    tells: Callable[[Container], tuple[Told, ...]] | None = None
    always: bool = False
    """It is told of every container: what is wrong is in the cluster."""


STEPS = (
    Step(
        "image has no name",
        lambda c: acts.is_creating(c) and bool(images.fault(acts.image_of(c))),
        acts.at_once,
        lambda c: c.status | {"state": statuses.waiting(BAD_IMAGE, images.fault(acts.image_of(c)))},
        lambda c: (("Warning", "InspectFailed", images.fault(acts.image_of(c))), acts.error_event(BAD_IMAGE)),
        always=True,
    ),
    Step(
        "image never comes",
        lambda c: acts.is_creating(c) and c.behaviour.start == "never",
        acts.at_once,
        acts.pull_waits,
    ),
    Step(
        "image is absent",
        lambda c: acts.is_creating(c) and acts.is_absent(c),
        acts.start_after,
        lambda c: c.status | {"state": statuses.waiting(NEVER_PULLED, acts.never_pulled(c))},
        lambda c: (("Warning", NEVER_PULLED, acts.never_pulled(c)), acts.error_event(NEVER_PULLED)),
    ),
    Step(
        "pull fails",
        lambda c: acts.is_creating(c) and acts.cannot_pull(c) and not acts.is_absent(c),
        acts.start_after,
        acts.pull_failed,
        acts.tells_pull,
    ),
    Step(
        "pull waits",
        lambda c: c.state == PULL_FAILED,
        acts.at_once,
        acts.pull_waits,
        lambda c: (("Normal", "BackOff", f'Back-off pulling image "{acts.image_of(c)}"'), acts.error_event(PULL_WAITS)),
    ),
    Step(
        "pull fails again",
        lambda c: c.state == PULL_WAITS and acts.cannot_pull(c),
        lambda c: float(backoff(c.pulls)),
        acts.pull_failed,
        acts.tells_pull,
    ),
    Step(  # what kept the image away is gone
        "pull succeeds",
        lambda c: c.state == PULL_WAITS and not acts.cannot_pull(c) and c.behaviour.start != "never",
        acts.at_once,
        acts.started,
    ),
    Step(
        "environment cannot be made",
        acts.lacks_config,
        acts.start_after,
        lambda c: c.status | {"state": statuses.waiting(BAD_CONFIG, c.fault)},
        lambda c: (acts.error_event(c.fault),),
        always=True,
    ),
    Step(
        "runtime cannot start it",
        lambda c: acts.may_start(c) and bool(c.behaviour.start_error),
        acts.start_after,
        acts.cannot_start,
        acts.tells_start_error,
    ),
    Step("start", acts.may_start, acts.start_after, acts.started),
    Step(
        "try the start again",
        lambda c: c.state == BAD_START and not c.backoff,
        acts.at_once,
        acts.restarted,
        acts.tells_start_error,
    ),
    Step("back off from the start", lambda c: c.state == BAD_START, acts.at_once, acts.crashed, acts.tells_back_off),
    Step(
        "end",
        lambda c: c.state == RUNNING and c.outcome is not None,
        lambda c: c.behaviour.exit_after or 0.0,
        acts.ends_now,
    ),
    Step(
        "be killed",
        lambda c: c.state == RUNNING and c.behaviour.unhealthy_after is not None,
        lambda c: c.behaviour.unhealthy_after or 0.0,
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "startup fails",
        lambda c: c.state == RUNNING and not c.status.get("started") and c.behaviour.started is False,
        lambda c: probes.until_startup_fails(c.spec),
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("startup", "the container has not started"),
    ),
    Step(
        "liveness fails",
        lambda c: c.state == RUNNING and c.behaviour.live is False,
        lambda c: probes.until_liveness_fails(c.spec),
        lambda c: acts.ended_as(c, KILLED, "Error"),
        acts.tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "be started",
        lambda c: c.state == RUNNING and not c.status.get("started") and c.behaviour.started is not False,
        lambda c: probes.until_started(c.spec),
        acts.has_started,
    ),
    Step(
        "become ready",
        lambda c: acts.may_be_ready(c) and c.behaviour.ready is not False,
        lambda c: probes.until_ready(c.spec, c.behaviour),
        lambda c: c.status | {"ready": True},
    ),
    Step(
        "become unready",
        lambda c: c.state == RUNNING and bool(c.status.get("ready")) and c.behaviour.ready is False,
        acts.at_once,
        lambda c: c.status | {"ready": False},
        lambda c: (("Warning", "Unhealthy", "Readiness probe failed: the container is not ready"),),
    ),
    Step("restart at once", lambda c: c.restartable and not c.backoff, acts.at_once, acts.restarted),
    Step(
        "back off",
        lambda c: c.restartable and c.backoff > 0,
        acts.at_once,
        lambda c: acts.waits_for_restart(c, c.status),
        acts.tells_back_off,
    ),
    Step(
        "restart",
        lambda c: c.state == CRASHED and c.behaviour.restarts is not False,
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
    for step in STEPS:
        if step.applies(container):
            left = container.since + step.after(container) - container.now
            left = 0.0 if left <= EDGE_SECONDS else left
            if best is None or left < wait:
                best, wait = step, left
            if not left:
                break
    return best, wait
