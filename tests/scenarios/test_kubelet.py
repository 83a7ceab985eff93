"""What a kubelet waits for and says: probes, environments, volumes, images, and the ways to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="kubelet")


def pod(name: str = "a", *, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    more = spec.pop("container", {})
    spec.setdefault("containers", [{"name": "c", "image": "i", **more}])
    meta: dict[str, Any] = {"name": name, "labels": {"app": "web"}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def status(kube: FakeCluster, name: str = "a") -> dict[str, Any]:
    kube.settle()
    found: dict[str, Any] = kube.get("pods", name)["status"]
    return found


def container(kube: FakeCluster, name: str = "a", place: str = "containerStatuses") -> dict[str, Any]:
    found: dict[str, Any] = status(kube, name)[place][0]
    return found


def waiting(kube: FakeCluster, name: str = "a") -> tuple[str, str]:
    state = container(kube, name)["state"].get("waiting") or {}
    return state.get("reason", ""), state.get("message", "")


def told(kube: FakeCluster, reason: str) -> list[str]:
    return [event["message"] for event in kube.list("events", "default") if event["reason"] == reason]


def config(name: str = "x", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def probe(**figures: int) -> dict[str, Any]:
    return {"httpGet": {"port": 80}, **figures}


# --- probes


def test_readiness_follows_the_probes_figures(kube: FakeCluster) -> None:
    kube.apply(pod(container={"readinessProbe": probe(initialDelaySeconds=5, periodSeconds=4, successThreshold=2)}))
    assert (container(kube)["started"], container(kube)["ready"]) == (True, False)
    kube.clock.advance(8.9)
    assert not container(kube)["ready"]
    kube.clock.advance(0.2)
    assert container(kube)["ready"]
    ready = next(each for each in status(kube)["conditions"] if each["type"] == "Ready")
    assert ready["status"] == "True"


def test_a_startup_probe_holds_the_others_back(kube: FakeCluster) -> None:
    more = {"startupProbe": probe(initialDelaySeconds=30), "readinessProbe": probe(initialDelaySeconds=1)}
    kube.apply(pod(container=more))
    kube.clock.advance(29)
    assert (container(kube)["started"], container(kube)["ready"]) == (False, False)
    kube.clock.advance(1)
    assert (container(kube)["started"], container(kube)["ready"]) == (True, True)


def test_a_sidecar_that_is_not_started_holds_the_pod_back(kube: FakeCluster) -> None:
    sidecar = {"name": "s", "image": "i", "restartPolicy": "Always", "startupProbe": probe(initialDelaySeconds=10)}
    kube.apply(pod(initContainers=[sidecar]))
    assert (status(kube)["phase"], waiting(kube)[0]) == ("Pending", "PodInitializing")
    kube.clock.advance(10)
    assert (status(kube)["phase"], container(kube)["ready"]) == ("Running", True)


def test_a_status_that_is_written_after_the_probes_have_spoken_stays(kube: FakeCluster) -> None:
    kube.apply(pod(container={"readinessProbe": probe(initialDelaySeconds=1)}))
    kube.clock.advance(2)
    unready = {**container(kube), "ready": False}
    kube.patch("pods", "a", {"status": {"containerStatuses": [unready]}}, subresource="status")
    kube.clock.advance(60)
    assert not container(kube)["ready"]


def test_probes_that_fail_kill_the_container(kube: FakeCluster) -> None:
    kube.pods.behave({}, name="a", live=False)
    kube.pods.behave({}, name="b", started=False)
    kube.apply(
        pod(container={"livenessProbe": probe(periodSeconds=5, failureThreshold=2)}),
        pod("b", container={"startupProbe": probe(periodSeconds=5, failureThreshold=3)}),
    )
    kube.clock.advance(5)
    assert (container(kube)["restartCount"], container(kube, "b")["restartCount"]) == (1, 0)
    kube.clock.advance(5)
    assert container(kube, "b")["lastState"]["terminated"]["exitCode"] == 137
    assert "Container c failed liveness probe, will be restarted" in told(kube, "Killing")
    assert "Container c failed startup probe, will be restarted" in told(kube, "Killing")


# --- environments, volumes, images


def test_a_missing_key_is_waited_for(kube: FakeCluster) -> None:
    env = [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "k"}}}]
    kube.apply(pod(container={"env": env}))
    assert waiting(kube) == ("CreateContainerConfigError", 'configmap "x" not found')
    assert told(kube, "Failed") == ['Error: configmap "x" not found']
    kube.apply(config())
    assert waiting(kube) == ("CreateContainerConfigError", "couldn't find key k in ConfigMap default/x")
    assert status(kube)["phase"] == "Pending"
    kube.apply(config(k="v"))
    assert (status(kube)["phase"], container(kube)["restartCount"]) == ("Running", 0)


def test_what_is_optional_is_not_waited_for(kube: FakeCluster) -> None:
    source = {"secretRef": {"name": "x", "optional": True}}
    volume = {"name": "v", "secret": {"secretName": "x", "optional": True}}
    kube.apply(pod(container={"envFrom": [source]}, volumes=[volume]))
    assert status(kube)["phase"] == "Running"


def test_an_init_container_waits_for_its_secret(kube: FakeCluster) -> None:
    init = {"name": "i", "image": "i", "envFrom": [{"secretRef": {"name": "x"}}]}
    kube.apply(pod(initContainers=[init]))
    state = container(kube, place="initContainerStatuses")["state"]["waiting"]
    assert (state["reason"], state["message"]) == ("CreateContainerConfigError", 'secret "x" not found')
    kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})
    assert status(kube)["phase"] == "Running"


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        ({"configMap": {"name": "x"}}, 'configmap "x" not found'),
        ({"configMap": {"name": "x", "items": [{"key": "k", "path": "p"}]}}, 'configmap "x" not found'),
        ({"projected": {"sources": [{"configMap": {"name": "x"}}]}}, 'configmap "x" not found'),
    ],
)
def test_a_missing_volume_is_waited_for(kube: FakeCluster, volume: dict[str, Any], why: str) -> None:
    kube.apply(pod(volumes=[{"name": "v", **volume}]))
    assert (status(kube)["phase"], waiting(kube)[0]) == ("Pending", "ContainerCreating")
    assert told(kube, "FailedMount") == [f'MountVolume.SetUp failed for volume "v" : {why}']
    kube.apply(config(k="v"))
    assert status(kube)["phase"] == "Running"


def test_a_volume_lacks_a_key(kube: FakeCluster) -> None:
    kube.apply(config(), pod(volumes=[{"name": "v", "configMap": {"name": "x", "items": [{"key": "k", "path": "p"}]}}]))
    assert waiting(kube)[0] == "ContainerCreating"
    assert told(kube, "FailedMount")[0].endswith(": references non-existent config key: k")


def test_an_image_without_a_name_and_one_that_is_absent(kube: FakeCluster) -> None:
    kube.pods.behave({}, name="b", image_pull_error=True)
    kube.apply(pod(container={"image": "App"}), pod("b", container={"imagePullPolicy": "Never"}))
    assert waiting(kube)[0] == "InvalidImageName"
    assert waiting(kube, "b") == ("ErrImageNeverPull", 'Container image "i" is not present with pull policy of Never')
    assert sorted(told(kube, "Failed")) == ["Error: ErrImageNeverPull", "Error: InvalidImageName"]
    kube.patch("pods", "a", {"spec": {"containers": [{"name": "c", "image": "app"}]}}, type="strategic")
    assert status(kube)["phase"] == "Running"


def test_what_the_runtime_cannot_start_backs_off(kube: FakeCluster) -> None:
    broken = kube.pods.behave({}, start_error='exec: "x": not found')
    kube.apply(pod(), pod("never", restartPolicy="Never"))
    assert waiting(kube)[0] == "CrashLoopBackOff"
    last = container(kube)["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"], last["message"]) == (128, "StartError", 'exec: "x": not found')
    assert (status(kube, "never")["phase"], status(kube)["phase"]) == ("Failed", "Running")
    broken.remove()
    kube.clock.advance(10)
    assert (container(kube)["ready"], container(kube)["restartCount"]) == (True, 2)


# --- stops


def hold(kube: FakeCluster, *names: str) -> None:
    for name in names:
        kube.patch("pods", name, {"metadata": {"finalizers": ["example.com/held"]}})


def ends(kube: FakeCluster, name: str) -> tuple[str, list[int]]:
    found = status(kube, name)
    return found["phase"], [each["state"]["terminated"]["exitCode"] for each in found["containerStatuses"]]


def test_who_does_not_heed_the_signal_is_killed(kube: FakeCluster) -> None:
    kube.pods.behave({}, name="slow", stop_after=60)
    kube.pods.behave({}, name="fine", stop_code=0)
    kube.apply(pod("slow", terminationGracePeriodSeconds=5), pod("fine"), pod("usual"))
    kube.settle()
    hold(kube, "slow", "fine", "usual")
    for name in ("slow", "fine", "usual"):
        kube.delete("pods", name)
    kube.clock.advance(5)
    assert ends(kube, "slow") == ("Failed", [137])
    assert ends(kube, "fine") == ("Succeeded", [0])
    assert ends(kube, "usual") == ("Failed", [143])


def test_a_hook_that_sleeps_puts_the_stop_off(kube: FakeCluster) -> None:
    kube.apply(pod(container={"lifecycle": {"preStop": {"sleep": {"seconds": 7}}}}))
    kube.settle()
    kube.delete("pods", "a")
    kube.clock.advance(6)
    assert len(kube.list("pods", "default")) == 1
    kube.clock.advance(1)
    assert kube.list("pods", "default") == []


def test_sidecars_stop_after_the_main_containers(kube: FakeCluster) -> None:
    sidecars = [{"name": name, "image": "i", "restartPolicy": "Always"} for name in ("first", "second")]
    kube.pods.behave({}, stop_after=2)
    for name in ("first", "second"):
        kube.pods.behave({}, container=name, stop_after=3, stop_code=0)
    kube.apply(pod(initContainers=sidecars))
    kube.settle()
    hold(kube, "a")
    kube.delete("pods", "a")
    kube.clock.advance(8)
    found = status(kube)
    times = [each["state"]["terminated"]["finishedAt"][-3:-1] for each in found["initContainerStatuses"]]
    main = found["containerStatuses"][0]["state"]["terminated"]["finishedAt"][-3:-1]
    begun = int(main) - 2
    assert [int(times[1]) - begun, int(times[0]) - begun] == [5, 8]


# --- changes of a running pod


def resized(kube: FakeCluster, name: str, **requests: str) -> None:
    body = {"spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}}
    kube.patch("pods", name, body, type="strategic", subresource="resize")
    kube.settle()


def test_another_image_starts_the_container_anew(kube: FakeCluster) -> None:
    kube.apply(pod())
    kube.clock.advance(5)
    kube.patch("pods", "a", {"spec": {"containers": [{"name": "c", "image": "i:2"}]}}, type="strategic")
    found = container(kube)
    assert (found["image"], found["restartCount"], found["ready"]) == ("i:2", 1, True)
    assert found["lastState"]["terminated"]["exitCode"] == 143
    assert status(kube)["observedGeneration"] == kube.get("pods", "a")["metadata"]["generation"] == 2
    assert told(kube, "Killing") == ["Container c definition changed, will be restarted"]


def test_resources_change_in_place(kube: FakeCluster) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    kube.apply(pod(container={"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}, "resizePolicy": policy}))
    assert container(kube)["allocatedResources"] == {"cpu": "1", "memory": "1Gi"}
    resized(kube, "a", cpu="2")
    found = container(kube)
    assert (found["resources"]["requests"]["cpu"], found["allocatedResources"]["cpu"]) == ("2", "2")
    assert found["restartCount"] == 0
    assert told(kube, "ResizeCompleted")[0].startswith('Pod resize completed: {"containers":[{"name":"c",')
    resized(kube, "a", memory="2Gi")
    assert (container(kube)["restartCount"], container(kube)["resources"]["requests"]["memory"]) == (1, "2Gi")


def test_a_resize_waits_for_room(kube: FakeCluster) -> None:
    asks = {"resources": {"requests": {"cpu": "2"}}}
    kube.apply(pod(container=asks, nodeName="node-1"), pod("b", container=asks, nodeName="node-1"))
    kube.settle()
    resized(kube, "a", cpu="3")
    pending = next(each for each in status(kube)["conditions"] if each["type"] == "PodResizePending")
    assert (pending["status"], pending["reason"], pending["observedGeneration"]) == ("True", "Deferred", 2)
    assert pending["message"] == "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000"
    assert container(kube)["resources"]["requests"]["cpu"] == "2"
    kube.delete("pods", "b")
    assert container(kube)["resources"]["requests"]["cpu"] == "3"
    assert "PodResizePending" not in {each["type"] for each in status(kube)["conditions"]}


def test_an_ephemeral_container_runs_beside_the_others(kube: FakeCluster) -> None:
    kube.apply(pod())
    kube.settle()
    body = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox", "targetContainerName": "c"}]}}
    kube.patch("pods", "a", body, type="strategic", subresource="ephemeralcontainers")
    found = status(kube)["ephemeralContainerStatuses"][0]
    assert (found["name"], found["ready"], set(found["state"])) == ("debug", False, {"running"})
    hold(kube, "a")
    kube.delete("pods", "a")
    assert set(status(kube)["ephemeralContainerStatuses"][0]["state"]) == {"terminated"}


def test_a_rule_of_one_container_starts_all_of_them_again(kube: FakeCluster) -> None:
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
    source = {"name": "source", "image": "i", "restartPolicy": "Never", "restartPolicyRules": [rule]}
    kube.pods.behave({}, container="source", exit_code=42, exit_after=5, fail_first=1)
    init, main = {"name": "init", "image": "i"}, {"name": "c", "image": "i"}
    kube.apply(pod(restartPolicy="Never", containers=[main, source], initContainers=[init]))
    kube.clock.advance(5)
    found = status(kube)
    assert found["phase"] == "Running"
    counts = {
        each["name"]: each["restartCount"] for each in (*found["containerStatuses"], *found["initContainerStatuses"])
    }
    assert counts == {"c": 1, "source": 1, "init": 1}
    main_ended, source_ended = (each["lastState"]["terminated"] for each in found["containerStatuses"])
    assert (main_ended["reason"], main_ended["exitCode"], source_ended["exitCode"]) == (
        "RestartingAllContainers",
        137,
        42,
    )
    kube.clock.advance(60)
    assert [each["restartCount"] for each in status(kube)["containerStatuses"]] == [1, 1]


def test_commands_are_expanded(kube: FakeCluster) -> None:
    env = [{"name": "PORT", "value": "80"}, {"name": "URL", "value": "http://$(POD):$(PORT)"}]
    env.insert(0, {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})  # type: ignore[dict-item]
    kube.apply(
        pod(container={"env": env, "command": ["serve", "$(URL)", "$(NONE)", "$$(PORT)"], "args": ["-p$(PORT)"]})
    )
    kube.settle()
    assert kube.pods.command("a") == (["serve", "http://a:80", "$(NONE)", "$(PORT)"], ["-p80"])
