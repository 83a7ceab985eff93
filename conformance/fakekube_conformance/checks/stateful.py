"""StatefulSets, DaemonSets, Jobs and CronJobs at work. The pods are ended and made ready by the checks."""

from __future__ import annotations

from functools import partial
from typing import Any

from fakekube_conformance.acting import await_pods, end, make_ready, pods
from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj, container, idle_template, job, workload

SETS, JOBS = "apps/v1/statefulsets", "batch/v1/jobs"
REVISIONS = "apps/v1/controllerrevisions"
NEEDS = ("controllers",)


def stateful(case: Case, replicas: int, **spec: Any) -> Obj:
    return case.create(SETS, workload("StatefulSet", "db", replicas=replicas, serviceName="db", **spec))


def names(found: list[Obj]) -> list[str]:
    return sorted(each["metadata"]["name"] for each in found)


def work(case: Case, **spec: Any) -> Obj:
    """A Job whose pods have the label app=work."""
    body = job("work", **spec)
    body["spec"]["template"]["metadata"] = {"labels": {"app": "work"}}
    return case.create(JOBS, body)


def condition(obj: Obj, kind: str) -> Obj:
    found: list[Obj] = [each for each in look(obj, "status.conditions") or [] if each["type"] == kind]
    return found[0] if found else {}


def succeeded(number: int, obj: Obj) -> bool:
    return bool(obj["status"].get("succeeded") == number)


@check("Pods of a StatefulSet are numbered, and know their number and host name", needs=NEEDS)
def identity(case: Case) -> None:
    stateful(case, 1)
    (first,) = await_pods(case, "db", 1)
    equal("name", first["metadata"]["name"], "db-0")
    expected = {"statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"}
    covers("labels", first["metadata"]["labels"], expected)
    equal("host name", (first["spec"]["hostname"], first["spec"]["subdomain"]), ("db-0", "db"))


@check("A StatefulSet makes the next pod when the one before is ready", needs=NEEDS)
def ordered(case: Case) -> None:
    stateful(case, 3)
    for number in range(3):
        found = await_pods(case, "db", number + 1)
        equal("names", names(found), [f"db-{each}" for each in range(number + 1)])
        make_ready(case, [each for each in found if each["metadata"]["name"] == f"db-{number}"])
    case.eventually(f"{SETS}/db", "all are ready", lambda obj: obj["status"].get("readyReplicas") == 3)


@check("A parallel StatefulSet makes all pods at once", needs=NEEDS)
def parallel(case: Case) -> None:
    stateful(case, 3, podManagementPolicy="Parallel")
    equal("names", names(await_pods(case, "db", 3)), ["db-0", "db-1", "db-2"])


@check("A StatefulSet is scaled down from its last pod", needs=NEEDS)
def scale_down(case: Case) -> None:
    stateful(case, 2, podManagementPolicy="Parallel")
    make_ready(case, await_pods(case, "db", 2))
    case.eventually(f"{SETS}/db", "all are ready", lambda obj: obj["status"].get("readyReplicas") == 2)
    case.merge(f"{SETS}/db", {"spec": {"replicas": 1}})
    equal("names", names(await_pods(case, "db", 1)), ["db-0"])


@check("A pod of a StatefulSet that is deleted comes back under its name", needs=NEEDS)
def comes_back(case: Case) -> None:
    stateful(case, 1)
    (first,) = await_pods(case, "db", 1)
    case.delete("pods/db-0")
    (second,) = await_pods(case, "db", 1, "again", lambda each: each["metadata"]["uid"] != first["metadata"]["uid"])
    equal("name", second["metadata"]["name"], "db-0")


@check("A StatefulSet makes a claim for each pod, and keeps it when it is scaled down", needs=NEEDS)
def claims(case: Case) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nobody",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    stateful(case, 1, volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": spec}])
    (first,) = await_pods(case, "db", 1)
    case.eventually("persistentvolumeclaims/data-db-0", "it is made", bool)
    claims = [
        each["persistentVolumeClaim"]["claimName"]
        for each in first["spec"]["volumes"]
        if "persistentVolumeClaim" in each
    ]
    equal("claims of the pod", claims, ["data-db-0"])
    case.merge(f"{SETS}/db", {"spec": {"replicas": 0}})
    await_pods(case, "db", 0)
    case.get("persistentvolumeclaims/data-db-0")


