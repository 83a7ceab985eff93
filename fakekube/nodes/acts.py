"""What becomes of a container in a step of its life: the status that follows, and the events that are told."""

from __future__ import annotations

from collections.abc import Callable

from fakekube.core.meta import Obj, time_text
from fakekube.nodes import images, probes, statuses
from fakekube.nodes.behaviour import USUAL
from fakekube.nodes.containers import (
    BAD_CONFIG,
    BAD_START,
    CRASHED,
    CREATING,
    FIRST_BACKOFF_SECONDS,
    PULL_FAILED,
    PULL_WAITS,
    START_FAILED,
    Container,
    starts_again,
)
from fakekube.nodes.memory import TERMINATED

NEVER = "1970-01-01T00:00:00Z"
"""When what could not be started has begun."""
Told = tuple[str, str, str]


def at_once(container: Container) -> float:
    """No time passes before."""
    return 0.0


def always(container: Container) -> bool:
    """Whatever the container is like."""
    return True


def start_after(container: Container) -> float:
    """Seconds until it starts."""
    return (container.behaviour.start_after or 0.0) if container.state in CREATING else 0.0


def begun(container: Container, attempt: int = 0) -> Obj:
    """It runs since now; whether it is started and ready at once is up to its probes."""
    status, spec, behaviour = run(container, attempt), container.spec, container.behaviour
    if container.passes:
        return status | {"ready": False}
    if behaviour is USUAL and probes.PROBES.isdisjoint(spec):
        return status
    started = not probes.has_startup(spec, behaviour)
    ready = started and behaviour.ready is not False and not probes.until_ready(spec, behaviour)
    return status | {"started": started, "ready": ready}


def run(container: Container, attempt: int) -> Obj:
    """It runs since now."""
    return statuses.run(container.pod, container.spec, container.now, container.status, attempt)


def started(container: Container) -> Obj:
    """It begins, for the first time or after an end over which it could not be made anew."""
    if container.fault:
        return container.status | {"state": statuses.waiting(BAD_CONFIG, container.fault)}
    if TERMINATED not in (container.status.get("lastState") or ()):
        return begun(container)
    count = container.restarts + 1
    return begun(container, count) | {"restartCount": count}


def restarted(container: Container) -> Obj:
    """It begins anew after its end, if its environment can still be made."""
    ended = (container.status.get("state") or {}).get(TERMINATED)
    last = {TERMINATED: ended} if ended is not None else container.status.get("lastState") or {}
    if container.fault:
        return container.status | {"state": statuses.waiting(BAD_CONFIG, container.fault), "lastState": last}
    if container.behaviour.start_error:
        return cannot_start(container) | {"restartCount": container.restarts + 1}
    count = container.restarts + 1
    return begun(container, count) | {"lastState": last, "restartCount": count}


def lacks_config(container: Container) -> bool:
    """Whether its environment cannot be made, for a reason that its status does not tell yet."""
    if not container.fault:
        return False
    waits = container.status["state"].get("waiting") or {}
    return waits.get("reason") != BAD_CONFIG or waits.get("message") != container.fault


def may_start(container: Container) -> bool:
    """Whether nothing is in the way of its start."""
    if container.behaviour.start == "never":
        return False
    return not container.fault and not images.fault(image_of(container)) and not is_absent(container)


def is_absent(container: Container) -> bool:
    """Whether the image is not there, and not to be pulled."""
    return cannot_pull(container) and container.spec.get("imagePullPolicy") == "Never"


def never_pulled(container: Container) -> str:
    """What is said of an image that is absent."""
    return f'Container image "{image_of(container)}" is not present with pull policy of Never'


def cannot_start(container: Container) -> Obj:
    """The runtime could not start it: it waits, and its end is that of a run that never was."""
    end = {"exitCode": START_FAILED, "reason": "StartError", "message": container.behaviour.start_error or ""}
    times = {"startedAt": NEVER, "finishedAt": time_text(container.now)}
    ended = {TERMINATED: {**end, **times, "containerID": statuses.container_id(container.pod, container.spec)}}
    state = statuses.waiting(BAD_START, container.behaviour.start_error or "")
    if not starts_again(container.pod, container.spec, START_FAILED, init=container.init):
        return container.status | {"state": ended, "ready": False, "started": False}
    return container.status | {"state": state, "lastState": ended, "ready": False, "started": False}


