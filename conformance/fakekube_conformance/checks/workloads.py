"""Deployments and other workloads: defaults and validation, for which no controller is needed."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds
from fakekube_conformance.objects import Obj, deployment, idle_template, job, workload
from fakekube_conformance.wire import Answer

DEPLOYMENTS = "apps/v1/deployments"
WEB = f"{DEPLOYMENTS}/web"


def refused(case: Case, **spec: Any) -> Answer:
    return case.post(DEPLOYMENTS, deployment("web", pods=None, **spec), status=422)


def idle(**spec: Any) -> Obj:
    return deployment("web", 0, paused=True, **spec)


@check("A small Deployment is completed with one replica and a rolling update")
def deployment_defaults(case: Case) -> None:
    made = case.create(DEPLOYMENTS, deployment("web", pods=idle_template("web")))
    expected = {
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    covers("spec", made["spec"], expected)


@check("The pod template of a workload is completed like a pod")
def template_defaults(case: Case) -> None:
    spec = case.create(DEPLOYMENTS, idle())["spec"]["template"]["spec"]
    covers("pod spec", spec, {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "securityContext": {}})
    covers("container", spec["containers"][0], {"terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"})


@check("A Deployment that would not select its own pods is refused")
def selector(case: Case) -> None:
    body = deployment("web", 0)
    del body["spec"]["selector"]
    case.post(DEPLOYMENTS, body, status=422).blames("spec.selector", cause="FieldValueRequired")
    other = deployment("web", 0, idle_template("other"))
    answer = case.post(DEPLOYMENTS, other, status=422)
    answer.blames("spec.template.metadata.labels").because("Invalid", "`selector` does not match template `labels`")


@check("The selector of a workload cannot change")
def selector_is_immutable(case: Case) -> None:
    case.create(DEPLOYMENTS, idle())
    labels = {"app": "web", "tier": "front"}
    change = {"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}
    answer = case.merge(WEB, change, status=422)
    answer.blames("spec.selector").because("Invalid", "field is immutable")


@check("Replicas and limits cannot be negative")
def negative(case: Case) -> None:
    answer = refused(case, replicas=-1, minReadySeconds=-2, revisionHistoryLimit=-3)
    answer.blames("spec.replicas", "spec.minReadySeconds", "spec.revisionHistoryLimit", cause="FieldValueInvalid")


@check("A Deployment's pods always restart")
def restart_policy(case: Case) -> None:
    body = deployment("web", 0, idle_template("web", restartPolicy="OnFailure"))
    answer = case.post(DEPLOYMENTS, body, status=422)
    answer.blames("spec.template.spec.restartPolicy", cause="FieldValueNotSupported")


@check("A rolling update must be able to go on: surge and unavailable cannot both be zero")
def rolling_update(case: Case) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}
    answer = refused(case, strategy=strategy)
    answer.blames("spec.strategy.rollingUpdate.maxUnavailable").because("Invalid", "may not be 0 when `maxSurge` is 0")


@check("A Deployment that is recreated has no parameters of a rolling update")
def recreate(case: Case) -> None:
    strategy: Obj = {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}
    refused(case, strategy=strategy).blames("spec.strategy.rollingUpdate", cause="FieldValueForbidden")
    made = case.create(DEPLOYMENTS, idle(strategy={"type": "Recreate"}))
    equal("strategy", made["spec"]["strategy"], {"type": "Recreate"})


@check("Going from rolling update to recreate needs the parameters to be removed")
def switch_strategy(case: Case) -> None:
    case.create(DEPLOYMENTS, idle())
    case.merge(WEB, {"spec": {"strategy": {"type": "Recreate"}}}, status=422).blames("spec.strategy.rollingUpdate")
    case.merge(WEB, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}})


@check("Fields that take a number or a percentage keep what was sent, and refuse anything else")
def int_or_string(case: Case) -> None:
    update = {"maxSurge": "30%", "maxUnavailable": 2}
    made = case.create(DEPLOYMENTS, idle(strategy={"type": "RollingUpdate", "rollingUpdate": update}))
    equal("parameters", made["spec"]["strategy"]["rollingUpdate"], update)
    wrong = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "a third"}}
    refused(case, strategy=wrong).blames("spec.strategy.rollingUpdate.maxSurge")
    body = idle(strategy={"rollingUpdate": {"maxSurge": True}})
    case.post(DEPLOYMENTS, body, status=400).because("BadRequest")


@check("A small StatefulSet is completed with ordered pods and a rolling update")
def stateful_defaults(case: Case) -> None:
    made = case.create("apps/v1/statefulsets", workload("StatefulSet", "db", replicas=0))
    expected = {
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }
    covers("spec", made["spec"], expected)


@check("Of a StatefulSet the service name and the claims cannot change")
def stateful_immutable(case: Case) -> None:
    path = "apps/v1/statefulsets"
    case.create(path, workload("StatefulSet", "db", replicas=0, serviceName="one"))
    answer = case.merge(f"{path}/db", {"spec": {"serviceName": "two"}}, status=422)
    answer.blames("spec", cause="FieldValueForbidden").because(
        "Invalid", "updates to statefulset spec for fields other than"
    )
    case.merge(f"{path}/db", {"spec": {"minReadySeconds": 3}})


@check("A small DaemonSet is completed with a rolling update of one node at a time")
def daemon_defaults(case: Case) -> None:
    pods = idle_template("agent", nodeSelector={"example.org/nobody": "true"})
    made = case.create("apps/v1/daemonsets", workload("DaemonSet", "agent", pods))
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    covers("spec", made["spec"], {"updateStrategy": update, "revisionHistoryLimit": 10})


@check("A small Job is completed with one completion, six retries and a selector of its own")
def job_defaults(case: Case) -> None:
    made = case.create("batch/v1/jobs", job("sum", suspend=True))
    expected = {"completions": 1, "parallelism": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": True}
    covers("spec", made["spec"], expected)
    label = {"batch.kubernetes.io/controller-uid": made["metadata"]["uid"]}
    equal("selector", made["spec"]["selector"], {"matchLabels": label})
    covers("labels of the pods", made["spec"]["template"]["metadata"]["labels"], {**label, "job-name": "sum"})


@check("A Job's pods never restart by themselves, or on failure alone")
def job_restart_policy(case: Case) -> None:
    body = job("sum", suspend=True)
    del body["spec"]["template"]["spec"]["restartPolicy"]
    answer = case.post("batch/v1/jobs", body, status=422)
    answer.blames("spec.template.spec.restartPolicy")
    contains("message", answer.look("message"), '"OnFailure", "Never"')


@check("A Job brings its own selector only where it says so")
def job_selector(case: Case) -> None:
    body = job("sum", suspend=True, selector={"matchLabels": {"app": "sum"}})
    case.post("batch/v1/jobs", body, status=422).because("Invalid")


@check("The template and the completions of a Job cannot change, its parallelism can")
def job_immutable(case: Case) -> None:
    case.create("batch/v1/jobs", job("sum", suspend=True))
    case.merge("batch/v1/jobs/sum", {"spec": {"completions": 3}}, status=422).blames("spec.completions")
    after = case.merge("batch/v1/jobs/sum", {"spec": {"parallelism": 3}})
    equal("parallelism", after.look("spec.parallelism"), 3)


@check("An indexed Job needs its completions")
def indexed_job(case: Case) -> None:
    body = job("sum", suspend=True, completionMode="Indexed", parallelism=2)
    case.post("batch/v1/jobs", body, status=422).blames("spec.completions", cause="FieldValueRequired")


@check("A CronJob needs a schedule in the format of cron")
def cron_schedule(case: Case) -> None:
    spec = {"schedule": "every day", "jobTemplate": {"spec": job("x")["spec"]}}
    case.post("batch/v1/cronjobs", {"metadata": {"name": "tick"}, "spec": spec}, status=422).blames("spec.schedule")
    made = case.create("batch/v1/cronjobs", {"metadata": {"name": "tick"}, "spec": spec | {"schedule": "@yearly"}})
    expected = {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    covers("spec", made["spec"], expected)


@check("A disruption budget says what must be available or what may be missing, not both")
def budget(case: Case) -> None:
    spec = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1, "maxUnavailable": "50%"}
    answer = case.post("policy/v1/poddisruptionbudgets", {"metadata": {"name": "keep"}, "spec": spec}, status=422)
    answer.blames("spec")


@check("An autoscaler is completed with one replica and a target of the cpu's use")
def autoscaler(case: Case) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"metadata": {"name": "grow"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3}}
    made = case.create("autoscaling/v2/horizontalpodautoscalers", body)
    equal("minReplicas", made["spec"]["minReplicas"], 1)
    metric = made["spec"]["metrics"][0]["resource"]
    equal("metric", metric, {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}})


@check("An autoscaler is one object, whichever version of its group it is read in")
def autoscaler_versions(case: Case) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"metadata": {"name": "grow"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3}}
    made = case.create("autoscaling/v2/horizontalpodautoscalers", body)
    old = case.read("autoscaling/v1/horizontalpodautoscalers/grow")
    equal("uid", old["metadata"]["uid"], made["metadata"]["uid"])
    equal("target in version 1", old["spec"]["targetCPUUtilizationPercentage"], 80)


@check("A claim is Pending, with a finalizer that protects it while it is used")
def claims(case: Case) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nobody",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    made = case.create("persistentvolumeclaims", {"metadata": {"name": "disk"}, "spec": spec})
    equal("phase and mode", (made["status"]["phase"], made["spec"]["volumeMode"]), ("Pending", "Filesystem"))
    contains("finalizers", made["metadata"]["finalizers"], "kubernetes.io/pvc-protection")


@check("A claim that is not bound cannot change")
def claim_is_immutable(case: Case) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nobody",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    case.create("persistentvolumeclaims", {"metadata": {"name": "disk"}, "spec": spec})
    change = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    answer = case.merge("persistentvolumeclaims/disk", change, status=422)
    answer.blames("spec", cause="FieldValueForbidden")
    holds("the rule is told", "spec is immutable after creation" in answer.look("message"))
