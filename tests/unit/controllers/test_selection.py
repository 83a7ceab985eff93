import importlib
import pkgutil

import pytest

from fakekube import controllers, nodes
from fakekube.controllers import CONTROLLERS, REAL_NAMES, select
from fakekube.machinery.controller import Controller


def test_all_and_none() -> None:
    assert select("all", nodes.CONTROLLERS) == (*nodes.CONTROLLERS, *CONTROLLERS)
    assert select("none", nodes.CONTROLLERS) == ()


def test_some_by_name() -> None:
    assert [row.name for row in select("kubelet, replicaset", nodes.CONTROLLERS)] == ["kubelet", "replicaset"]
    assert [row.name for row in select(["deployment"])] == ["deployment"]


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"there is no controller 'deploy'; known are cluster.*podgc"):
        select("deploy")


def test_every_controller_of_the_folder_is_in_the_list_once() -> None:
    rows = [
        row
        for found in pkgutil.iter_modules(controllers.__path__)
        for row in vars(importlib.import_module(f"fakekube.controllers.{found.name}")).values()
        if isinstance(row, Controller)
    ]
    assert sorted(row.name for row in CONTROLLERS) == sorted(row.name for row in rows)
    assert len({row.name for row in rows}) == len(rows)


def test_some_are_left_out_as_for_the_real_controller_manager() -> None:
    left = [row.name for row in select("-job,-cronjob-controller", nodes.CONTROLLERS)]
    assert left == [row.name for row in (*nodes.CONTROLLERS, *CONTROLLERS) if row.name not in ("job", "cronjob")]
    assert select(["*", "-job"]) == select("-job")
    assert [row.name for row in select("job,cronjob,-job")] == ["cronjob"]
    with pytest.raises(ValueError, match="there is no controller 'jobs'"):
        select("-jobs")


def test_the_real_names_are_known() -> None:
    asked = "garbage-collector-controller,pod-garbage-collector-controller,ttl-controller"
    assert [row.name for row in select(asked)] == ["node-ttl", "podgc", "garbage-collector"]
    assert set(REAL_NAMES.values()) <= {row.name for row in CONTROLLERS}
