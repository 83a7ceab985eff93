"""Addresses and ports are given once, the upper band first, and are known again after the store was set back."""

from __future__ import annotations

from fakekube.core.ids import Ids
from fakekube.registry import allocation
from fakekube.storage.values import Key
from tests.unit.registry.kinds.conftest import NAMESPACE, Api

SERVICES = "services"
OWNER = Key(SERVICES, NAMESPACE, "other")


async def use_range(api: Api, *cidrs: str) -> None:
    await api.make("servicecidrs.networking.k8s.io", allocation.MAIN_RANGE, spec={"cidrs": list(cidrs)})


async def make(api: Api, name: str, **spec: object) -> str:
    made = await api.make(SERVICES, name, spec={"ports": [{"port": 80}], **spec})
    found: str = made["spec"]["clusterIP"]
    return found


async def test_all_addresses_are_given_the_low_ones_last(api: Api) -> None:
    await use_range(api, "192.168.0.0/27")
    given = [int((await make(api, f"s{number}")).rpartition(".")[2]) for number in range(30)]
    assert sorted(given) == list(range(1, 31))
    assert given != sorted(given)
    assert min(given[:14]) > 16
    [fault] = await api.refused(SERVICES, spec={"ports": [{"port": 80}]})
    assert "range is full" in fault


async def test_the_seed_chooses(api: Api) -> None:
    found = [allocation.next_address(api.store, "IPv4", Ids(seed)) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


async def test_what_is_held_follows_a_store_that_was_set_back(api: Api) -> None:
    before = api.store.snapshot()
    address = await make(api, "x")
    assert allocation.address_fault(api.store, address, OWNER) == allocation.ALLOCATED
    api.store.restore(before)
    assert allocation.address_fault(api.store, address, OWNER) == ""


async def test_the_network_itself_is_no_address(api: Api) -> None:
    await use_range(api, "192.168.0.0/27")
    assert "not in the valid range" in allocation.address_fault(api.store, "192.168.0.0", OWNER)
    assert "not in the valid range" in allocation.address_fault(api.store, "192.168.0.31", OWNER)
    assert allocation.address_fault(api.store, "10.0.0.1", OWNER) == allocation.MISMATCHED


async def test_families_follow_the_main_range(api: Api) -> None:
    assert allocation.families(api.store) == ("IPv4",)
    await use_range(api, "fd00::/112", "10.0.0.0/24")
    assert allocation.families(api.store) == ("IPv6", "IPv4")


async def test_the_band_for_static_addresses_grows_with_the_range() -> None:
    assert [allocation.static_size(size) for size in (16, 32, 256, 4096, 65536)] == [0, 16, 16, 256, 256]


async def test_ports_are_those_of_all_services(api: Api) -> None:
    await make(api, "x", type="NodePort", ports=[{"port": 1, "nodePort": 30000}])
    assert allocation.port_fault(api.store, 30000, OWNER) == allocation.PORT_ALLOCATED
    assert allocation.port_fault(api.store, 30000, Key(SERVICES, NAMESPACE, "x")) == ""
    assert allocation.port_fault(api.store, 1, OWNER) == allocation.PORT_RANGE
    assert allocation.next_port(api.store, Ids(1), set(range(30001, 32767))) == 32767
    assert allocation.next_port(api.store, Ids(1), set(range(30001, 32768))) is None
