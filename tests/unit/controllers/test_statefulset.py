from typing import Any

from fakekube.core.meta import Obj, time_text
from tests.unit.controllers.labs import change, lab, names, phases, pod, pod_spec, selector, template
from tests.unit.machinery.fakeapi import Lab

SETS, CLAIMS = "statefulsets.apps", "persistentvolumeclaims"
LABEL = "controller-revision-hash"


async def make_set(made: Lab, replicas: int = 3, **more: Any) -> None:
    spec: Obj = {
        "replicas": replicas,
        "selector": selector(),
        "serviceName": "db",
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "template": template(),
        **more,
    }
    await made.make(SETS, "StatefulSet", "db", spec=spec)


async def image(made: Lab, text: str) -> None:
    await change(made, SETS, "db", {"spec": {"template": template(container={"image": text})}})


def images(made: Lab) -> dict[str, str]:
    return {each["metadata"]["name"]: each["spec"]["containers"][0]["image"] for each in made.all("pods")}


async def test_pods_come_one_by_one_in_order_and_go_the_other_way() -> None:
    made = await lab("statefulset")
    await make_set(made)
    seen: list[str] = []
    while await made.manager.step():
        states = phases(made)
        seen += [name for name in states if name not in seen]
        started = [name for name in ("db-0", "db-1", "db-2") if states.get(name) == "Running"]
        assert len(states) <= len(started) + 1
    assert seen == ["db-0", "db-1", "db-2"]
    await change(made, SETS, "db", {"spec": {"replicas": 1}})
    await made.settle()
    assert names(made) == ["db-0"]
    assert made.told("SuccessfulDelete") == [
        "Delete Pod db-2 in StatefulSet db successful",
        "Delete Pod db-1 in StatefulSet db successful",
    ]


async def test_a_pod_knows_its_number() -> None:
    made = await lab("statefulset")
    await make_set(made, 1, ordinals={"start": 5})
    await made.settle()
    (only,) = made.all("pods")
    labels = only["metadata"]["labels"]
    assert only["metadata"]["name"] == "db-5"
    assert (labels["apps.kubernetes.io/pod-index"], labels["statefulset.kubernetes.io/pod-name"]) == ("5", "db-5")
    assert (only["spec"]["hostname"], only["spec"]["subdomain"]) == ("db-5", "db")


async def test_one_that_never_gets_ready_holds_up_the_others_unless_they_are_parallel() -> None:
    stuck = template(annotations={"fakekube/start": "never"})
    for policy, expected in (("OrderedReady", ["db-0"]), ("Parallel", ["db-0", "db-1", "db-2"])):
        made = await lab("statefulset")
        await make_set(made, template=stuck, podManagementPolicy=policy)
        await made.settle()
        assert names(made) == expected


