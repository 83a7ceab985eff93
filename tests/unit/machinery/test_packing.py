from fakekube.core.meta import Obj
from fakekube.machinery.slices import Packing, endpoint_key, pack
from fakekube.machinery.subsets import pieces_of, repacked

NEW: Obj = {"metadata": {"generateName": "s-"}, "addressType": "IPv4", "endpoints": None, "ports": None}


def endpoint(number: int) -> Obj:
    return {"addresses": [f"10.0.0.{number}"], "conditions": {"ready": True}}


def piece(name: str, *numbers: int) -> Obj:
    meta = {"name": name, "labels": {}}
    return {**NEW, "metadata": meta, "endpoints": [endpoint(number) for number in numbers]}


def wanted(*numbers: int) -> dict[object, Obj]:
    return {endpoint_key(endpoint(number)): endpoint(number) for number in numbers}


def sizes(listed: list[Obj]) -> list[int]:
    return [len(each["endpoints"] or ()) for each in listed]


def test_endpoints_fill_slices_up_to_the_limit() -> None:
    packing = pack([], wanted(*range(5)), {}, NEW, 2)
    assert sizes(packing.create) == [2, 2, 1]


def test_what_is_right_is_left_alone_and_a_slice_with_room_takes_the_new() -> None:
    packing = pack([piece("a", 1, 2), piece("b", 3)], wanted(1, 2, 3, 4), {}, NEW, 3)
    assert [each["metadata"]["name"] for each in packing.update] == ["a"]
    assert [each["metadata"]["name"] for each in packing.keep] == ["b"]
    assert packing.create == []


def test_a_slice_that_changes_anyway_is_filled_first_and_an_emptied_one_goes() -> None:
    packing = pack([piece("a", 1, 9), piece("b", 2)], wanted(1, 3), {}, NEW, 10)
    assert [(each["metadata"]["name"], len(each["endpoints"])) for each in packing.update] == [("a", 2)]
    assert [each["metadata"]["name"] for each in packing.delete] == ["b"]


def test_a_deletion_and_a_creation_become_an_update() -> None:
    old = {**piece("old", 1), "metadata": {"name": "old", "resourceVersion": "7", "labels": {"a": "1"}}}
    packing = Packing(create=[{**NEW, "metadata": {"generateName": "s-", "labels": {"b": "2"}}}], delete=[old])
    packing.recycle()
    assert packing.create == packing.delete == []
    assert packing.update[0]["metadata"] == {"name": "old", "resourceVersion": "7", "labels": {"b": "2"}}


A, B = {"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}
HTTP, DNS = {"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}


def test_ports_with_the_same_addresses_share_a_subset() -> None:
    found = repacked([(B, True, HTTP), (A, True, HTTP), (A, True, DNS), (B, True, DNS)])
    assert found == [{"addresses": [A, B], "ports": [DNS, HTTP]}]


def test_other_addresses_make_another_subset_and_not_ready_beats_ready() -> None:
    found = repacked([(A, True, HTTP), (B, True, DNS), (B, False, DNS)])
    assert found == [{"addresses": [A], "ports": [HTTP]}, {"notReadyAddresses": [B], "ports": [DNS]}]
    assert repacked(pieces_of(found)) == found


def test_addresses_without_ports_are_kept() -> None:
    assert repacked([(A, True, None)]) == [{"addresses": [A]}]
