"""Settings are checked when they are made, and equal ones are one."""

from pathlib import Path
from typing import Any

import pytest

from fakekube.settings import Settings


def test_the_same_choice_of_controllers_is_equal_however_it_is_written() -> None:
    assert Settings(controllers="deployment, replicaset") == Settings(controllers=("replicaset", "deployment"))
    assert len({Settings(load="a.yaml"), Settings(load=["a.yaml"])}) == 1  # type: ignore[arg-type]
    assert Settings(controllers=()) == Settings(controllers="none")
    assert Settings(controllers="*, -job") == Settings(controllers=["-job"]) == Settings(controllers="-job,all")
    assert Settings(controllers="*") == Settings()


def test_ranges_of_addresses_may_be_a_list_or_text() -> None:
    ranges = ("203.0.113.0/24", "2001:db8::/64")
    assert Settings(load_balancers="203.0.113.0/24, 2001:db8::0/64").load_balancers == ranges
    assert Settings(load_balancers=ranges) == Settings(load_balancers=",".join(ranges))


def test_a_kubeconfig_given_as_text_is_a_path() -> None:
    assert Settings(kubeconfig="here").kubeconfig == Path("here")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 65536},
        {"dns_port": -1},
        {"nodes": -1},
        {"nodes": 100_000},
        {"token": ""},
        {"controllers": "all,job"},
        {"load_balancers": "203.0.113.1/24"},
        {"kubernetes_version": "1.0"},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).split("_")[0].removesuffix("_version") + "|Kubernetes 1.0"):
        Settings(**wrong)
