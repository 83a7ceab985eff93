"""Stages as KWOK writes them, played by a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from pathlib import Path

    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="pods")

SLOW = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-start}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.phase, operator: In, values: [Pending]}
    - {key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ['True']}
  delay:
    durationMilliseconds: 5000
    durationFrom: {expressionFrom: '.metadata.annotations["example.com/delay"]'}
  next:
    event: {type: Normal, reason: Begun, message: It has begun}
    finalizers: {add: [{value: example.com/kept}]}
    statusTemplate: |
      {{ $now := Now }}
      phase: Running
      startTime: {{ $now | Quote }}
      conditions:
      {{ range $kind := list "Initialized" "Ready" "ContainersReady" }}
      - {type: {{ $kind }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
      {{ end }}
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        ready: true
        restartCount: 0
        state: {running: {startedAt: {{ $now | Quote }}}}
      {{ end }}
      hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
      {{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) "" .metadata.name .metadata.namespace }}
      podIP: {{ index . 0 | Quote }}
      podIPs: [{{ range . }}{ip: {{ . | Quote }}}{{ end }}]
      {{ end }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-let-go}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
    - {key: .metadata.finalizers, operator: Exists}
  next: {finalizers: {empty: true}}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-delete}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
    - {key: .metadata.finalizers, operator: DoesNotExist}
  delay: {durationMilliseconds: 1000}
  next: {delete: true}
"""
FAIL = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-fail}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchLabels: {fails: "true"}
    matchExpressions:
    - {key: .status.phase, operator: In, values: [Running]}
  delay: {durationMilliseconds: 1000}
  next:
    statusTemplate: |
      phase: Failed
      reason: {{ index .metadata.labels "why" | default "Broken" }}
"""
GATES = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: certificate-ready}
spec:
  resourceRef: {apiGroup: example.com/v1, kind: Certificate}
  selector:
    matchExpressions:
    - cel: {expression: "!has(self.status) && self.spec.name.startsWith('web')"}
  delay: {durationMilliseconds: 60000, jitterDurationMilliseconds: 90000}
  steps:
  - patch:
      subresource: status
      root: status
      template: |
        ready: true
        names: {{ list .spec.name (printf "www.%s" .spec.name) | toJson }}
"""
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "certificates.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "certificates", "singular": "certificate", "kind": "Certificate"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}


def pod(name: str = "a", **meta: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "i"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **meta}, "spec": spec}


def phases(kube: FakeCluster) -> dict[str, str]:
    return {each["metadata"]["name"]: each["status"]["phase"] for each in kube.list("pods", "default")}


def test_pods_live_by_stages(kube: FakeCluster) -> None:
    kube.pods.stages(SLOW)
    kube.apply(pod(), pod("slow", annotations={"example.com/delay": "1m"}))
    kube.clock.advance(4.9)
    assert phases(kube) == {"a": "Pending", "slow": "Pending"}
    kube.clock.advance(0.1)
    found = kube.get("pods", "a")
    assert (found["status"]["phase"], found["metadata"]["finalizers"]) == ("Running", ["example.com/kept"])
    assert found["status"]["podIPs"] == [{"ip": found["status"]["podIP"]}]
    assert found["status"]["podIP"].startswith("10.244.")
    assert [event["message"] for event in kube.list("events", "default") if event["reason"] == "Begun"] == [
        "It has begun"
    ]
    kube.clock.advance(55)
    assert phases(kube) == {"a": "Running", "slow": "Running"}
    kube.delete("pods", "a")
    kube.clock.advance(0.9)
    assert "a" in phases(kube)
    kube.clock.advance(0.2)
    assert phases(kube) == {"slow": "Running"}


def test_stages_that_are_taken_back(kube: FakeCluster) -> None:
    told = kube.pods.stages(SLOW)
    kube.apply(pod())
    kube.settle()
    assert phases(kube) == {"a": "Pending"}
    told.remove()
    kube.settle()
    assert phases(kube) == {"a": "Running"}


def test_stages_beside_the_usual_life(kube: FakeCluster) -> None:
    kube.pods.stages(FAIL, beside=True)
    kube.apply(pod(), pod("b", labels={"fails": "true"}), pod("c", labels={"fails": "true", "why": "Tired"}))
    kube.settle()
    assert set(phases(kube).values()) == {"Running"}
    kube.clock.advance(1)
    assert phases(kube) == {"a": "Running", "b": "Failed", "c": "Failed"}
    assert kube.get("pods", "c")["status"]["reason"] == "Tired"


def test_objects_of_any_kind_have_stages(kube: FakeCluster) -> None:
    kube.pods.stages(GATES)
    kube.apply(DEFINITION)
    kube.settle()
    for name in ("web", "other"):
        about = {"metadata": {"name": name}, "spec": {"name": f"{name}.org"}}
        kube.apply({"apiVersion": "example.com/v1", "kind": "Certificate", **about})
    kube.clock.advance(59)
    assert "status" not in kube.get("certificates", "web")
    kube.clock.advance(31)
    assert kube.get("certificates", "web")["status"] == {"ready": True, "names": ["web.org", "www.web.org"]}
    assert "status" not in kube.get("certificates", "other")