async def test_an_update_goes_from_the_last_to_the_first_down_to_the_partition() -> None:
    made = await lab("statefulset")
    await make_set(made, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})
    await made.settle()
    await image(made, "app:2")
    await made.settle()
    assert images(made) == {"db-0": "app:1", "db-1": "app:2", "db-2": "app:2"}
    status = (made.get(SETS, "db") or {})["status"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (1, 2)
    assert status["currentRevision"] != status["updateRevision"]
    await made.api.delete("pods", "default", "db-0")
    await made.settle()
    assert images(made)["db-0"] == "app:1"
    await change(made, SETS, "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    await made.settle()
    status = (made.get(SETS, "db") or {})["status"]
    assert set(images(made).values()) == {"app:2"}
    assert status["currentRevision"] == status["updateRevision"]
    assert len(made.all("controllerrevisions.apps")) == 2


async def test_on_delete_leaves_running_pods_as_they_are() -> None:
    made = await lab("statefulset")
    await make_set(made, 2, updateStrategy={"type": "OnDelete"})
    await made.settle()
    await image(made, "app:2")
    await made.settle()
    assert images(made) == {"db-0": "app:1", "db-1": "app:1"}
    await made.api.delete("pods", "default", "db-1")
    await made.settle()
    assert images(made) == {"db-0": "app:1", "db-1": "app:2"}


async def test_claims_are_made_for_each_pod_and_outlive_it() -> None:
    made = await lab("statefulset", kubelets=False)
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    await make_set(made, 2, volumeClaimTemplates=[claim], podManagementPolicy="Parallel")
    await made.settle()
    assert names(made, CLAIMS) == ["data-db-0", "data-db-1"]
    first = made.get("pods", "db-0")
    assert first is not None
    assert first["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]
    assert all("ownerReferences" not in each["metadata"] for each in made.all(CLAIMS))
    await change(made, SETS, "db", {"spec": {"replicas": 0}})
    await made.settle()
    assert (names(made), names(made, CLAIMS)) == ([], ["data-db-0", "data-db-1"])


async def test_claims_go_with_the_set_where_it_asks_for_that() -> None:
    made = await lab("statefulset", "garbage-collector")
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    policy = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    await make_set(
        made,
        2,
        volumeClaimTemplates=[claim],
        persistentVolumeClaimRetentionPolicy=policy,
        podManagementPolicy="Parallel",
    )
    await made.settle()
    owners = [each["metadata"]["ownerReferences"] for each in made.all(CLAIMS)]
    assert [[each["kind"] for each in listed] for listed in owners] == [["StatefulSet"], ["StatefulSet"]]
    await change(made, SETS, "db", {"spec": {"replicas": 1}})
    await made.settle()
    assert names(made, CLAIMS) == ["data-db-0"]
    await made.api.delete(SETS, "default", "db", {"propagationPolicy": "Background"})
    await made.settle()
    assert names(made, CLAIMS) == []


async def test_a_pod_that_failed_is_made_again_under_its_name() -> None:
    made = await lab("statefulset")
    await make_set(made, 1)
    await made.settle()
    before = (made.get("pods", "db-0") or {})["metadata"]["uid"]
    await change(made, "pods", "db-0", {"status": {"phase": "Failed"}}, "status")
    await made.settle()
    after = made.get("pods", "db-0")
    assert after is not None
    assert after["metadata"]["uid"] != before
    assert after["status"]["phase"] == "Running"


async def test_a_pod_with_the_right_name_is_adopted() -> None:
    made = await lab("statefulset")
    await made.make("pods", "Pod", "db-0", metadata={"labels": {"app": "a"}}, spec=pod_spec())
    await make_set(made, 1)
    await made.settle()
    adopted = made.get("pods", "db-0")
    assert adopted is not None
    assert adopted["metadata"]["ownerReferences"][0]["name"] == "db"
    assert adopted["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"


CLAIM: Obj = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
RETAIN, DELETE = "Retain", "Delete"


def owners(made: Lab, claim: str = "data-db-0") -> list[str]:
    found = made.get(CLAIMS, claim)
    assert found is not None
    return [each["kind"] for each in found["metadata"].get("ownerReferences", ())]


async def test_a_claim_that_is_being_deleted_is_waited_for_and_that_is_told() -> None:
    made = await lab("statefulset")
    held = {"finalizers": ["example.com/hold"]}
    await made.make(CLAIMS, "PersistentVolumeClaim", "data-db-0", metadata=held, spec=CLAIM["spec"])
    await made.api.delete(CLAIMS, "default", "data-db-0")
    await make_set(made, 1, volumeClaimTemplates=[CLAIM])
    await made.settle(1)
    assert names(made) == []
    assert made.told("FailedCreate") == [
        "Create Pod db-0 in StatefulSet db failed error: pvc data-db-0 is being deleted"
    ]
    await change(made, CLAIMS, "data-db-0", {"metadata": {"finalizers": None}})
    await made.settle()
    assert names(made) == ["db-0"]


async def test_claims_of_running_pods_follow_a_changed_policy() -> None:
    made = await lab("statefulset", kubelets=False)
    await make_set(made, 1, volumeClaimTemplates=[CLAIM])
    await made.settle()
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": time_text(made.clock.now())}
    await change(made, "pods", "db-0", {"status": {"phase": "Running", "conditions": [ready]}}, "status")
    assert owners(made) == []
    policy = {"whenDeleted": DELETE, "whenScaled": RETAIN}
    await change(made, SETS, "db", {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    await made.settle()
    assert owners(made) == ["StatefulSet"]
    assert made.told("SuccessfulUpdate") == ["Update Pod db-0 in StatefulSet db successful"]
    policy = {"whenDeleted": RETAIN, "whenScaled": DELETE}
    await change(made, SETS, "db", {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    await made.settle()
    assert owners(made) == []


async def test_a_claim_that_another_controls_is_let_alone_and_that_is_told() -> None:
    made = await lab("statefulset")
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u", "controller": True}
    await made.make(
        CLAIMS, "PersistentVolumeClaim", "data-db-0", metadata={"ownerReferences": [other]}, spec=CLAIM["spec"]
    )
    policy = {"whenDeleted": DELETE, "whenScaled": DELETE}
    await make_set(made, 1, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    await made.settle()
    assert (owners(made), names(made)) == (["ConfigMap"], ["db-0"])
    told = "PersistentVolumeClaim data-db-0 has a conflicting OwnerReference that acts as a manging controller, "
    assert made.told("ConflictingController") == [f"{told}the retention policy is ignored for this claim"]


async def test_an_owner_that_does_not_control_its_claim_comes_to_control_it() -> None:
    made = await lab("statefulset")
    policy = {"whenDeleted": DELETE, "whenScaled": RETAIN}
    await make_set(made, 1, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    await made.settle()
    (reference,) = (made.get(CLAIMS, "data-db-0") or {})["metadata"]["ownerReferences"]
    loose = {name: value for name, value in reference.items() if name not in ("controller", "blockOwnerDeletion")}
    await change(made, CLAIMS, "data-db-0", {"metadata": {"ownerReferences": [loose]}})
    await made.settle()
    assert (made.get(CLAIMS, "data-db-0") or {})["metadata"]["ownerReferences"] == [reference]


async def test_an_adopted_pod_without_its_claim_is_asked_to_take_it() -> None:
    made = await lab("statefulset")
    await pod(made, "db-0")
    await made.settle()
    await make_set(made, 1, volumeClaimTemplates=[CLAIM])
    await made.settle()
    (only,) = made.all("pods")
    assert only["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]
    assert made.told("SuccessfulUpdate") == ["Update Pod db-0 in StatefulSet db successful"]


async def test_conditions_that_a_client_wrote_go_with_the_next_change_of_the_status() -> None:
    made = await lab("statefulset")
    await make_set(made, 1)
    await made.settle()
    await change(made, SETS, "db", {"status": {"conditions": [{"type": "Mine", "status": "True"}]}}, "status")
    await made.settle()
    assert "conditions" in (made.get(SETS, "db") or {})["status"]
    await change(made, SETS, "db", {"spec": {"replicas": 2}})
    await made.settle()
    assert "conditions" not in (made.get(SETS, "db") or {})["status"]


async def test_a_name_that_is_taken_holds_up_only_those_that_are_not_begun() -> None:
    made = await lab("statefulset")
    await pod(made, "db-1", metadata={"labels": {"app": "other"}})
    await make_set(made, 5, podManagementPolicy="Parallel")
    await made.settle()
    # One, two and four at a time: the first is alone, the second stands in the way of those after the third.
    assert names(made) == ["db-0", "db-1", "db-2"]
    assert ((made.get(SETS, "db") or {})["status"]["replicas"], made.told("FailedCreate")) == (2, [])
    await made.api.delete("pods", "default", "db-1")
    await made.settle(60)
    assert len(names(made)) == 5
