"""The custom resources of widely used projects: their definitions as they publish them, and objects as their users and
their operators write them.

A Go program (the folder `operators`) uses the projects' Go types; each definition comes out of the same module as the
types, in the version that `operators/go.mod` names. Of some projects the definitions alone are used (MANIFESTS).
Nothing of the modules is kept here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from kubernetes import dynamic
from kubernetes.client import ApiException

from fakekube import FakeCluster
from fakekube.core.yamltext import documents
from tests.clients.golang import download, go

PROGRAM = Path(__file__).parent / "operators"
KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent))
FETCH_SECONDS, BUILD_SECONDS, RUN_SECONDS = 120, 900, 60
Body = dict[str, Any]

FOLDERS = {  # of each module: where its definitions are
    "github.com/cert-manager/cert-manager": ["deploy/crds"],
    "github.com/kubernetes-csi/external-snapshotter/client/v8": ["config/crd"],
    "sigs.k8s.io/cluster-api": [
        f"{part}config/crd/bases" for part in ("", "bootstrap/kubeadm/", "controlplane/kubeadm/")
    ],
    "sigs.k8s.io/gateway-api": ["config/crd/experimental"],
    "sigs.k8s.io/jobset": ["config/components/crd/bases"],
    "sigs.k8s.io/kueue": ["config/components/crd/bases"],
}

MANIFESTS = {  # module@version: where its definitions are
    "github.com/argoproj/argo-cd/v3@v3.1.9": "manifests/crds",
    "github.com/argoproj/argo-rollouts@v1.8.3": "manifests/crds",
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd-full",
}


class Refused(NamedTuple):
    """An object that its definition does not take, and what is said of it."""

    manifest: str
    says: str


REFUSED = [
    Refused(
        """
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: no-secret}
        spec: {issuerRef: {name: self}}
        """,
        "spec.secretName: Required value",
    ),
    Refused(
        """
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: odd-key}
        spec: {secretName: s, issuerRef: {name: self}, privateKey: {algorithm: Rot13}}
        """,
        'spec.privateKey.algorithm: Unsupported value: "Rot13": supported values: "RSA", "ECDSA", "Ed25519"',
    ),
    Refused(
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: {name: tls-on-http}
        spec:
          gatewayClassName: fake
          listeners: [{name: web, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: s}]}}]
        """,
        "spec.listeners: Invalid value: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
    ),
    Refused(
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: relative}
        spec: {rules: [{matches: [{path: {type: Exact, value: shop}}]}]}
        """,
        "spec.rules[0].matches[0].path: Invalid value: value must be an absolute path and start with '/' when type one "
        "of ['Exact', 'PathPrefix']",
    ),
    Refused(
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: impatient}
        spec: {rules: [{timeouts: {request: 1s, backendRequest: 1m}}]}
        """,
        "backendRequest timeout cannot be longer than request timeout",
    ),
    Refused(
        """
        apiVersion: snapshot.storage.k8s.io/v1
        kind: VolumeSnapshot
        metadata: {name: two-sources}
        spec: {source: {persistentVolumeClaimName: a, volumeSnapshotContentName: b}}
        """,
        "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set",
    ),
    Refused(
        """
        apiVersion: kueue.x-k8s.io/v1beta1
        kind: ResourceFlavor
        metadata: {name: odd-taint}
        spec: {nodeTaints: [{key: k, effect: Maybe}]}
        """,
        "supported taint effect values: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'",
    ),
    Refused(
        """
        apiVersion: jobset.x-k8s.io/v1alpha2
        kind: JobSet
        metadata: {name: many}
        spec: {replicatedJobs: [{name: a, template: {spec: {template: {spec: {containers: [{image: i}]}}}}}]}
        """,
        "spec.replicatedJobs[0].template.spec.template.spec.containers[0].name: Required value",
    ),
    Refused(
        """
        apiVersion: cluster.x-k8s.io/v1beta2
        kind: Cluster
        metadata: {name: far}
        spec: {controlPlaneEndpoint: {host: h, port: 70000}}
        """,
        "spec.controlPlaneEndpoint.port: Invalid value: 70000: spec.controlPlaneEndpoint.port in body should be less "
        "than or equal to 65535",
    ),
    Refused(
        """
        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata: {name: nothing}
        spec: {}
        """,
        "is invalid: [spec.endpoints: Required value, spec.selector: Required value]",
    ),
    Refused(
        """
        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata: {name: odd-interval}
        spec: {selector: {}, endpoints: [{port: web, interval: 5 minutes}]}
        """,
        'spec.endpoints[0].interval: Invalid value: "5 minutes": spec.endpoints[0].interval in body should match ',
    ),
    Refused(
        """
        apiVersion: monitoring.coreos.com/v1
        kind: PrometheusRule
        metadata: {name: odd-expression}
        spec: {groups: [{name: g, rules: [{alert: A, expr: [up]}]}]}
        """,
        "spec.groups[0].rules[0].expr in body must be of type integer,string",
    ),
    Refused(
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: nowhere}
        spec: {project: default}
        """,
        "spec.destination: Required value",
    ),
]

APPLIED = """
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main}
spec: {replicas: 2, serviceMonitorSelector: {matchLabels: {team: a}}, resources: {requests: {memory: 400Mi}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 5
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  project: default
  source: {repoURL: https://git.example/shop, path: deploy}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
status: {health: {status: Healthy}, sync: {status: Synced}}
"""
"""Manifests as users of projects have them whose types the program does not know."""

CHANGES = [  # of what the program wrote: a merge patch, and why it is refused
    ("kueue.x-k8s.io/v1beta1", "LocalQueue", "team", {"spec": {"clusterQueue": "other"}}, "field is immutable"),
    (
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshot",
        "nightly",
        {"spec": {"source": {"persistentVolumeClaimName": "other"}}},
        "persistentVolumeClaimName is immutable",
    ),
]


@pytest.fixture(scope="module")
def modules() -> dict[str, Path]:
    """Where the modules are that the program needs; skipped where Go or they cannot be had."""
    download(PROGRAM, seconds=FETCH_SECONDS)
    listed = go(PROGRAM, "list", "-m", "-f", "{{.Path}}\t{{.Dir}}", *FOLDERS, seconds=FETCH_SECONDS)
    assert listed.returncode == 0, listed.stderr
    return {path: Path(folder) for path, folder in (line.split("\t") for line in listed.stdout.splitlines())}


@pytest.fixture(scope="module")
def manifests() -> list[Path]:
    """The folders of definitions whose modules are not compiled."""
    fetched = download(PROGRAM, "-json", *MANIFESTS, seconds=FETCH_SECONDS)
    found = json.loads("[" + fetched.strip().replace("\n}\n{", "\n},\n{") + "]")
    return [Path(each["Dir"], MANIFESTS[f"{each['Path']}@{each['Version']}"]) for each in found]


@pytest.fixture(scope="module")
def definitions(modules: dict[str, Path], manifests: list[Path]) -> list[Body]:
    folders = [modules[path] / name for path, names in FOLDERS.items() for name in names]
    files = [file for folder in folders + manifests for file in folder.glob("*.yaml")]
    found = [each for file in sorted(files) for each in documents(file.read_bytes())]
    return [each for each in found if each and each.get("kind") == "CustomResourceDefinition"]


@pytest.fixture(scope="module")
def cluster(definitions: list[Body]) -> Iterator[FakeCluster]:
    """A cluster that has all the definitions."""
    with FakeCluster() as found:
        found.apply(*definitions)
        found.settle()
        yield found


@pytest.fixture(scope="module")
def operators(modules: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program."""
    binary = tmp_path_factory.mktemp("operators") / "operators"
    built = go(PROGRAM, "build", "-o", str(binary), ".", seconds=BUILD_SECONDS)
    assert built.returncode == 0, built.stderr
    return binary


def run(*line: str | Path, stdin: str = "", **environment: str) -> str:
    ran = subprocess.run(
        line,
        env=os.environ | environment,
        timeout=RUN_SECONDS,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def place(body: Body) -> str:
    """KIND.VERSION.GROUP/NAME, as kubectl takes it."""
    group, _, version = body["apiVersion"].partition("/")
    return f"{body['kind']}.{version}.{group}/{body['metadata']['name']}"


@pytest.fixture(scope="module")
def written(cluster: FakeCluster, operators: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The places of all that the program encodes, which are in the cluster."""
    objects = [json.loads(line) for line in run(operators).splitlines()]
    with cluster.client() as client:
        found = dynamic.DynamicClient(client, cache_file=str(tmp_path_factory.mktemp("cache") / "discovery.json"))
        for body in objects:
            resource = found.resources.get(api_version=body["apiVersion"], kind=body["kind"])
            resource.create(body, namespace=body["metadata"].get("namespace"))
    return [place(body) for body in objects]


@pytest.fixture
def api(cluster: FakeCluster, tmp_path: Path) -> Iterator[dynamic.DynamicClient]:
    with cluster.client() as client:
        yield dynamic.DynamicClient(client, cache_file=str(tmp_path / "discovery.json"))


def kubectl(cluster: FakeCluster, home: Path, *arguments: str) -> str:
    if KUBECTL is None:
        pytest.skip("kubectl is not installed")
    return run(KUBECTL, *arguments, HOME=str(home), KUBECONFIG=str(cluster.kubeconfig))


def test_all_definitions_are_taken_and_served(cluster: FakeCluster, definitions: list[Body]) -> None:
    assert len(definitions) > 60
    for definition in definitions:
        found = cluster.get("customresourcedefinitions", definition["metadata"]["name"])
        conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
        assert conditions["Established"] == conditions["NamesAccepted"] == "True", definition["metadata"]["name"]
        assert conditions.get("NonStructuralSchema", "False") == "False"
        cluster.list(definition["metadata"]["name"])  # it is served


def test_what_operators_write_is_read_back_by_kubectl(
    cluster: FakeCluster, operators: Path, written: list[str], tmp_path: Path
) -> None:
    found = json.loads(kubectl(cluster, tmp_path, "get", *written, "-o", "json"))["items"]
    assert [place(body) for body in found] == written
    assert all(body["metadata"]["labels"] == {"by": "go"} for body in found)
    run(operators, "read", stdin="\n".join(json.dumps(body) for body in found))  # into the projects' types, strictly
    table = kubectl(cluster, tmp_path, "get", "certificates,gateways")
    assert re.search(r"^certificate.cert-manager.io/web +web-tls ", table, re.MULTILINE)
    assert re.search(r"^gateway.gateway.networking.k8s.io/edge +fake ", table, re.MULTILINE)
    told = kubectl(cluster, tmp_path, "explain", "httproute.spec.rules.backendRefs.weight")
    assert "FIELD: weight <integer>" in told


def test_what_users_apply_is_defaulted_scaled_and_shown(cluster: FakeCluster, tmp_path: Path) -> None:
    manifest = tmp_path / "applied.yaml"
    manifest.write_text(APPLIED)
    kubectl(cluster, tmp_path, "apply", "--server-side", "-f", str(manifest))
    spec = cluster.get("prometheuses.monitoring.coreos.com", "main")["spec"]
    assert (spec["portName"], spec["scrapeInterval"]) == ("web", "30s")
    kubectl(cluster, tmp_path, "scale", "rollout", "shop", "--replicas=7")
    table = kubectl(cluster, tmp_path, "get", "rollouts,applications")
    assert re.search(r"^rollout.argoproj.io/shop +7 ", table, re.MULTILINE)
    assert re.search(r"^application.argoproj.io/shop +Synced +Healthy", table, re.MULTILINE)


def test_a_status_is_written_by_itself(api: dynamic.DynamicClient, written: list[str]) -> None:
    certificates = api.resources.get(api_version="cert-manager.io/v1", kind="Certificate")
    ready = {"type": "Ready", "status": "True", "reason": "Issued", "message": "done"}
    patch = {"spec": {"secretName": "elsewhere"}, "status": {"conditions": [ready]}}
    merge = {"content_type": "application/merge-patch+json"}
    found = certificates.status.patch(patch, name="web", namespace="default", **merge)
    assert found.spec.secretName == "web-tls"
    assert found.status.conditions[0].to_dict() == ready
    assert found.metadata.generation == 1


def test_what_operators_write_is_read_back_by_the_dynamic_client(
    api: dynamic.DynamicClient, written: list[str]
) -> None:
    routes = api.resources.get(api_version="gateway.networking.k8s.io/v1", kind="HTTPRoute")
    route = routes.get(name="web", namespace="default")
    assert route.spec.rules[0].matches[0].path.to_dict() == {"type": "PathPrefix", "value": "/"}
    assert route.spec.rules[0].backendRefs[0].weight == 1
    assert route.spec.parentRefs[0].to_dict() == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "edge",
    }
    route.spec.rules[0].backendRefs[0].weight = 3
    assert routes.replace(route.to_dict(), namespace="default").metadata.generation == 2
    older = api.resources.get(api_version="gateway.networking.k8s.io/v1beta1", kind="HTTPRoute")
    assert older.get(name="web", namespace="default").spec.rules[0].backendRefs[0].weight == 3


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: yaml.safe_load(row.manifest)["metadata"]["name"])
def test_what_a_definition_forbids_is_refused(api: dynamic.DynamicClient, row: Refused) -> None:
    body = yaml.safe_load(row.manifest)
    resource = api.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    with pytest.raises(ApiException) as caught:
        resource.create(body, namespace="default" if resource.namespaced else None)
    assert caught.value.status == 422
    assert row.says in json.loads(caught.value.body)["message"]


@pytest.mark.parametrize(("version", "kind", "name", "patch", "says"), CHANGES, ids=[row[2] for row in CHANGES])
def test_what_may_not_change_does_not(
    api: dynamic.DynamicClient, written: list[str], version: str, kind: str, name: str, patch: Body, says: str
) -> None:
    found = api.resources.get(api_version=version, kind=kind)
    with pytest.raises(ApiException) as caught:
        found.patch(patch, name=name, namespace="default", content_type="application/merge-patch+json")
    assert caught.value.status == 422
    assert says in json.loads(caught.value.body)["message"]
