"""The steps of a container's life and the phase that follows, on plain data."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.meta import Obj
from fakekube.nodes import statuses
from fakekube.nodes.acts import go_seconds
from fakekube.nodes.behaviour import USUAL, Behaviour
from fakekube.nodes.containers import Container, backoff, starts_again
from fakekube.nodes.life import phase_of
from fakekube.nodes.steps import next_step

NOW = 1_767_225_600.0
SPEC = {"name": "c", "image": "app:1"}


def pod(policy: str = "Always", **spec: Any) -> Obj:
    meta = {"name": "p", "namespace": "default", "uid": "u", "generation": 1}
    return {"metadata": meta, "spec": {"restartPolicy": policy, "containers": [SPEC], **spec}}


def ended(code: int = 1) -> Obj:
    return {"terminated": {"exitCode": code, "finishedAt": "2026-01-01T00:00:00Z"}}


CREATING, RUNNING = statuses.waiting("ContainerCreating"), statuses.running(NOW)
CRASHED = statuses.waiting("CrashLoopBackOff")


def step(
    state: Obj, behaviour: Behaviour, age: float = 0.0, *, policy: str = "Always", **more: Any
) -> tuple[str, float]:
    """The name of the next step and the seconds until then."""
    status = statuses.container_status(SPEC, state, **more)
    found, wait = next_step(Container(pod(policy), SPEC, status, behaviour, NOW, NOW - age))
    return ("" if found is None else found.name), wait


@pytest.mark.parametrize(
    ("state", "behaviour", "age", "name", "wait"),
    [
        (CREATING, USUAL, 0, "start", 0),
        (CREATING, Behaviour(start_after=5), 2, "start", 3),
        (CREATING, Behaviour(start="never"), 0, "image never comes", 0),
        (CREATING, Behaviour(image_pull_error=True), 0, "pull fails", 0),
        (RUNNING, USUAL, 0, "", 0),
        (RUNNING, Behaviour(exit_code=0, exit_after=9), 4, "end", 5),
        (RUNNING, Behaviour(oom=True), 0, "end", 0),
        (RUNNING, Behaviour(fail_first=1), 0, "end", 0),
        (RUNNING, Behaviour(ready=False), 0, "become unready", 0),
        (ended(), USUAL, 0, "restart at once", 0),
        (CRASHED, USUAL, 4, "restart", 0),
        (CRASHED, Behaviour(restarts=False), 900, "", 0),
        (statuses.waiting("SomebodyElsesWord"), Behaviour(exit_code=1), 900, "", 0),
    ],
)
def test_the_next_step(state: Obj, behaviour: Behaviour, age: float, name: str, wait: float) -> None:
    assert step(state, behaviour, age) == (name, wait)


def test_of_two_steps_the_earlier_is_next() -> None:
    both = Behaviour(ready_after=3, exit_code=1, exit_after=8)
    assert step(RUNNING, both, ready=False) == ("become ready", 3)
    assert step(RUNNING, both, 4, ready=True) == ("end", 4)


def test_restarts_back_off() -> None:
    assert [backoff(count) for count in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    assert step(ended(), USUAL, restartCount=2)[0] == "back off"
    assert step(CRASHED, USUAL, 15, restartCount=2) == ("restart", 5)
    assert [go_seconds(seconds) for seconds in (10, 80, 300)] == ["10s", "1m20s", "5m0s"]


@pytest.mark.parametrize(
    ("policy", "container", "code", "init", "again"),
    [
        ("Always", {}, 0, False, True),
        ("Always", {}, 0, True, False),
        ("Always", {}, 1, True, True),
        ("OnFailure", {}, 0, False, False),
        ("OnFailure", {}, 1, False, True),
        ("Never", {}, 1, False, False),
        ("Never", {"restartPolicy": "Always"}, 0, True, True),
        (
            "Never",
            {"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]},
            42,
            False,
            True,
        ),
    ],
)
def test_what_is_started_again(policy: str, container: Obj, code: int, init: bool, again: bool) -> None:
    assert starts_again(pod(policy), container, code, init=init) is again


@pytest.mark.parametrize(
    ("policy", "states", "phase"),
    [
        ("Always", [CREATING, RUNNING], "Pending"),
        ("Always", [RUNNING, ended()], "Running"),
        ("Always", [ended(0), ended(0)], "Running"),
        ("OnFailure", [ended(0), ended(1)], "Running"),
        ("Never", [ended(0), ended(0)], "Succeeded"),
        ("Never", [ended(0), ended(1)], "Failed"),
        ("Never", [ended(0), RUNNING], "Running"),
    ],
)
def test_phases(policy: str, states: list[Obj], phase: str) -> None:
    names = [f"c{number}" for number in range(len(states))]
    listed = [{"name": name, "state": state, "lastState": {}} for name, state in zip(names, states, strict=True)]
    made = pod(policy, containers=[{"name": name} for name in names])
    assert phase_of(made, {"containerStatuses": listed}) == phase