def cannot_pull(container: Container) -> bool:
    """Whether its image cannot be pulled."""
    return bool(container.behaviour.image_pull_error)


def image_of(container: Container) -> str:
    """The image that its spec names."""
    return str(container.spec.get("image", ""))


def pull_fault(container: Container) -> str:
    """Why the image cannot be pulled."""
    image = image_of(container)
    return f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'


def pull_waits(container: Container) -> Obj:
    """It waits until the image is tried again."""
    message = f'Back-off pulling image "{image_of(container)}"'
    if container.behaviour.start != "never":
        message += f": {PULL_FAILED}: {pull_fault(container)}"
    return container.status | {"state": statuses.waiting(PULL_WAITS, message)}


def pull_failed(container: Container) -> Obj:
    """The image could not be pulled."""
    return container.status | {"state": statuses.waiting(PULL_FAILED, pull_fault(container))}


def ends_now(container: Container) -> Obj:
    """It ends by itself, as it behaves."""
    code, reason = container.outcome or (0, "Completed")
    ended = ended_as(container, code, reason)
    if container.behaviour.restarts is False and starts_again(container.pod, container.spec, code, init=container.init):
        return waits_for_restart(container, ended) | {"restartCount": container.restarts + 1}
    return ended


def ended_as(container: Container, code: int, reason: str) -> Obj:
    """It has ended with this code."""
    ended = statuses.end(container.pod, container.spec, container.status, code, container.now, reason)
    if container.passes and code == 0:
        ended["ready"] = True
    if container.behaviour.message:
        ended["state"][TERMINATED]["message"] = container.behaviour.message
    return ended


def waits_for_restart(container: Container, ended: Obj) -> Obj:
    """It waits for its next start, after this end."""
    seconds = container.backoff or FIRST_BACKOFF_SECONDS
    text = f"back-off {go_seconds(seconds)} restarting failed container={container.name} pod={told_place(container)}"
    return ended | {"state": statuses.waiting(CRASHED, text), "lastState": ended["state"]}


def crashed(container: Container) -> Obj:
    """What could not be started waits as what has crashed does."""
    ended = container.status | {"state": container.status["lastState"]}
    return waits_for_restart(container, ended)


def has_started(container: Container) -> Obj:
    """Its startup probe has succeeded."""
    spec, behaviour = container.spec, container.behaviour
    ready = behaviour.ready is not False and probes.until_ready(spec, behaviour) <= probes.until_started(spec)
    return container.status | {"started": True, "ready": ready}


def may_be_ready(container: Container) -> bool:
    """Whether only its readiness is missing."""
    if container.passes:
        return False
    return not container.status.get("ready") and bool(container.status.get("started"))


def go_seconds(seconds: int) -> str:
    """A duration as Go prints it: 40s, 2m40s, 5m0s."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def told_place(container: Container) -> str:
    """The pod, as events and messages name it."""
    meta = container.pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def error_event(what: str) -> Told:
    """The event about what went wrong."""
    return "Warning", "Failed", f"Error: {what}"


def tells_start_error(container: Container) -> tuple[Told, ...]:
    """The event of a container that the runtime cannot start."""
    fault = "" if container.fault else container.behaviour.start_error or ""
    return (error_event(fault),) if fault else ()


def tells_pull(container: Container) -> tuple[Told, ...]:
    """The events of an image that cannot be pulled."""
    image = image_of(container)
    failed = ("Warning", "Failed", f'Failed to pull image "{image}": {pull_fault(container)}')
    return ("Normal", "Pulling", f'Pulling image "{image}"'), failed, error_event(PULL_FAILED)


def tells_back_off(container: Container) -> tuple[Told, ...]:
    """The event of a container that waits for its restart."""
    message = f"Back-off restarting failed container {container.name} in pod {told_place(container)}"
    return (("Warning", "BackOff", message),)


def tells_kill(probe: str, fault: str) -> Callable[[Container], tuple[Told, ...]]:
    """The events of a container that is killed for its probe."""

    def tells(container: Container) -> tuple[Told, ...]:
        unhealthy = ("Warning", "Unhealthy", f"{probe.capitalize()} probe failed: {fault}")
        what = "Init container" if container.init else "Container"
        again = "" if container.init else ", will be restarted"
        return unhealthy, ("Normal", "Killing", f"{what} {container.name} failed {probe} probe{again}")

    return tells
