import pytest

from fakekube.core.ids import SAFE_LETTERS
from fakekube.core.meta import Obj
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.ranking import plain, surplus
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import claim_pods, content_hash, set_condition, share
from fakekube.storage.values import Key, Stored, Views

NOW = 1_767_225_600.0


def pod(name: str, *, node: str = "n", phase: str = "Running", ready: str = "True", **more: object) -> PodFacts:
    meta: Obj = {"name": name, "namespace": "d", "uid": name, "creationTimestamp": "2025-12-31T23:00:00Z"}
    meta |= {key: more[key] for key in ("annotations", "labels", "deletionTimestamp", "ownerReferences") if key in more}
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": more.get("since", "2025-12-31T23:00:00Z")}]
    spec = {"nodeName": node} if node else {}
    obj = {"metadata": meta, "spec": spec, "status": {"phase": phase, "conditions": conditions}}
    return PodFacts(Stored(Key("pods", "d", name), 1, b"", obj, Views()))


def test_surplus_pods_go_in_the_order_in_which_they_are_missed_least() -> None:
    pods = [
        pod("old"),
        pod("young", since="2025-12-31T23:59:59Z"),
        pod("dear", annotations={"controller.kubernetes.io/pod-deletion-cost": "10"}),
        pod("crowded", node="full"),
        pod("unready", ready="False"),
        pod("pending", phase="Pending", ready="False"),
        pod("unbound", node="", phase="Pending", ready="False"),
    ]
    order = ["unbound", "pending", "unready", "crowded", "young", "old", "dear"]
    assert [each.name for each in surplus(pods, 6, NOW, {"full": 3, "n": 1})] == order[:6]
    assert surplus(pods, 7, NOW, {}) == pods


def test_a_job_does_without_what_was_ready_last_whatever_it_costs() -> None:
    pods = [pod("old"), pod("young", since="2025-12-31T23:59:59Z"), pod("unready", ready="False")]
    dear = pod("dear", annotations={"controller.kubernetes.io/pod-deletion-cost": "-10"}, since="2025-12-31T22:00:00Z")
    assert [each.name for each in plain([*pods, dear])] == ["unready", "young", "old", "dear"]


def test_of_pods_that_are_as_old_by_the_power_of_two_the_uid_decides() -> None:
    pods = [pod("b", since="2025-12-31T23:00:01Z"), pod("c"), pod("a", since="2025-12-31T23:00:02Z")]
    assert [each.name for each in surplus(pods, 2, NOW, {})] == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "round_up", "expected"), [(3, True, 3), ("25%", True, 2), ("25%", False, 1), (None, True, 0)]
)
def test_shares(value: int | str | None, round_up: bool, expected: int) -> None:
    assert share(value, 5, round_up=round_up) == expected


def test_equal_content_has_one_hash_whatever_the_order_of_its_keys() -> None:
    one = content_hash({"a": 1, "b": 2})
    assert one == content_hash({"b": 2, "a": 1})
    assert one != content_hash({"a": 1, "b": 2}, 1)
    assert set(one) <= set(SAFE_LETTERS)


def test_matching_pods_are_adopted_and_others_let_go() -> None:
    owner = {"metadata": {"name": "o", "uid": "o"}}
    reference = {"uid": "o", "controller": True}
    own = [pod("mine", labels={"a": "1"}), pod("strange")]
    loose = [pod("free", labels={"a": "1"}), pod("going", labels={"a": "1"}, deletionTimestamp="x"), pod("other")]
    claimed, changes = claim_pods(owner, reference, matcher({"matchLabels": {"a": "1"}}), own, loose)
    assert [each.name for each in claimed] == ["mine", "free"]
    assert [change.key.name for change in changes] == ["strange", "free"]  # type: ignore[attr-defined]
    deleting = {"metadata": {**owner["metadata"], "deletionTimestamp": "x"}}
    assert claim_pods(deleting, reference, matcher({"matchLabels": {"a": "1"}}), own, loose)[1] == []


def test_a_conditions_transition_time_is_that_of_its_status() -> None:
    first = set_condition([], {"type": "A", "status": "True", "reason": "x", "message": "1"}, NOW)
    assert set_condition(first, {"type": "A", "status": "True", "reason": "x", "message": "2"}, NOW + 9) is first
    again = set_condition(first, {"type": "A", "status": "True", "reason": "y"}, NOW + 9)
    assert again[0]["lastTransitionTime"] == first[0]["lastTransitionTime"]
    other = set_condition(first, {"type": "A", "status": "False", "reason": "y"}, NOW + 9)
    assert other[0]["lastTransitionTime"] == "2026-01-01T00:00:09Z"