@check("A changed template reaches the pods of a StatefulSet from the last to the first", needs=NEEDS)
def update_order(case: Case) -> None:
    stateful(case, 2, podManagementPolicy="Parallel", updateStrategy={"rollingUpdate": {"partition": 1}})
    found = await_pods(case, "db", 2)
    make_ready(case, found)
    case.eventually(f"{SETS}/db", "all are ready", lambda obj: obj["status"].get("readyReplicas") == 2)
    case.merge(f"{SETS}/db", {"spec": {"template": {"metadata": {"annotations": {"example.org/round": "2"}}}}})
    fresh = await_pods(
        case, "db", 1, "with the new template", lambda each: look(each, "metadata.annotations.example~org/round")
    )
    equal("changed, above the partition", names(fresh), ["db-1"])


@check("Going back to an old template of a StatefulSet makes its ControllerRevision the newest", needs=NEEDS)
def revisions(case: Case) -> None:
    stateful(case, 0)
    for value, number in (("2", 2), (None, 3)):
        case.merge(f"{SETS}/db", {"spec": {"template": {"metadata": {"annotations": {"example.org/round": value}}}}})
        case.until(f"there is revision {number}", partial(newest_revision_is, case, number))
    held = case.get(REVISIONS, labelSelector="app=db").body["items"]
    equal("revisions", sorted(each["revision"] for each in held), [2, 3])


def newest_revision_is(case: Case, number: int) -> bool:
    found = case.get(REVISIONS, labelSelector="app=db").body["items"]
    return max((each["revision"] for each in found), default=0) == number


