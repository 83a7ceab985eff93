"""Pods that behave as a test wants them to, by the cluster's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="pods")


def pod(name: str = "a", **spec: Any) -> dict[str, Any]:
    containers = spec.pop("containers", [{"name": "c", "image": "i"}])
    meta = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers, **spec}}


def deployment(**spec: Any) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    whole = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


def job(**spec: Any) -> dict[str, Any]:
    policy = spec.pop("restartPolicy", "Never")
    template = {
        "metadata": {"labels": {"app": "job"}},
        "spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "i"}]},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job"},
        "spec": {"template": template, **spec},
    }


def container(kube: FakeCluster, name: str = "a", place: str = "containerStatuses") -> dict[str, Any]:
    found: dict[str, Any] = kube.get("pods", name)["status"][place][0]
    return found


def waiting(kube: FakeCluster, name: str = "a", place: str = "containerStatuses") -> str:
    state = container(kube, name, place)["state"]
    return str(state["waiting"]["reason"]) if "waiting" in state else next(iter(state))


def is_ready(kube: FakeCluster, name: str = "a") -> bool:
    conditions = kube.get("pods", name)["status"]["conditions"]
    return next(each["status"] for each in conditions if each["type"] == "Ready") == "True"


def phase(kube: FakeCluster, name: str = "a") -> str:
    return str(kube.get("pods", name)["status"]["phase"])


def test_a_crash_loop_backs_off_for_an_hour(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, crash=3)
    kube.apply(pod())
    kube.settle()
    assert (waiting(kube), container(kube)["restartCount"], phase(kube)) == ("CrashLoopBackOff", 1, "Running")
    assert container(kube)["lastState"]["terminated"]["exitCode"] == 3
    restarts = []
    for moment in (9, 10, 29, 30, 69, 70, 150, 310, 609, 610, 910):
        kube.clock.advance(moment - sum(step for step, _ in restarts))
        restarts.append((moment - sum(step for step, _ in restarts), container(kube)["restartCount"]))
    assert [count for _, count in restarts] == [1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8]
    kube.clock.advance(3600 - 910)
    assert container(kube)["restartCount"] == 16
    assert "back-off 5m0s restarting failed container=c" in container(kube)["state"]["waiting"]["message"]
    assert {event["reason"] for event in kube.list("events", "default")} >= {"BackOff"}


def test_a_container_that_runs_for_long_is_forgiven(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, exit_code=1, exit_after=700)
    kube.apply(pod())
    kube.clock.advance(3 * 700 + 1)
    assert (waiting(kube), container(kube)["restartCount"]) == ("running", 3)


def test_a_crash_ends_with_its_rule(kube: FakeCluster) -> None:
    with kube.pods.behave("app=web", crash=True):
        kube.apply(pod())
        kube.settle()
        assert waiting(kube) == "CrashLoopBackOff"
    kube.clock.advance(10)
    assert (waiting(kube), is_ready(kube)) == ("running", True)


def test_the_first_runs_fail(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, fail_first=3)
    kube.apply(pod())
    kube.clock.advance(29)
    assert waiting(kube) == "CrashLoopBackOff"
    kube.clock.advance(1)
    assert (waiting(kube), container(kube)["restartCount"], is_ready(kube)) == ("running", 3, True)


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_job_that_fails_twice_and_then_ends_well(kube: FakeCluster, policy: str) -> None:
    kube.pods.behave({"app": "job"}, fail_first=2, exit_code=0, exit_after=1)
    kube.apply(job(restartPolicy=policy))
    kube.clock.advance(minutes=5)
    status = kube.get("jobs", "job")["status"]
    assert (status["succeeded"], status.get("failed", 0)) == (1, 2 if policy == "Never" else 0)


def test_a_container_is_killed_for_want_of_memory(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, oom=True, exit_after=5)
    kube.apply(pod(restartPolicy="Never"))
    kube.settle()
    assert phase(kube) == "Running"
    kube.clock.advance(5)
    ended = container(kube)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"], phase(kube)) == ("OOMKilled", 137, "Failed")


def test_an_image_cannot_be_pulled(kube: FakeCluster) -> None:
    rule = kube.pods.behave({"app": "web"}, image_pull_error=True)
    kube.apply(pod())
    kube.clock.advance(minutes=1)
    assert (waiting(kube), phase(kube)) == ("ImagePullBackOff", "Pending")
    reasons = [event["reason"] for event in kube.list("events", "default")]
    assert {"Failed", "BackOff"} <= set(reasons)
    rule.remove()
    kube.settle()
    assert (waiting(kube), is_ready(kube)) == ("running", True)


def test_readiness(kube: FakeCluster) -> None:
    kube.apply(pod(), pod("b"))
    kube.settle()
    held = kube.pods.behave("app=web", name="a", ready=False)
    kube.settle()
    assert (is_ready(kube), is_ready(kube, "b"), phase(kube)) == (False, True, "Running")
    held.remove()
    kube.settle()
    assert is_ready(kube)
    kube.pods.behave("app=web", ready_after=3)
    kube.apply(pod("late"))
    kube.clock.advance(2.9)
    assert not is_ready(kube, "late")
    kube.clock.advance(0.1)
    assert is_ready(kube, "late")


def test_a_container_that_is_not_healthy_is_started_anew(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, unhealthy_after=30)
    kube.apply(pod())
    kube.clock.advance(29)
    assert (is_ready(kube), container(kube)["restartCount"]) == (True, 0)
    kube.clock.advance(1)
    assert (waiting(kube), container(kube)["restartCount"]) == ("running", 1)
    assert container(kube)["lastState"]["terminated"]["exitCode"] == 137
    assert "Unhealthy" in {event["reason"] for event in kube.list("events", "default")}


def test_a_slow_start_passes_the_progress_deadline(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, start_after=90)
    kube.apply(deployment(progressDeadlineSeconds=60))

    def progressing() -> tuple[str, str]:
        found = kube.get("deployments", "web")["status"]["conditions"]
        return next((each["status"], each["reason"]) for each in found if each["type"] == "Progressing")

    kube.clock.advance(59)
    assert progressing() == ("True", "ReplicaSetUpdated")
    kube.clock.advance(5)
    assert progressing() == ("False", "ProgressDeadlineExceeded")
    kube.clock.advance(30)
    assert progressing() == ("True", "NewReplicaSetAvailable")
    assert kube.get("deployments", "web")["status"]["readyReplicas"] == 2


def test_stopping_takes_its_time(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, stop_after=20)
    kube.apply(pod(terminationGracePeriodSeconds=60))
    kube.settle()
    kube.delete("pods", "a")
    kube.clock.advance(19)
    assert phase(kube) == "Running"
    kube.clock.advance(1)
    assert kube.list("pods", "default") == []


def test_init_containers_run_one_after_the_other(kube: FakeCluster) -> None:
    inits = [{"name": "first", "image": "i"}, {"name": "proxy", "image": "i", "restartPolicy": "Always"}]
    kube.pods.behave({"app": "web"}, container="first", exit_code=0, exit_after=10)
    kube.apply(pod(initContainers=inits))
    kube.settle()
    assert (waiting(kube, place="initContainerStatuses"), waiting(kube), phase(kube)) == (
        "running",
        "PodInitializing",
        "Pending",
    )
    kube.clock.advance(10)
    first, proxy = kube.get("pods", "a")["status"]["initContainerStatuses"]
    assert first["state"]["terminated"]["exitCode"] == 0
    assert "running" in proxy["state"]
    assert (phase(kube), is_ready(kube)) == ("Running", True)


def test_an_init_container_that_fails(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, container="first", exit_code=2)
    init = [{"name": "first", "image": "i"}]
    kube.apply(pod(initContainers=init), pod("once", initContainers=init, restartPolicy="Never"))
    kube.clock.advance(30)
    assert (waiting(kube, place="initContainerStatuses"), phase(kube)) == ("CrashLoopBackOff", "Pending")
    assert phase(kube, "once") == "Failed"


def initialized(kube: FakeCluster) -> tuple[str, str]:
    conditions = kube.get("pods", "a")["status"]["conditions"]
    return next((each["status"], each.get("reason", "")) for each in conditions if each["type"] == "Initialized")


@pytest.mark.parametrize("code", [0, 1])
def test_a_pod_is_initialized_when_its_init_containers_have_ended_well(kube: FakeCluster, code: int) -> None:
    kube.pods.behave("app=web", container="first", exit_code=code, exit_after=10)
    kube.apply(pod(initContainers=[{"name": "first", "image": "i"}], restartPolicy="Never"))
    kube.settle()
    first = container(kube, place="initContainerStatuses")
    assert (first["ready"], first["started"], initialized(kube)) == (False, True, ("False", "ContainersNotInitialized"))
    kube.clock.advance(10)
    assert container(kube, place="initContainerStatuses")["ready"] is (code == 0)
    assert initialized(kube) == (("True", "") if code == 0 else ("False", "ContainersNotInitialized"))
    assert phase(kube) == ("Running" if code == 0 else "Failed")


def test_a_time_alone_says_that_containers_end_well(kube: FakeCluster) -> None:
    kube.pods.behave("app=web", exit_after=10)
    kube.apply(pod(restartPolicy="Never"))
    kube.clock.advance(9)
    assert phase(kube) == "Running"
    kube.clock.advance(1)
    assert phase(kube) == "Succeeded"


def test_each_start_that_fails_is_told(kube: FakeCluster) -> None:
    kube.pods.behave("app=web", start_error="no such file")
    kube.apply(pod())
    kube.clock.advance(35)
    told = [each["count"] for each in kube.list("events") if each["message"] == "Error: no such file"]
    assert (told, container(kube)["restartCount"]) == ([4], 3)


def test_one_container_of_several_crashes(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, container="side", crash=True)
    kube.apply(pod(containers=[{"name": "c", "image": "i"}, {"name": "side", "image": "i"}]))
    kube.settle()
    main, side = kube.get("pods", "a")["status"]["containerStatuses"]
    assert ("running" in main["state"], side["state"]["waiting"]["reason"]) == (True, "CrashLoopBackOff")
    ready = next(each for each in kube.get("pods", "a")["status"]["conditions"] if each["type"] == "Ready")
    assert ready["message"] == "containers with unready status: [side]"


def test_the_kubelet_evicts_and_keeps_deadlines(kube: FakeCluster) -> None:
    kube.pods.behave({"app": "web"}, name="a", evict_after=60)
    kube.apply(pod(), pod("b", activeDeadlineSeconds=90))
    kube.clock.advance(60)
    assert kube.get("pods", "a")["status"]["reason"] == "Evicted"
    assert phase(kube, "b") == "Running"
    kube.clock.advance(30)
    assert kube.get("pods", "b")["status"]["reason"] == "DeadlineExceeded"


def test_rules_are_gone_after_a_reset(kube: FakeCluster) -> None:
    kube.pods.behave({}, crash=True)
    kube.reset()
    kube.apply(pod())
    kube.settle()
    assert waiting(kube) == "running"


async def test_rules_from_coroutines(kube: FakeCluster) -> None:
    told = await kube.aio.pods.behave({"app": "web"}, ready=False)
    await kube.aio.apply(pod())
    await kube.aio.settle()
    assert not is_ready(kube)
    await told.remove()
    await kube.aio.settle()
    assert is_ready(kube)


def test_what_cannot_be_is_refused(kube: FakeCluster) -> None:
    with pytest.raises(ValueError, match="say how they are to behave"):
        kube.pods.behave({"app": "web"})
    with pytest.raises(ValueError, match="exit_after must be a number of seconds, 0 or more"):
        kube.pods.behave({"app": "web"}, exit_after=-1)
    with pytest.raises(TypeError, match="'sleepy' is no behaviour"):
        kube.pods.behave({"app": "web"}, sleepy=True)  # type: ignore[call-arg]
    with pytest.raises(ValueError):
        kube.pods.behave("app in", crash=True)
    with pytest.raises(TypeError, match="the value of the label 'app' must be text, not 1"):
        kube.pods.behave({"app": 1}, crash=True)  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="labels or the text of a selector"):
        kube.pods.behave(["app"], crash=True)  # type: ignore[arg-type]


@pytest.mark.fakekube(clock="virtual", tls=False, seed="pods", load=())
def test_annotations_say_the_same(kube: FakeCluster) -> None:
    made = pod()
    made["metadata"]["annotations"] = {"fakekube/start-after": "10", "fakekube/ready-after": "5"}
    once = pod("once")
    once["metadata"]["annotations"] = {"fakekube/exit-code": "1"}
    kube.apply(made, once)
    kube.clock.advance(14)
    assert (waiting(kube), is_ready(kube)) == ("running", False)
    kube.clock.advance(1)
    assert is_ready(kube)
    kube.clock.advance(minutes=30)
    assert (waiting(kube, "once"), container(kube, "once")["restartCount"]) == ("CrashLoopBackOff", 1)


def test_what_a_container_would_see(kube: FakeCluster) -> None:
    db = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": {"ports": [{"port": 5432}]}}
    conf = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"MODE": "fast"}}
    env = [{"name": "URL", "value": "$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)"}]
    seen = {"name": "c", "image": "i", "env": env, "envFrom": [{"configMapRef": {"name": "conf"}}]}
    kube.apply(db, conf, pod(containers=[seen]))
    kube.settle()
    found = kube.pods.environment("a")
    host = kube.get("services", "db")["spec"]["clusterIP"]
    assert (found["MODE"], found["URL"], found["KUBERNETES_SERVICE_HOST"]) == ("fast", f"{host}:5432", "10.96.0.1")
    with pytest.raises(ValueError, match="no container 'x'; it has c"):
        kube.pods.environment("a", container="x")
