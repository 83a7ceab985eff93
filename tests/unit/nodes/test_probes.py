"""When probes have spoken."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.nodes import probes
from fakekube.nodes.behaviour import USUAL, Behaviour

STARTUP = {"startupProbe": {"initialDelaySeconds": 4, "periodSeconds": 5, "failureThreshold": 6}}


def readiness(**probe: Any) -> dict[str, Any]:
    return {"readinessProbe": {"periodSeconds": 10, "successThreshold": 1, **probe}}


@pytest.mark.parametrize(
    ("spec", "behaviour", "seconds"),
    [
        ({}, USUAL, 0),
        (readiness(), USUAL, 0),
        (readiness(initialDelaySeconds=5), USUAL, 5),
        (readiness(initialDelaySeconds=5, successThreshold=3), USUAL, 25),
        (STARTUP, USUAL, 4),
        (STARTUP | readiness(initialDelaySeconds=2), USUAL, 4),
        (STARTUP | readiness(initialDelaySeconds=9), USUAL, 9),
        (readiness(initialDelaySeconds=5), Behaviour(ready_after=2), 2),
        (STARTUP, Behaviour(ready_after=2), 4),
    ],
)
def test_until_ready(spec: Any, behaviour: Behaviour, seconds: float) -> None:
    assert probes.until_ready(spec, behaviour) == seconds


def test_until_a_container_is_killed() -> None:
    assert probes.until_startup_fails(STARTUP) == 4 + 5 * 5
    assert probes.until_liveness_fails({"livenessProbe": {"periodSeconds": 2, "failureThreshold": 2}}) == 2
    assert probes.until_liveness_fails(STARTUP | {"livenessProbe": {"periodSeconds": 1, "failureThreshold": 1}}) == 4
    assert probes.until_liveness_fails({}) == 20