@check("A DaemonSet runs one pod on every node that takes it", needs=("controllers", "nodes"))
def daemons(case: Case) -> None:
    nodes = case.get("/api/v1/nodes").body["items"]
    tolerations = [{"operator": "Exists"}]
    pods_of_nodes = idle_template("agent", tolerations=tolerations)
    case.create("apps/v1/daemonsets", workload("DaemonSet", "agent", pods_of_nodes))
    found = await_pods(case, "agent", len(nodes))
    terms = [
        look(each, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0")
        for each in found
    ]
    targets = sorted(look(each, "matchFields.0.values.0") for each in terms)
    equal("nodes", targets, sorted(each["metadata"]["name"] for each in nodes))


@check("A DaemonSet whose node selector nobody meets runs nothing", needs=NEEDS)
def no_daemons(case: Case) -> None:
    template = idle_template("agent", nodeSelector={"example.org/nobody": "true"})
    case.create("apps/v1/daemonsets", workload("DaemonSet", "agent", template))
    found = case.eventually(
        "apps/v1/daemonsets/agent", "it is observed", lambda obj: obj["status"].get("observedGeneration")
    )
    equal("wanted", found["status"]["desiredNumberScheduled"], 0)
    equal("pods", pods(case, "agent"), [])


@check("A Job is complete when enough of its pods have succeeded", needs=NEEDS)
def job_complete(case: Case) -> None:
    work(case, completions=2)
    for number in (1, 2):
        (running,) = await_pods(case, "work", 1, "that run", lambda each: each["status"]["phase"] == "Pending")
        end(case, running)
        case.eventually(f"{JOBS}/work", f"{number} are counted", partial(succeeded, number))
    found = case.eventually(
        f"{JOBS}/work", "it is complete", lambda obj: condition(obj, "Complete").get("status") == "True"
    )
    covers("status", found["status"], {"succeeded": 2, "ready": 0})
    holds("it tells when", look(found, "status.completionTime"))


@check("A Job runs as many pods at a time as its parallelism says", needs=NEEDS)
def job_parallelism(case: Case) -> None:
    work(case, completions=5, parallelism=3)
    await_pods(case, "work", 3)
    case.eventually(f"{JOBS}/work", "it counts them", lambda obj: obj["status"].get("active") == 3)


@check("Pods of a Job are tracked by a finalizer until they are counted", needs=NEEDS)
def job_tracking(case: Case) -> None:
    work(case)
    (first,) = await_pods(case, "work", 1)
    equal("finalizers", first["metadata"]["finalizers"], ["batch.kubernetes.io/job-tracking"])
    end(case, first)
    path = f"pods/{first['metadata']['name']}"
    case.eventually(path, "the finalizer is taken off", lambda obj: not obj["metadata"].get("finalizers"))


@check("A Job without retries fails with its first failed pod, and says why", needs=NEEDS)
def job_failed(case: Case) -> None:
    work(case, backoffLimit=0)
    (first,) = await_pods(case, "work", 1)
    end(case, first, "Failed", 1)
    found = case.eventually(
        f"{JOBS}/work", "it has failed", lambda obj: condition(obj, "Failed").get("status") == "True"
    )
    equal("reason", condition(found, "Failed")["reason"], "BackoffLimitExceeded")
    equal("failed", found["status"]["failed"], 1)


@check("Pods of an indexed Job know their index", needs=NEEDS)
def job_indexes(case: Case) -> None:
    work(case, completions=2, parallelism=2, completionMode="Indexed")
    found = await_pods(case, "work", 2)
    indexes = sorted(look(each, "metadata.annotations.batch~kubernetes~io/job-completion-index") for each in found)
    equal("indexes", indexes, ["0", "1"])
    variables = [each["name"] for each in found[0]["spec"]["containers"][0].get("env") or []]
    contains("environment", variables, "JOB_COMPLETION_INDEX")


@check("A suspended Job runs nothing, and begins when it is resumed", needs=NEEDS)
def job_suspended(case: Case) -> None:
    work(case, suspend=True)
    case.eventually(f"{JOBS}/work", "it tells so", lambda obj: condition(obj, "Suspended").get("status") == "True")
    equal("pods", pods(case, "work"), [])
    case.merge(f"{JOBS}/work", {"spec": {"suspend": False}})
    await_pods(case, "work", 1)


@check("Deleting a Job without a policy keeps its pods, and warns so", needs=NEEDS)
def job_orphans(case: Case) -> None:
    work(case)
    (first,) = await_pods(case, "work", 1)
    answer = case.delete(f"{JOBS}/work")
    contains("warnings", "\n".join(answer.warnings), "child pods are preserved by default when jobs are deleted")
    case.gone(f"{JOBS}/work")
    path = f"pods/{first['metadata']['name']}"
    case.eventually(path, "it belongs to nobody", lambda obj: not obj["metadata"].get("ownerReferences"))


@check("A finished Job is deleted when its time to live is over", needs=NEEDS)
def job_time_to_live(case: Case) -> None:
    work(case, ttlSecondsAfterFinished=0)
    (first,) = await_pods(case, "work", 1)
    end(case, first)
    case.gone(f"{JOBS}/work")


@check("A CronJob that is due makes a Job of its template", needs=NEEDS)
def cron_job(case: Case) -> None:
    template = {"spec": {"containers": [container()], "schedulerName": "nobody", "restartPolicy": "Never"}}
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    made = case.create("batch/v1/cronjobs", {"metadata": {"name": "tick"}, "spec": spec})
    case.merge("batch/v1/cronjobs/tick/status", {"status": {"lastScheduleTime": "2024-06-01T00:00:00Z"}})
    found = case.eventually(JOBS, "there is a Job", lambda listed: listed["items"])["items"][0]
    equal("owner", look(found, "metadata.ownerReferences.0.uid"), made["metadata"]["uid"])
    holds("it is named with the scheduled minute", found["metadata"]["name"].rpartition("-")[2].isdigit())


@check("Claims of a StatefulSet become its own when its retention policy comes to ask for that", needs=NEEDS)
def retention(case: Case) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nobody",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    made = stateful(case, 1, volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": spec}])
    make_ready(case, await_pods(case, "db", 1))
    claim = "persistentvolumeclaims/data-db-0"
    equal("owners at first", case.get(claim).look("metadata.ownerReferences"), None)
    policy = {"whenDeleted": "Delete", "whenScaled": "Retain"}
    case.merge(f"{SETS}/db", {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    found = case.eventually(claim, "it has an owner", lambda obj: look(obj, "metadata.ownerReferences"))
    (owner,) = found["metadata"]["ownerReferences"]
    covers("owner", owner, {"kind": "StatefulSet", "uid": made["metadata"]["uid"], "controller": True})


@check("A Job that a quota leaves without pods has begun all the same", needs=NEEDS)
def job_without_pods(case: Case) -> None:
    limit = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    case.create("resourcequotas", limit)
    case.eventually("resourcequotas/none", "it counts", lambda obj: look(obj, "status.hard.pods") == "0")
    work(case)
    found = case.eventually(f"{JOBS}/work", "it has begun", lambda obj: look(obj, "status.startTime"))
    covers("status", found["status"], {"ready": 0, "terminating": 0, "uncountedTerminatedPods": {}})
