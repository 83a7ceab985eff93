"""The objects that a simulated life is made of: each kind's smallest sensible form, with chance in what matters."""

from __future__ import annotations

from random import Random
from typing import Any

Obj = dict[str, Any]
NAMESPACE = "simulated"
PORT = {"name": "http", "containerPort": 8080}
CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "simulated", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "fakekube.dev",
}
CLAIM: Obj = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
RETENTIONS = ("Retain", "Delete")
BEHAVIOURS: tuple[dict[str, str], ...] = (
    {"fakekube/exit-code": "0", "fakekube/exit-after": "20"},
    {"fakekube/exit-code": "0", "fakekube/exit-after": "20"},
    {"fakekube/exit-code": "1", "fakekube/exit-after": "5"},
    {},
)
"""How pods of Jobs behave."""


def _object(version: str, kind: str, name: str, spec: Obj, **metadata: Any) -> Obj:
    meta = {"name": name, "namespace": NAMESPACE, **metadata}
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}


def _template(name: str, chance: Random, **spec: Any) -> Obj:
    container: Obj = {"name": "c", "image": "i:1", "ports": [PORT]}
    if chance.random() < 0.3:
        container["resources"] = {"requests": {"cpu": "500m"}}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def _selector(name: str) -> Obj:
    return {"matchLabels": {"app": name}}


def deployment(name: str, chance: Random) -> Obj:
    spec: Obj = {"replicas": chance.randint(0, 5), "selector": _selector(name), "template": _template(name, chance)}
    spec["revisionHistoryLimit"] = chance.choice((0, 2, 10))
    if chance.random() < 0.3:
        spec["strategy"] = {"type": "Recreate"}
    elif chance.random() < 0.5:
        surge = chance.randint(0, 2)
        spec["strategy"] = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": chance.randint(not surge, 2)}}
    if chance.random() < 0.2:
        spec["minReadySeconds"] = 10
    return _object("apps/v1", "Deployment", name, spec)


def replica_set(name: str, chance: Random) -> Obj:
    spec = {"replicas": chance.randint(0, 5), "selector": _selector(name), "template": _template(name, chance)}
    return _object("apps/v1", "ReplicaSet", name, spec)


def replication_controller(name: str, chance: Random) -> Obj:
    spec = {"replicas": chance.randint(0, 4), "selector": {"app": name}, "template": _template(name, chance)}
    return _object("v1", "ReplicationController", name, spec)


def stateful_set(name: str, chance: Random) -> Obj:
    spec: Obj = {"replicas": chance.randint(0, 4), "selector": _selector(name), "template": _template(name, chance)}
    spec["podManagementPolicy"] = chance.choice(("OrderedReady", "Parallel"))
    spec["serviceName"] = name
    if chance.random() < 0.3:
        spec["ordinals"] = {"start": chance.randint(1, 3)}
    spec["revisionHistoryLimit"] = chance.choice((0, 1, 10))
    if chance.random() < 0.3:
        spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": chance.randint(0, 3)}}
    if chance.random() < 0.3:
        spec["volumeClaimTemplates"] = [CLAIM]
        spec["persistentVolumeClaimRetentionPolicy"] = retention(chance)
    return _object("apps/v1", "StatefulSet", name, spec)


def retention(chance: Random) -> Obj:
    """What becomes of claims."""
    return {"whenDeleted": chance.choice(RETENTIONS), "whenScaled": chance.choice(RETENTIONS)}


def daemon_set(name: str, chance: Random) -> Obj:
    spec: Obj = {"selector": _selector(name), "template": _template(name, chance)}
    spec["revisionHistoryLimit"] = chance.choice((0, 1, 10))
    if chance.random() < 0.3:
        spec["updateStrategy"] = {"type": "OnDelete"}
    elif chance.random() < 0.3:
        spec["updateStrategy"] = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return _object("apps/v1", "DaemonSet", name, spec)


def _job_spec(name: str, chance: Random) -> Obj:
    template = _template(name, chance, restartPolicy=chance.choice(("Never", "OnFailure")))
    template["metadata"]["annotations"] = dict(chance.choice(BEHAVIOURS))
    spec: Obj = {"template": template, "parallelism": chance.randint(0, 3), "completions": chance.randint(1, 4)}
    spec["backoffLimit"] = chance.randint(0, 3)
    if chance.random() < 0.4:
        spec["completionMode"] = "Indexed"
        if template["spec"]["restartPolicy"] == "Never" and chance.random() < 0.4:
            del spec["backoffLimit"]
            spec["backoffLimitPerIndex"] = 1
            if chance.random() < 0.5:
                spec["maxFailedIndexes"] = chance.randint(0, 1)
        if chance.random() < 0.2:
            spec["successPolicy"] = {"rules": [{"succeededCount": 1}]}
    if template["spec"]["restartPolicy"] == "Never" and chance.random() < 0.3:
        codes = {"operator": "In", "values": [1]}
        rule = {"action": chance.choice(("Ignore", "FailJob", "Count")), "onExitCodes": codes}
        spec["podFailurePolicy"] = {"rules": [rule]}
    elif chance.random() < 0.2:
        spec["podReplacementPolicy"] = "Failed"
    if chance.random() < 0.2:
        spec["ttlSecondsAfterFinished"] = 100
    if chance.random() < 0.2:
        spec["activeDeadlineSeconds"] = 100
    return spec


def job(name: str, chance: Random) -> Obj:
    return _object("batch/v1", "Job", name, _job_spec(name, chance))


def cron_job(name: str, chance: Random) -> Obj:
    spec: Obj = {"schedule": chance.choice(("* * * * *", "*/5 * * * *", "0 * * * *"))}
    spec["concurrencyPolicy"] = chance.choice(("Allow", "Forbid", "Replace"))
    spec["jobTemplate"] = {"spec": _job_spec(name, chance)}
    annotations = spec["jobTemplate"]["spec"]["template"]["metadata"]["annotations"]
    annotations |= {} if annotations else BEHAVIOURS[0]  # in an hour, sixty that never end leave no room
    spec["successfulJobsHistoryLimit"] = chance.randint(0, 3)
    return _object("batch/v1", "CronJob", name, spec)


def pod(name: str, chance: Random) -> Obj:
    template = _template(name, chance)
    return _object("v1", "Pod", name, template["spec"], labels=template["metadata"]["labels"])


def service(name: str, chance: Random) -> Obj:
    spec: Obj = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    if chance.random() < 0.3:
        spec["clusterIP"] = "None"
    if chance.random() < 0.2:
        spec["publishNotReadyAddresses"] = True
    return _object("v1", "Service", name, spec)


def disruption_budget(name: str, chance: Random) -> Obj:
    spec = {"selector": _selector(name), chance.choice(("minAvailable", "maxUnavailable")): chance.randint(0, 2)}
    return _object("policy/v1", "PodDisruptionBudget", name, spec)


WORKLOADS = {
    "deployments.apps": deployment,
    "replicasets.apps": replica_set,
    "replicationcontrollers": replication_controller,
    "statefulsets.apps": stateful_set,
    "daemonsets.apps": daemon_set,
    "jobs.batch": job,
    "cronjobs.batch": cron_job,
    "pods": pod,
}
BESIDE = {"services": service, "poddisruptionbudgets.policy": disruption_budget}
MADE = {**WORKLOADS, **BESIDE}
SCALED = ("deployments.apps", "replicasets.apps", "replicationcontrollers", "statefulsets.apps")
ROLLED = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
"""Whose template is rolled out when it changes."""
QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "simulated", "namespace": NAMESPACE}}
