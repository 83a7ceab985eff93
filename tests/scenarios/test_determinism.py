"""A seed and the clock decide everything: the same test gives the same cluster, byte by byte, and tells it in the same
order."""

from __future__ import annotations

import http.client
import json
from typing import Any

from fakekube import FakeCluster

Dump = dict[str, bytes]
PODS = "/api/v1/namespaces/default/pods"
RELEASES = "/apis/example.com/v1/namespaces/default/releases"
RELEASE = {"apiVersion": "example.com/v1", "kind": "Release", "metadata": {"generateName": "r-"}}
TOKEN = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
MERGE = "application/merge-patch+json"

OBJECTS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: releases.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: releases, singular: release, kind: Release}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}
  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: most}
spec: {hard: {pods: "40"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: bad}
spec:
  backoffLimit: 2
  template:
    metadata: {annotations: {fakekube/exit-code: "1", fakekube/exit-after: "40"}}
    spec: {restartPolicy: Never, containers: [{name: c, image: i}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often}
spec:
  schedule: "*/20 * * * *"
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {fakekube/exit-code: "0", fakekube/exit-after: "40"}}
        spec: {restartPolicy: Never, containers: [{name: c, image: i}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 5, maxReplicas: 9}
---
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
"""


class Client:
    """Asks one thing after the other over HTTP, and watches besides."""

    def __init__(self, kube: FakeCluster) -> None:
        self.kube = kube
        self.connection = self.connect()
        self.watch = self.connect()
        self.told: list[bytes] = []

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.kube.url.removeprefix("http://"), timeout=20)

    def begin_to_watch(self) -> None:
        path = f"{PODS}?watch=1&timeoutSeconds=1200&allowWatchBookmarks=true"
        self.watch.request("GET", path, headers=self.headers())

    def headers(self, kind: str = "application/json") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.kube.token}", "Content-Type": kind, "User-Agent": "test"}

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> None:
        self.connection.request(method, path, None if body is None else json.dumps(body), self.headers(kind))
        self.told.append(self.connection.getresponse().read())


def live(kube: FakeCluster) -> None:
    """A rich life: everything made, changed, broken, and some of it deleted."""
    kube.apply(OBJECTS)
    kube.clock.advance(minutes=2)
    image = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i:2"}]}}}}
    kube.patch("deployments", "web", image, type="strategic")
    kube.nodes.stop("node-2")
    kube.clock.advance(minutes=10)
    kube.nodes.start("node-2")
    kube.delete("statefulsets", "db", propagationPolicy="Orphan")
    kube.clock.advance(hours=1)
    kube.delete("pods", "db-0")
    kube.settle()


def live_over_http(kube: FakeCluster, client: Client) -> None:
    """More of it by another way."""
    client.begin_to_watch()
    for _ in range(3):
        client.ask("POST", RELEASES, RELEASE)
    client.ask("PATCH", f"{PODS}/db-1", {"metadata": {"labels": {"a": "b"}}}, MERGE)
    client.ask("DELETE", f"{PODS}/db-2")
    client.ask("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", TOKEN)
    kube.clock.advance(minutes=30)
    client.ask("GET", f"{PODS}?limit=3")
    client.ask("GET", "/api/v1/events")
    client.told.append(client.watch.getresponse().read())


def dump(kube: FakeCluster) -> Dump:
    """Every object as it is stored, but for the port that the server was given."""
    port, store = kube.url.rpartition(":")[2].encode(), kube._cluster.store
    return {
        f"{resource} {stored.key.namespace}/{stored.key.name}": stored.raw.replace(port, b"443")
        for resource in store.resources()
        for stored in store.list(resource)
    }


def run() -> tuple[Dump, list[bytes]]:
    with FakeCluster(clock="virtual", seed="again", tls=False, dns_port=None) as kube:
        live(kube)
        client = Client(kube)
        live_over_http(kube, client)
        return dump(kube), client.told


def differences(one: Dump, other: Dump) -> list[str]:
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def test_the_same_test_gives_the_same_cluster_and_the_same_answers() -> None:
    first, told = run()
    second, told_again = run()
    assert len(first) > 200
    assert differences(first, second) == []
    assert told == told_again
    assert told[-1].count(b'"MODIFIED"') > 3


def test_after_a_reset_the_same_life_begins_again_at_a_later_revision() -> None:
    with FakeCluster(clock="virtual", seed="again", tls=False, dns_port=None) as kube:
        live(kube)
        first = {key: _without_revision(raw) for key, raw in dump(kube).items()}
        kube.reset()
        live(kube)
        second = {key: _without_revision(raw) for key, raw in dump(kube).items()}
    assert differences(first, second) == []


def _without_revision(raw: bytes) -> bytes:
    """The object without what is counted on: its version, and those of others that it tells of."""
    obj = json.loads(raw)
    del obj["metadata"]["resourceVersion"]
    for place in ("involvedObject", "regarding"):
        if place in obj:
            obj[place].pop("resourceVersion", None)
    return json.dumps(obj).encode()
