"""Lives of a cluster from seeds: after whatever happens, all is as it must be, and the same seed is the same life.

FAKEKUBE_SEEDS=1000 leads so many; `python -m tests.scenarios.simulation --seed N` leads one again and tells of it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from fakekube.cluster.composition import Cluster
from tests.scenarios.simulation.invariants import problems
from tests.scenarios.simulation.lives import Broken, lead, settings

SEEDS = int(os.environ.get("FAKEKUBE_SEEDS", "60"))
PARTS = 4


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    found = Cluster(settings())
    await found.start()
    yield found
    await found.stop()


@pytest.mark.parametrize("part", range(PARTS))
async def test_all_is_as_it_must_be_after_whatever_happens(cluster: Cluster, part: int) -> None:
    faults: list[str] = []
    for seed in range(part, SEEDS, PARTS):
        try:
            await lead(cluster, seed)
        except Broken as fault:
            faults.append(str(fault))
    assert not faults, "\n".join(faults)


async def test_a_seed_is_the_same_life_again(cluster: Cluster) -> None:
    first = await lead(cluster, 1)
    await lead(cluster, 2)
    assert await lead(cluster, 1) == first
    other = Cluster(settings())
    await other.start()
    assert await lead(other, 1) == first
    await other.stop()


async def test_what_is_wrong_is_found(cluster: Cluster) -> None:
    await lead(cluster, 1)
    assert problems(cluster) == []
    container = {"name": "c", "image": "i"}
    for number in range(2):
        spec = {"containers": [container], "nodeName": "elsewhere"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": spec}
        made = await cluster.client.create("pods", "default", pod)
        status = {"status": {**made["status"], "podIP": "10.1.1.1", "podIPs": [{"ip": "10.1.1.1"}]}}
        await cluster.client.patch("pods", "default", f"p{number}", status, subresource="status")
    assert problems(cluster) == ["addresses_are_unique: 2 pods have the address 10.1.1.1"]
