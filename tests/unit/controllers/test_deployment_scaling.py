"""How a Deployment's size is shared out among its ReplicaSets, and which steps a rollout takes, on plain data."""

from typing import Any

import pytest

from fakekube.controllers.deployment.draft import Draft
from fakekube.controllers.deployment.rollout import _roll, _scale
from fakekube.core.meta import Obj

DESIRED, MAXIMUM = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"


def template(number: int) -> Obj:
    return {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": f"i:{number}"}]}}


def replica_set(number: int, size: int, told: tuple[int, int], available: int | None = None) -> Obj:
    """One of the template with this number, which is also its age."""
    notes = {DESIRED: str(told[0]), MAXIMUM: str(told[1])}
    meta = {"name": f"rs-{number}", "creationTimestamp": f"2026-01-01T00:00:0{number}Z", "annotations": notes}
    ready = size if available is None else available
    return {
        "metadata": meta,
        "spec": {"replicas": size, "template": template(number)},
        "status": {"replicas": size, "availableReplicas": ready},
    }


def draft(present: int, size: int, sets: list[Obj], *, surge: Any = 0, unavailable: Any = 0) -> Draft:
    """A Deployment whose template is that of this number."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    spec = {"replicas": size, "template": template(present), "strategy": strategy}
    return Draft({"metadata": {"name": "d"}, "spec": spec}, sets, 0.0)


def sizes(made: Draft) -> list[int]:
    """The newest first."""
    return [each["spec"]["replicas"] for each in reversed(made.all)]


@pytest.mark.parametrize(
    ("before", "size", "surge", "present", "shared", "expected"),
    [
        (10, 12, 0, 1, [10], [12]),
        (10, 5, 0, 1, [10], [5]),
        (5, 10, 0, 2, [2, 3], [4, 6]),
        (5, 3, 0, 2, [2, 3], [1, 2]),
        (9, 4, 0, 2, [8, 1], [4, 0]),
        (7, 10, 0, 3, [2, 3, 2], [3, 4, 3]),
        (13, 8, 0, 3, [2, 8, 3], [1, 5, 2]),
        # what is left over goes to the largest: of equal ones to the newest, and it is taken from the oldest
        (3, 4, 0, 3, [1, 1, 1], [2, 1, 1]),
        (3, 2, 0, 3, [1, 1, 1], [1, 1, 0]),
        (4, 5, 0, 9, [2, 2], [3, 2]),
        (6, 0, 0, 3, [3, 2, 1], [0, 0, 0]),
        (6, 6, 0, 3, [0, 0, 0], [6, 0, 0]),
        (10, 20, 2, 2, [6, 6], [11, 11]),
        (10, 14, 0, 9, [7, 3], [10, 4]),
    ],
)
def test_a_new_size_is_shared_out_in_proportion(
    before: int, size: int, surge: int, present: int, shared: list[int], expected: list[int]
) -> None:
    told = (before, before + surge)
    sets = [replica_set(len(shared) - place, each, told) for place, each in enumerate(shared)]
    made = draft(present, size, sets, surge=surge)
    _scale(made)
    assert sizes(made) == expected


def test_a_new_surge_counts_too() -> None:
    made = draft(2, 50, [replica_set(1, 8, (10, 13)), replica_set(2, 5, (10, 13))], surge=6)
    _scale(made)
    assert sizes(made) == [22, 34]


def test_a_new_replica_set_that_is_large_enough_and_broken_costs_no_old_pods() -> None:
    sets = [replica_set(1, 1, (2, 3)), replica_set(2, 2, (2, 3), available=0)]
    made = draft(2, 2, sets, surge=1, unavailable=1)
    _scale(made)
    assert sizes(made) == [2, 1]


@pytest.mark.parametrize(
    ("size", "surge", "unavailable", "new", "old", "expected"),
    [  # (size, available) of the new ReplicaSet and the old one; one step
        (10, 0, 2, (0, 0), (10, 10), [0, 8]),  # nothing may be over: first the old ones give way
        (10, 2, 2, (0, 0), (10, 10), [2, 10]),
        (10, 2, 0, (2, 2), (10, 10), [2, 8]),
        (10, 2, 2, (2, 1), (10, 10), [2, 7]),
        (10, 2, 2, (5, 0), (7, 7), [5, 7]),  # new pods that are not there yet spare the old ones
        (10, 0, 2, (2, 0), (8, 7), [2, 8]),
        (10, 3, 2, (5, 0), (8, 8), [5, 8]),
        (10, 3, 2, (0, 0), (13, 8), [0, 8]),  # pods that are of no use go whatever else
        (1, "1%", "1%", (0, 0), (1, 1), [1, 1]),
        (2, 0, "1%", (0, 0), (2, 2), [0, 1]),  # both round to none: then one may be missing
        (4, 0, "50%", (0, 0), (4, 4), [0, 2]),
    ],
)
def test_a_step_of_a_rolling_update(
    size: int, surge: Any, unavailable: Any, new: tuple[int, int], old: tuple[int, int], expected: list[int]
) -> None:
    sets = [replica_set(1, old[0], (size, size), old[1]), replica_set(2, new[0], (size, size), new[1])]
    made = draft(2, size, sets, surge=surge, unavailable=unavailable)
    made.deployment["metadata"]["generation"] = 1
    _roll(made)
    assert sizes(made) == expected
