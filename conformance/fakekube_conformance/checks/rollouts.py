"""Deployments and ReplicaSets at work. The pods are made ready by the checks."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.acting import await_pods, end, make_ready, pods
from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, different, equal, holds, look
from fakekube_conformance.objects import Obj, deployment, owner, pod, workload

DEPLOYMENTS, SETS = "apps/v1/deployments", "apps/v1/replicasets"
WEB = f"{DEPLOYMENTS}/web"
NEEDS = ("controllers",)


def replica_sets(case: Case) -> list[Obj]:
    """The ReplicaSets of the app, the oldest revision first."""
    items = case.get(SETS, labelSelector="app=web").body["items"]
    return sorted(items, key=lambda each: int(revision(each) or "0"))


def revision(obj: Obj) -> Any:
    return look(obj, "metadata.annotations.deployment~kubernetes~io/revision")


def rolled_out(case: Case, replicas: int, **spec: Any) -> Obj:
    """A Deployment all of whose pods are ready."""
    case.create(DEPLOYMENTS, deployment("web", replicas, **spec))
    make_ready(case, await_pods(case, "web", replicas))
    return case.eventually(WEB, "all are ready", lambda obj: obj["status"].get("readyReplicas") == replicas)


def change_template(case: Case) -> None:
    case.merge(WEB, {"spec": {"template": {"metadata": {"annotations": {"example.org/round": case.unique("r")}}}}})


@check("A Deployment makes one ReplicaSet, which makes the pods", needs=NEEDS)
def chain(case: Case) -> None:
    made = case.create(DEPLOYMENTS, deployment("web", 2))
    found = await_pods(case, "web", 2)
    (replica_set,) = replica_sets(case)
    equal("owner of the set", look(replica_set, "metadata.ownerReferences.0.uid"), made["metadata"]["uid"])
    equal(
        "owners of the pods",
        {each["metadata"]["ownerReferences"][0]["uid"] for each in found},
        {replica_set["metadata"]["uid"]},
    )
    digest = replica_set["metadata"]["labels"]["pod-template-hash"]
    equal("name of the set", replica_set["metadata"]["name"], f"web-{digest}")
    equal("labels of the pods", {each["metadata"]["labels"]["pod-template-hash"] for each in found}, {digest})


@check("The status of a Deployment counts its pods, and tells that they are available", needs=NEEDS)
def status(case: Case) -> None:
    found = rolled_out(case, 2)
    found = case.eventually(WEB, "all are available", lambda obj: obj["status"].get("availableReplicas") == 2)
    covers(
        "status", found["status"], {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "observedGeneration": 1}
    )
    conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
    equal("Available", conditions["Available"], "True")


@check("A rollout that is done tells so in its Progressing condition", needs=NEEDS)
def progressing(case: Case) -> None:
    rolled_out(case, 1)

    def done(obj: Obj) -> bool:
        reasons = {each["type"]: each.get("reason") for each in look(obj, "status.conditions") or []}
        return reasons.get("Progressing") == "NewReplicaSetAvailable"

    case.eventually(WEB, "the new set is available", done)


@check("Scaling a Deployment changes the pods of the same ReplicaSet", needs=NEEDS)
def scaling(case: Case) -> None:
    case.create(DEPLOYMENTS, deployment("web", 1))
    await_pods(case, "web", 1)
    case.merge(f"{WEB}/scale", {"spec": {"replicas": 3}})
    await_pods(case, "web", 3)
    equal("number of sets", len(replica_sets(case)), 1)
    case.merge(f"{WEB}/scale", {"spec": {"replicas": 0}})
    await_pods(case, "web", 0)


@check("A changed template makes a new ReplicaSet with the next revision, and the old one goes to zero", needs=NEEDS)
def rolling_update(case: Case) -> None:
    rolled_out(case, 1)
    old = replica_sets(case)[0]
    change_template(case)
    case.until("there are two sets", lambda: len(replica_sets(case)) == 2)
    fresh = await_pods(
        case, "web", 1, "of the new set", lambda each: "example.org/round" in (look(each, "metadata.annotations") or {})
    )
    make_ready(case, fresh)
    case.eventually(f"{SETS}/{old['metadata']['name']}", "it is empty", lambda obj: obj["status"]["replicas"] == 0)
    equal("revisions", [revision(each) for each in replica_sets(case)], ["1", "2"])
    case.eventually(WEB, "it tells its revision", lambda obj: revision(obj) == "2")


@check("A rolling update keeps old pods while new ones are not ready", needs=NEEDS)
def careful_update(case: Case) -> None:
    rolled_out(case, 1, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    (old,) = pods(case, "web")
    change_template(case)
    found = await_pods(case, "web", 2)
    holds("the old pod is there", old["metadata"]["uid"] in {each["metadata"]["uid"] for each in found})


@check("Recreate stops all old pods before it makes new ones", needs=NEEDS)
def recreate(case: Case) -> None:
    rolled_out(case, 2, strategy={"type": "Recreate"})
    old = {each["metadata"]["uid"] for each in pods(case, "web")}
    with case.watch("pods", resourceVersion=case.get("pods").look("metadata.resourceVersion")) as watch:
        change_template(case)
        gone: set[str] = set()
        while (event := watch.next())["type"] != "ADDED":
            if event["type"] == "DELETED":
                gone.add(event["object"]["metadata"]["uid"])
    equal("gone before the first new one", gone, old)


@check("Going back to an old template uses its ReplicaSet again, with a new revision", needs=NEEDS)
def rollback(case: Case) -> None:
    before = rolled_out(case, 1)
    first = replica_sets(case)[0]["metadata"]["name"]
    change_template(case)
    case.until("there are two sets", lambda: len(replica_sets(case)) == 2)
    case.merge(WEB, {"spec": {"template": {"metadata": {"annotations": None}}}})
    case.eventually(f"{SETS}/{first}", "it has revision 3", lambda obj: revision(obj) == "3")
    equal("number of sets", len(replica_sets(case)), 2)
    equal("generation", case.get(WEB).look("metadata.generation"), before["metadata"]["generation"] + 2)


@check("A paused Deployment does not roll out, and does when it is resumed", needs=NEEDS)
def paused(case: Case) -> None:
    rolled_out(case, 1)
    case.merge(WEB, {"spec": {"paused": True}})
    change_template(case)
    generation = case.get(WEB).look("metadata.generation")
    case.eventually(WEB, "the change is observed", lambda obj: obj["status"]["observedGeneration"] == generation)
    equal("number of sets", len(replica_sets(case)), 1)
    case.merge(WEB, {"spec": {"paused": False}})
    case.until("there are two sets", lambda: len(replica_sets(case)) == 2)


@check("A ReplicaSet that is changed by hand is set back by its Deployment", needs=NEEDS)
def set_back(case: Case) -> None:
    rolled_out(case, 1)
    path = f"{SETS}/{replica_sets(case)[0]['metadata']['name']}"
    case.merge(path, {"spec": {"replicas": 4}})
    case.eventually(path, "it has one replica again", lambda obj: obj["spec"]["replicas"] == 1)


@check("Nothing of a Deployment is left once it is deleted: neither its ReplicaSets nor their pods", needs=NEEDS)
def cascade(case: Case) -> None:
    rolled_out(case, 1)
    case.delete(WEB)
    await_pods(case, "web", 0)
    case.until("there are no sets", lambda: not replica_sets(case))


@check("A pod of a ReplicaSet that is deleted is replaced", needs=NEEDS)
def replacement(case: Case) -> None:
    case.create(SETS, workload("ReplicaSet", "web", replicas=1))
    (first,) = await_pods(case, "web", 1)
    case.delete(f"pods/{first['metadata']['name']}")
    (second,) = await_pods(case, "web", 1, "again", lambda each: each["metadata"]["uid"] != first["metadata"]["uid"])
    different("name", second["metadata"]["name"], first["metadata"]["name"])


@check("A pod of a ReplicaSet that failed is replaced, and left where it is", needs=NEEDS)
def failed_pod(case: Case) -> None:
    case.create(SETS, workload("ReplicaSet", "web", replicas=1))
    (first,) = await_pods(case, "web", 1)
    end(case, first, "Failed", 1)
    found = await_pods(case, "web", 2)
    equal("phases", sorted(each["status"]["phase"] for each in found), ["Failed", "Pending"])


@check("A ReplicaSet adopts a pod that it selects and nobody controls", needs=NEEDS)
def adoption(case: Case) -> None:
    orphan = case.create("pods", pod("orphan", {"app": "web"}))
    made = case.create(SETS, workload("ReplicaSet", "web", replicas=1))
    found = case.eventually("pods/orphan", "it is adopted", lambda obj: obj["metadata"].get("ownerReferences"))
    reference = owner(made, controller=True, blockOwnerDeletion=True)
    equal("owner", found["metadata"]["ownerReferences"], [reference])
    equal("uid", found["metadata"]["uid"], orphan["metadata"]["uid"])
    case.eventually(f"{SETS}/web", "it counts the pod", lambda obj: obj["status"]["replicas"] == 1)
    equal("pods", len(pods(case, "web")), 1)


@check("A pod that loses the label is let go, and replaced", needs=NEEDS)
def release(case: Case) -> None:
    case.create(SETS, workload("ReplicaSet", "web", replicas=1))
    (first,) = await_pods(case, "web", 1)
    name = first["metadata"]["name"]
    case.merge(f"pods/{name}", {"metadata": {"labels": {"app": "other"}}})
    case.eventually(f"pods/{name}", "it is let go", lambda obj: not obj["metadata"].get("ownerReferences"))
    await_pods(case, "web", 1)


@check("Scaling down spares ready pods while others are not", needs=NEEDS)
def scale_down(case: Case) -> None:
    case.create(SETS, workload("ReplicaSet", "web", replicas=3))
    first, second, _ = await_pods(case, "web", 3)
    make_ready(case, [first, second])
    case.eventually(f"{SETS}/web", "two are ready", lambda obj: obj["status"].get("readyReplicas") == 2)
    case.merge(f"{SETS}/web", {"spec": {"replicas": 2}})
    found = await_pods(case, "web", 2)
    expected = {each["metadata"]["name"] for each in (first, second)}
    equal("names", {each["metadata"]["name"] for each in found}, expected)


@check("What controllers do is told in Events about their objects", needs=NEEDS)
def events(case: Case) -> None:
    made = case.create(SETS, workload("ReplicaSet", "web", replicas=1))
    (first,) = await_pods(case, "web", 1)
    selector = f"involvedObject.uid={made['metadata']['uid']},reason=SuccessfulCreate"
    found = case.eventually(
        f"events?fieldSelector={selector.replace('=', '%3D')}", "one is told", lambda obj: obj["items"]
    )
    expected = {"type": "Normal", "message": f"Created pod: {first['metadata']['name']}"}
    covers("event", found["items"][0], expected)


@check("The annotation that stands for rollbackTo takes a Deployment back, and goes", needs=NEEDS)
def rollback_by_annotation(case: Case) -> None:
    rolled_out(case, 1)
    first = replica_sets(case)[0]["metadata"]["name"]
    change_template(case)
    case.until("there are two sets", lambda: len(replica_sets(case)) == 2)
    case.eventually(WEB, "it is of revision 2", lambda obj: revision(obj) == "2")
    case.merge(WEB, {"metadata": {"annotations": {"deprecated.deployment.rollback.to": "1"}}})
    case.eventually(f"{SETS}/{first}", "it has revision 3", lambda obj: revision(obj) == "3")
    kept = case.get(WEB).look("metadata.annotations")
    equal("annotations", sorted(kept), ["deployment.kubernetes.io/revision"])


@check("A ReplicaSet makes as many pods as a quota leaves room for, and says why there are no more", needs=NEEDS)
def quota(case: Case) -> None:
    limit = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "2"}}}
    case.create("resourcequotas", limit)
    case.eventually("resourcequotas/few", "it counts", lambda obj: look(obj, "status.hard.pods") == "2")
    case.create(SETS, workload("ReplicaSet", "web", replicas=5))
    found = case.eventually(f"{SETS}/web", "it fails", lambda obj: look(obj, "status.conditions"))
    (condition,) = found["status"]["conditions"]
    covers("condition", condition, {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"})
    contains("message", condition["message"], "exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2")
    case.eventually(f"{SETS}/web", "two are counted", lambda obj: obj["status"]["replicas"] == 2)