def test_a_cluster_that_is_started_with_stages_has_them_after_a_reset(tmp_path: Path) -> None:
    from fakekube import FakeCluster

    file = tmp_path / "stages.yaml"
    file.write_text(SLOW)
    with FakeCluster(stages=file, clock="virtual", tls=False, dns_port=None) as kube:
        for _ in range(2):
            kube.apply(pod())
            kube.clock.advance(4)
            assert phases(kube) == {"a": "Pending"}
            kube.clock.advance(1)
            assert phases(kube) == {"a": "Running"}
            kube.reset()


def test_what_is_not_supported_is_refused_at_once(kube: FakeCluster) -> None:
    with pytest.raises(ValueError, match=r"spec.next.statusTemplate: line 1: function 'env' is not supported: "):
        kube.pods.stages(FAIL.replace("phase: Failed", 'phase: {{ env "HOME" }}'))
    with pytest.raises(ValueError, match=r"spec\.next\.exec: no such field is supported"):
        kube.pods.stages(FAIL.replace("statusTemplate", "exec"))
    with pytest.raises(ValueError, match=r"input/0 is not supported: there is no input but the object"):
        kube.pods.stages(FAIL.replace(".status.phase", "input"))
    with pytest.raises(ValueError, match=r"expected a Stage"):
        kube.pods.stages("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")


def test_a_node_that_asks_to_be_played(kube: FakeCluster) -> None:
    meta = {"name": "kwok-1", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"type": "kwok"}}
    kube.apply({"apiVersion": "v1", "kind": "Node", "metadata": meta})
    kube.settle()
    made = pod() | {"spec": {"nodeSelector": {"type": "kwok"}, "containers": [{"name": "c", "image": "i"}]}}
    kube.apply(made)
    kube.settle()
    found = kube.get("pods", "a")
    assert (found["spec"]["nodeName"], found["status"]["phase"]) == ("kwok-1", "Running")
    assert found["status"]["podIP"].startswith("10.244.4.")
    kube.clock.advance(minutes=10)
    assert phases(kube) == {"a": "Running"}
    kube.reset()
    assert kube.nodes.names() == ["node-1", "node-2", "node-3"]


def test_stages_are_applied_and_deleted_through_the_api() -> None:
    from fakekube import FakeCluster

    with FakeCluster(stages_crd=True, clock="virtual", tls=False, dns_port=None) as kube:
        beside = FAIL.replace("name: pod-fail", "name: pod-fail, annotations: {fakekube/beside: 'true'}")
        kube.apply(pod(labels={"fails": "true"}), beside)
        kube.clock.advance(1)
        assert phases(kube) == {"a": "Failed"}
        kube.apply(SLOW, pod("b"))
        kube.clock.advance(4)
        assert phases(kube) == {"a": "Failed", "b": "Pending"}
        kube.patch("stages", "pod-start", {"spec": {"delay": {"durationMilliseconds": 4000}}})
        kube.clock.advance(4)
        assert phases(kube) == {"a": "Failed", "b": "Running"}
        for stage in ("pod-start", "pod-let-go", "pod-delete"):
            kube.delete("stages", stage)
        kube.apply(pod("c"))
        kube.settle()
        assert phases(kube)["c"] == "Running"


@pytest.mark.fakekube(stages_crd=True, tls=False)
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("| default", "| defaults", "spec.next.statusTemplate: Invalid value: line 2: function 'defaults' not defined"),
        (".status.phase", ".a.", "spec.selector.matchExpressions[0].key: Invalid value: '.a.': unexpected '' after a"),
        ("operator: In", "operator: Near", "spec.selector.matchExpressions[0].operator: Invalid value: must be one of"),
        ("kind: Pod", "apiVersion: v1", "spec.resourceRef.kind: Required value"),
    ],
)
def test_a_stage_that_cannot_be_played_is_refused_by_the_api(kube: FakeCluster, old: str, new: str, says: str) -> None:
    with pytest.raises(StatusError, match="is invalid") as raised:
        kube.create(yaml.safe_load(FAIL.replace(old, new)))
    assert says in str(raised.value)


IMPERSONATING = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: signed}
spec:
  resourceRef: {apiGroup: v1, kind: ConfigMap}
  selector: {matchLabels: {signed: "no"}}
  steps:
  - patch:
      template: '{metadata: {labels: {signed: "yes"}}}'
      impersonation: {username: alice}
  - apply:
      template: |
        {apiVersion: v1, kind: ConfigMap, metadata: {name: {{ .metadata.name }}-copy}, data: {of: {{ .metadata.name }}}}
      impersonation: {username: bob}
"""


def test_each_step_may_impersonate_another_user(kube: FakeCluster) -> None:
    asked: list[tuple[str, str]] = []

    @kube.webhooks.validating("configmaps")
    def who_asks(request: dict[str, Any]) -> None:
        asked.append((request["userInfo"]["username"], request["name"]))

    kube.pods.stages(IMPERSONATING)
    kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"signed": "no"}}})
    kube.settle()
    assert asked[1:] == [("alice", "a"), ("bob", "a-copy")]
