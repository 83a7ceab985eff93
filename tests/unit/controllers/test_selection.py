import importlib
import pkgutil

import pytest

from fakekube import controllers, nodes
from fakekube.controllers import CONTROLLERS, select
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
