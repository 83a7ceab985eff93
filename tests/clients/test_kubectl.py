"""kubectl as people use it: a table of commands that only look, and the stories of those that change something.

Every kubectl that can be found is tried: the one that the test dependencies install, and any other on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from fakekube import FakeCluster

ROOT = Path(__file__).parents[2]
GUESTBOOK = ROOT / "examples" / "guestbook"
SCRIPTS = Path(sys.executable).parent
SECONDS = 60
OLDEST = 28


def installed() -> str | None:
    return shutil.which("kubectl", path=str(SCRIPTS))


def on_path() -> str | None:
    """The kubectl of the machine: the first on the PATH that is not the installed one."""
    folders = [each for each in os.environ["PATH"].split(os.pathsep) if Path(each).resolve() != SCRIPTS.resolve()]
    return shutil.which("kubectl", path=os.pathsep.join(folders))


BINARIES = {"installed": installed(), "on-path": on_path()}


class Kubectl:
    """One binary, bound to a kubeconfig and, if it is told one, a namespace."""

    def __init__(self, binary: str, kubeconfig: Path, home: Path, namespace: str = "") -> None:
        self.line = [binary, "--namespace", namespace] if namespace else [binary]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(kubeconfig)}

    def start(self, command: str, **environment: str) -> subprocess.Popen[str]:
        """Begin `kubectl COMMAND`."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*self.line, *shlex.split(command)],
            env=self.environment | environment,
            text=True,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=ROOT,
        )

    def run(self, command: str, stdin: str = "", **environment: str) -> tuple[int, str]:
        """The exit status, and all that `kubectl COMMAND` printed."""
        with self.start(command, **environment) as process:
            output, errors = process.communicate(stdin, timeout=SECONDS)
        return process.returncode, output + errors

    def __call__(self, command: str, stdin: str = "", **environment: str) -> str:
        """What `kubectl COMMAND` prints; it must succeed."""
        status, output = self.run(command, stdin, **environment)
        assert status == 0, f"kubectl {command}: {output}"
        return output

    def refused(self, command: str) -> str:
        """What `kubectl COMMAND` prints; it must fail."""
        status, output = self.run(command)
        assert status != 0, f"kubectl {command}: {output}"
        return output


@pytest.fixture(scope="module", params=BINARIES)
def binary(request: pytest.FixtureRequest) -> str:
    found = BINARIES[request.param]
    if found is None:
        pytest.skip(f"there is no kubectl {request.param}")
    if (minor := minor_version(found)) < OLDEST:
        pytest.skip(f"kubectl 1.{minor} asks for versions of the API that Kubernetes 1.36 no longer has")
    return found


def minor_version(binary: str) -> int:
    done = subprocess.run(
        [binary, "version", "--client", "-o", "json"], capture_output=True, check=True, timeout=SECONDS
    )
    return int(re.sub(r"\D", "", json.loads(done.stdout)["clientVersion"]["minor"]))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kubectl keeps what it learned of the API, for all tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def kubectl(binary: str, home: Path, kube: FakeCluster, kubeconfig: Path) -> Kubectl:
    """For tests that change things: a clean cluster."""
    return Kubectl(binary, kubeconfig, home)


@pytest.fixture(scope="module")
def guestbook(kube_session: FakeCluster) -> FakeCluster:
    """A cluster that holds the guestbook, which nobody changes."""
    kube_session.apply(GUESTBOOK)
    kube_session.settle()
    return kube_session


@pytest.fixture
def looking(binary: str, home: Path, guestbook: FakeCluster) -> Kubectl:
    """For tests that only look, at the guestbook."""
    return Kubectl(binary, guestbook.kubeconfig, home, "guestbook")


class Look(NamedTuple):
    """A command, and patterns that its output has; those that begin with ! it has not."""

    command: str
    patterns: tuple[str, ...]


LOOKS = [
    Look("version", (r"Server Version: .*v1\.36\.",)),
    Look("cluster-info", (r"control plane.* is running at .*https://127\.0\.0\.1:\d+",)),
    Look("api-versions", (r"^v1$", r"^apps/v1$", r"^batch/v1$", r"^rbac\.authorization\.k8s\.io/v1$")),
    Look("api-resources", (r"^pods +po +v1 +true +Pod$", r"^deployments +deploy +apps/v1 +true +Deployment$")),
    Look("api-resources --namespaced=false -o name", (r"^nodes$", r"^namespaces$", "!^pods$")),
    Look("api-resources --verbs=create,delete --api-group=apps -o name", (r"^statefulsets\.apps$", "!^pods$")),
    # get
    Look("get all", (r"^pod/api-\w+-\w+ +1/1 +Running +0", r"^service/api ", r"^deployment\.apps/api +2/2 +2 +2 ")),
    Look(
        "get all -A -o wide", (r"^NAMESPACE +NAME", r"^default +service/kubernetes +ClusterIP +10\.96\.0\.1 .* <none>$")
    ),
    Look("get pods", (r"^NAME +READY +STATUS +RESTARTS +AGE$", r"^frontend-\w+-\w+ +1/1 +Running +0 +\d+m?s$")),
    Look("get pods -o wide", (r" +IP +NODE +NOMINATED NODE +READINESS GATES$", r" 10\.\d+\.\d+\.\d+ +node-\d +<none>")),
    Look("get pods -o name -l app=api", (r"\Apod/api-\w+-\w+\npod/api-\w+-\w+\n\Z",)),
    Look("get pods -o name -l 'app in (api), role notin (x)'", (r"\A(pod/api-\w+-\w+\n){2}\Z",)),
    Look("get pods --field-selector status.phase=Failed", (r"^No resources found",)),
    Look("get pods --field-selector status.phase=Running --no-headers", (r"\A(\S+ +1/1 .*\n){8}\Z",)),
    Look("get pods --show-labels -l app=frontend", (r" app=frontend,pod-template-hash=\w+",)),
    Look("get pods -L app --no-headers", (r" api$", r" redis$")),
    Look("get deploy --sort-by={.spec.replicas} -o name", (r"leader\n(.*\n)*.*frontend\n\Z",)),
    Look("get deploy api -o yaml", (r"^apiVersion: apps/v1\nkind: Deployment\nmetadata:", r"^  name: api$")),
    Look("get deploy api -o json", (r'"kind": "Deployment"', r'"observedGeneration": 1')),
    Look("get deploy -o jsonpath='{.items[*].metadata.name}'", (r"\Aapi frontend redis-follower redis-leader\Z",)),
    Look("get deploy -o custom-columns=N:.metadata.name,R:.spec.replicas", (r"\AN +R\napi +2\nfrontend +3\n",)),
    Look("get deploy api -o go-template='{{.spec.replicas}}'", (r"\A2\Z",)),
    Look("get deploy,svc,cm -o name", (r"^deployment\.apps/api$", r"^service/api$", r"^configmap/guestbook-settings$")),
    Look("get pods --chunk-size 2 --no-headers", (r"\A(\S+ +1/1 .*\n){8}\Z",)),
    Look("get --raw /api/v1/namespaces/guestbook/configmaps?limit=1", (r'"remainingItemCount": ?\d',)),
    Look("get --raw /readyz", (r"\Aok\Z",)),
    Look("get ns", (r"^guestbook +Active +", r"^kube-system +Active ")),
    Look("get nodes -o wide", (r"^node-1 +Ready +<none> +\w+ +v1\.36\.\S+ +10\.\S+ +<none> ",)),
    Look(
        "get svc", (r"^api +NodePort +10\.\S+ +<none> +8080:30080/TCP,9090:\d+/TCP", r"ExternalName +<none> +avatars\.")
    ),
    Look("get endpointslices", (r"^api-\w+ +IPv4 +9090,8080|8080,9090 +10\.",)),
    Look("get cm guestbook-settings", (r"^guestbook-settings +4 +",)),
    Look("get secret", (r"^redis-password +Opaque +1 ",)),
    Look("get sa", (r"^default +",)),
    Look(
        "get events",
        (r"Scheduled +pod/api-", r"ScalingReplicaSet +deployment/api", r"SuccessfulCreate +replicaset/api-"),
    ),
    Look("events --for deploy/api", (r"ScalingReplicaSet +Deployment/api",)),
    Look("get clusterroles cluster-admin view -o name", (r"clusterrole\.rbac\.authorization\.k8s\.io/view",)),
    # describe
    Look(
        "describe pod -l role=leader",
        (r"^Controlled By: +ReplicaSet/redis-", r"^  Ready +True", r"Successfully assigned"),
    ),
    Look(
        "describe deploy api",
        (r"^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available", r"^NewReplicaSet: +api-"),
    ),
    Look("describe rs -l app=api", (r"^Pods Status: +2 Running", r"^Controlled By: +Deployment/api")),
    Look("describe svc frontend", (r"^Type: +LoadBalancer", r"^Endpoints: +10\.\S+:80,10\.\S+:80")),
    Look(
        "describe node node-1", (r"^Allocatable:", r"^Non-terminated Pods:", r"^  Ready +True", r"guestbook +\S+ +\d+m")
    ),
    Look("describe ns guestbook", (r"^Status: +Active",)),
    Look("describe cm guestbook-settings", (r"^TITLE:\n----\nGuestbook",)),
    Look("describe secret redis-password", (r"^password: +18 bytes",)),
    Look("describe sa default", (r"^Name: +default",)),
    Look("describe clusterrole view", (r"^  pods +\[\] +\[\] +\[get list watch\]",)),
    # documentation and rights
    Look("explain pods.spec.nodeName", (r"^VERSION: +v1", r"nodeName <string>", r"\w+ scheduled")),
    Look("explain deploy --recursive", (r"GROUP: +apps", r"^ +maxUnavailable\t<")),
    Look("auth whoami", (r"^Username +\S+", r"system:masters")),
    Look("auth can-i create pods", (r"\Ayes\n",)),
    Look("auth can-i --list", (r"^\*\.\* +\[\] +\[\] +\[\*\]",)),
    # changes that are only tried
    Look(f"diff -f {GUESTBOOK}", (r"\A\Z",)),
    Look("run p --image nginx --dry-run=server -o jsonpath='{.spec.terminationGracePeriodSeconds}'", (r"\A30\Z",)),
    Look("create deploy d --image nginx --dry-run=client -o yaml", (r"^  replicas: 1",)),
    Look("rollout status deploy/api", (r'^deployment "api" successfully rolled out',)),
    Look("rollout history deploy/api", (r"^REVISION +CHANGE-CAUSE\n1 ",)),
    Look("wait --for=condition=Available deploy --all --timeout=5s", (r"(deployment\.apps/\S+ condition met\n){4}",)),
    Look(
        "wait --for=jsonpath={.status.phase}=Running pod -l app=api --timeout=5s",
        (r"(pod/api-\S+ condition met\n){2}",),
    ),
]

REFUSALS = [
    Look("get pod nobody", (r'^Error from server \(NotFound\): pods "nobody" not found$',)),
    Look("get nonsense", (r'the server doesn\'t have a resource type "nonsense"',)),
    Look("get pods --field-selector spec.color=red", (r"\(BadRequest\).*field label not supported: spec.color",)),
    Look("create ns guestbook", (r'\(AlreadyExists\): namespaces "guestbook" already exists',)),
    Look(
        "run P --image i",
        (r'Pod "P" is invalid:', r'^\* metadata\.name: Invalid value: "P": a lowercase RFC 1123 subdomain'),
    ),
    Look("scale deploy api --replicas -1", (r"must be|Invalid",)),
    Look("logs deploy/api", (r"pods/log is not supported by fakekube: its pods .* without processes",)),
    Look("exec deploy/api -- ls", (r"pods/exec is not supported by fakekube",)),
    Look("attach deploy/api", (r"pods/attach is not supported by fakekube",)),
    Look("port-forward deploy/api 8080", (r"pods/portforward is not supported by fakekube",)),
    Look("top pods", (r"Metrics API not available",)),
    Look("top nodes", (r"Metrics API not available",)),
]


def check(output: str, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        found = re.search(pattern.removeprefix("!"), output, re.MULTILINE)
        assert (found is None) is pattern.startswith("!"), f"{pattern}\n{output}"


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.command.replace(str(ROOT), ""))
def test_a_look_shows(look: Look, looking: Kubectl) -> None:
    check(looking(look.command), look.patterns)


@pytest.mark.parametrize("look", REFUSALS, ids=lambda look: look.command)
def test_what_cannot_be_is_refused(look: Look, looking: Kubectl) -> None:
    check(looking.refused(look.command), look.patterns)


# --- manifests


def test_manifests_are_applied_changed_and_deleted(kubectl: Kubectl, kube: FakeCluster) -> None:
    created = kubectl(f"apply -f {GUESTBOOK}").splitlines()
    assert len(created) == 12
    assert all(line.endswith(" created") for line in created)
    again = kubectl(f"apply -f {GUESTBOOK}").splitlines()
    # What a Secret says as stringData is never found in it again.
    assert [line for line in again if not line.endswith(" unchanged")] == ["secret/redis-password configured"]
    kubectl("wait --for=condition=Available deploy --all -n guestbook --timeout=10s")

    changed = GUESTBOOK.joinpath("30-api.yaml").read_text().replace("replicas: 2", "replicas: 5")
    status, output = kubectl.run("diff -f -", stdin=changed)
    assert status == 1
    check(output, (r"^-  replicas: 2$", r"^\+  replicas: 5$"))
    check(kubectl("apply -f -", stdin=changed), (r"^deployment\.apps/api configured$", r"^service/api unchanged$"))
    kube.settle()
    assert kube.get("deploy", "api", "guestbook")["status"]["readyReplicas"] == 5

    assert len(kubectl(f"delete -f {GUESTBOOK / '30-api.yaml'}").splitlines()) == 2
    kubectl("delete ns guestbook --timeout=10s")
    check(kubectl.refused("get ns guestbook"), ("NotFound",))


def test_server_side_apply_keeps_owners_apart(kubectl: Kubectl, kube: FakeCluster) -> None:
    kubectl(f"apply --server-side -f {GUESTBOOK}")
    check(kubectl("scale deploy api -n guestbook --replicas 1"), (r"scaled$",))
    status, output = kubectl.run(f"apply --server-side -f {GUESTBOOK / '30-api.yaml'}")
    assert status != 0
    check(output, (r"Apply failed with 1 conflict: conflict with \"kubectl\".*: .spec.replicas", r"--force-conflicts"))
    kubectl(f"apply --server-side --force-conflicts -f {GUESTBOOK / '30-api.yaml'}")
    assert kube.get("deploy", "api", "guestbook")["spec"]["replicas"] == 2
    check(kubectl("get deploy api -n guestbook -o yaml --show-managed-fields"), (r"operation: Apply",))


def test_client_side_apply_moves_to_the_server(kubectl: Kubectl) -> None:
    kubectl(f"apply -f {GUESTBOOK}")
    moved = kubectl(f"apply --server-side -f {GUESTBOOK}").splitlines()
    assert {line.split()[-1] for line in moved} == {"serverside-applied"}


def test_pruning_deletes_what_is_no_longer_said(kubectl: Kubectl) -> None:
    one, two = (f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {n}, labels: {{a: b}}}}\n" for n in ("one", "two"))
    kubectl("apply -f -", stdin=f"{one}---\n{two}")
    pruned = kubectl("apply -f - --prune -l a=b --prune-allowlist core/v1/ConfigMap", stdin=one)
    check(pruned, (r"configmap/one unchanged", r"configmap/two pruned"))


def test_replace_and_create_of_files(kubectl: Kubectl, kube: FakeCluster) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: VALUE}\n"
    check(kubectl("create -f -", stdin=manifest), (r"^configmap/c created",))
    check(kubectl("replace -f -", stdin=manifest.replace("VALUE", "new")), (r"^configmap/c replaced",))
    assert kube.get("cm", "c")["data"] == {"k": "new"}
    uid = kube.get("cm", "c")["metadata"]["uid"]
    kubectl("replace --force -f -", stdin=manifest)
    assert kube.get("cm", "c")["metadata"]["uid"] != uid


def test_faults_in_manifests_are_told(kubectl: Kubectl) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, tint: red}]}\n"
    status, output = kubectl.run("apply -f -", stdin=pod)
    assert status != 0
    check(output, (r'unknown field "spec.containers\[0\].tint"',))
    check(
        kubectl("apply -f - --validate=warn", stdin=pod), (r'Warning: unknown field "spec.containers', r"pod/p created")
    )


# --- workloads


def test_a_deployment_is_made_scaled_changed_and_rolled_back(kubectl: Kubectl, kube: FakeCluster) -> None:
    check(kubectl("create deployment web --image nginx:1 --replicas 2 --port 80"), (r"deployment\.apps/web created",))
    kubectl("rollout status deploy/web --timeout=10s")
    check(kubectl("expose deploy web --port 8080 --target-port 80"), (r"service/web exposed",))
    check(kubectl("scale deploy/web --replicas 4 --current-replicas 2"), (r"scaled$",))
    kubectl("wait --for=jsonpath={.status.readyReplicas}=4 deploy/web --timeout=10s")
    check(kubectl("set image deploy/web nginx=nginx:2"), (r"image updated$",))
    check(kubectl("rollout status deploy/web --timeout=10s"), (r"successfully rolled out$",))
    kubectl("annotate deploy web kubernetes.io/change-cause=two")
    kube.settle()
    check(kubectl("rollout history deploy/web"), (r"^1 +<none>$", r"^2 +two$"))
    check(kubectl("rollout history deploy/web --revision 1"), (r"Image:\s+nginx:1$",))
    check(kubectl("rollout undo deploy/web"), (r"rolled back$",))
    kubectl("rollout status deploy/web --timeout=10s")
    assert {pod["spec"]["containers"][0]["image"] for pod in kube.list("pods", "default")} == {"nginx:1"}
    check(kubectl("rollout pause deploy/web"), (r"paused$",))
    kubectl("set env deploy/web A=b")
    kube.settle()
    assert len(kube.list("rs", "default")) == 2
    kubectl("rollout resume deploy/web")
    kubectl("rollout restart deploy/web")
    kubectl("rollout status deploy/web --timeout=10s")
    check(kubectl("get pods -o jsonpath='{.items[*].spec.containers[0].env[0].name}'"), (r"\A(A ?){4}\Z",))
    kubectl("delete deploy/web svc/web")
    kube.settle()
    assert (
        kube.list("pods", "default") == kube.list("rs", "default") == kube.list("endpointslices", "default")[1:] == []
    )


def test_a_pod_is_run_and_deleted(kubectl: Kubectl, kube: FakeCluster) -> None:
    check(kubectl("run p --image nginx --labels a=b --port 80 --expose"), (r"service/p created", r"pod/p created"))
    kubectl("wait --for=condition=Ready pod/p --timeout=10s")
    check(kubectl("get ep p"), (r"^p +10\.\d+\.\d+\.\d+:80 ",))
    check(kubectl("set image pod/p p=nginx:2"), (r"image updated",))
    check(kubectl("delete pod p --now"), (r'^pod "p" deleted',))
    kubectl("wait --for=delete pod/p --timeout=10s")
    check(kubectl.refused("get pod p"), ("NotFound",))


def test_a_statefulset_rolls(kubectl: Kubectl) -> None:
    kubectl(
        "apply -f -",
        stdin="""
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "db:1"}]}
""",
    )
    kubectl("rollout status sts/db --timeout=10s")
    kubectl("set image sts/db main=db:2")
    kubectl("rollout status sts/db --timeout=10s")
    check(kubectl("get pods -l app=db -o jsonpath='{.items[*].spec.containers[0].image}'"), (r"\Adb:2 db:2\Z",))


def test_the_watch_of_get_shows_what_happens(kubectl: Kubectl, kube: FakeCluster) -> None:
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"one": "1"}})
    with kubectl.start("get cm a -w --output-watch-events --no-headers --request-timeout=30s") as process:
        try:
            lines = iter(process.stdout or ())
            assert re.match(r"ADDED +a +1 ", next(lines))
            while kube.stats().streams == 0:  # what kubectl has shown it has only read; then it begins to watch
                assert process.poll() is None
            kube.patch("cm", "a", {"data": {"two": "2"}})
            assert re.match(r"MODIFIED +a +2 ", next(lines))
            kube.delete("cm", "a")
            assert re.match(r"DELETED +a +2 ", next(lines))
        finally:
            process.terminate()


# --- single objects

PATCHES = [
    (
        "strategic",
        """'{"spec":{"template":{"spec":{"containers":[{"name":"second","image":"i"}]}}}}'""",
        ["second", "nginx"],
    ),
    ("merge", """'{"spec":{"template":{"spec":{"containers":[{"name":"only","image":"i"}]}}}}'""", ["only"]),
    ("json", """'[{"op":"replace","path":"/spec/template/spec/containers/0/name","value":"new"}]'""", ["new"]),
]


@pytest.mark.parametrize(("type", "patch", "names"), PATCHES)
def test_patches(type: str, patch: str, names: list[str], kubectl: Kubectl, kube: FakeCluster) -> None:
    kubectl("create deploy web --image nginx")
    check(kubectl(f"patch deploy web --type {type} -p {patch}"), (r"^deployment\.apps/web patched$",))
    found = kube.get("deploy", "web")["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in found] == names
    check(kubectl(f"patch deploy web --type {type} -p {patch}"), (r"patched",))


def test_subresources_are_patched(kubectl: Kubectl, kube: FakeCluster) -> None:
    kubectl("create deploy web --image nginx")
    check(
        kubectl("""patch deploy web --subresource scale --type merge -p '{"spec":{"replicas":3}}'"""),
        (r"^scale\.autoscaling/web patched$|^deployment\.apps/web patched$",),
    )
    assert kube.get("deploy", "web")["spec"]["replicas"] == 3
    check(kubectl("get deploy web --subresource scale"), (r"^web +3 +",))


def test_labels_and_annotations(kubectl: Kubectl, kube: FakeCluster) -> None:
    kubectl("create cm c")
    check(kubectl("label cm c a=b"), (r"labeled$",))
    check(kubectl.refused("label cm c a=c"), (r"already has a value \(b\)",))
    kubectl("label cm c a=c x=y --overwrite")
    kubectl("label cm --all x-")
    kubectl("annotate cm c note='some words'")
    metadata = kube.get("cm", "c")["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"a": "c"}, {"note": "some words"})


def test_edit(kubectl: Kubectl, kube: FakeCluster, tmp_path: Path) -> None:
    kubectl("create cm c --from-literal k=old")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/k: old/k: new/" "$1"\n')
    editor.chmod(0o755)
    check(kubectl("edit cm c", EDITOR=str(editor)), (r"^configmap/c edited",))
    assert kube.get("cm", "c")["data"] == {"k": "new"}
    check(kubectl("edit cm c", EDITOR=str(editor)), (r"^Edit cancelled, no changes made",))


CREATIONS = [
    ("namespace n", r"namespace/n created"),
    ("configmap c --from-literal=a=b", r"configmap/c created"),
    ("secret generic s --from-literal=a=b", r"secret/s created"),
    ("serviceaccount a", r"serviceaccount/a created"),
    ("service clusterip v --tcp=80", r"service/v created"),
    ("service nodeport v --tcp=80", r"service/v created"),
    ("service externalname v --external-name=example.com", r"service/v created"),
    ("role r --verb=get --resource=pods", r"role\.rbac\.authorization\.k8s\.io/r created"),
    ("rolebinding b --clusterrole=view --user=jo", r"rolebinding\.rbac\.authorization\.k8s\.io/b created"),
    ("clusterrole cr --verb=get --resource=nodes", r"clusterrole\.rbac\.authorization\.k8s\.io/cr created"),
    ("clusterrolebinding cb --clusterrole=view --user=jo", r"clusterrolebinding\.rbac\.\S+/cb created"),
    ("job j --image=i", r"job\.batch/j created"),
    ("cronjob cj --image=i --schedule=@hourly", r"cronjob\.batch/cj created"),
    ("ingress i --rule=example.com/*=v:80", r"ingress\.networking\.k8s\.io/i created"),
    ("quota q --hard=pods=3", r"resourcequota/q created"),
    ("poddisruptionbudget p --selector=a=b --min-available=1", r"poddisruptionbudget\.policy/p created"),
    ("priorityclass pc --value=1", r"priorityclass\.scheduling\.k8s\.io/pc created"),
    ("token default", r"\A[\w-]+\.[\w-]+\.[\w-]+\s*\Z"),
]


def test_creations(kubectl: Kubectl) -> None:
    for command, pattern in CREATIONS:
        check(kubectl(f"create {command}"), (pattern,))
        if " v " in command:
            kubectl("delete svc v")
    check(
        kubectl("get role,rolebinding,job,cronjob,ingress,quota,pdb -o name"),
        (r"role\.rbac", r"cronjob", r"pdb|budget"),
    )


def test_deletions(kubectl: Kubectl, kube: FakeCluster) -> None:
    for name in ("a", "b", "c"):
        kubectl(f"create cm {name}")
    kubectl("label cm b x=y")
    check(kubectl("delete cm -l x=y"), (r'^configmap "b" deleted',))
    check(kubectl("delete cm a c nobody --ignore-not-found"), (r'"a" deleted', r'"c" deleted', "!nobody"))
    check(kubectl.refused("delete cm nobody"), (r"NotFound",))
    kubectl("create deploy web --image i")
    kube.settle()
    kubectl("delete deploy web --cascade=orphan")
    kube.settle()
    assert len(kube.list("rs", "default")) == 1
    kubectl("delete rs --all --cascade=foreground --timeout=10s")
    assert kube.list("pods", "default") == []


# --- nodes


def test_nodes_are_cordoned_and_drained(kubectl: Kubectl, kube: FakeCluster) -> None:
    kubectl("create deploy web --image i --replicas 3")
    kubectl("rollout status deploy/web --timeout=10s")
    check(kubectl("cordon node-1"), (r"^node/node-1 cordoned",))
    check(kubectl("get node node-1"), (r"Ready,SchedulingDisabled",))
    check(
        kubectl("drain node-1 --ignore-daemonsets --timeout=20s"),
        (r"^evicting pod default/web-", r"^node/node-1 drained"),
    )
    kube.settle()
    assert {pod["spec"]["nodeName"] for pod in kube.list("pods", "default")} == {"node-2", "node-3"}
    check(kubectl("uncordon node-1"), (r"^node/node-1 uncordoned",))
    check(kubectl("taint node node-1 k=v:NoSchedule"), (r"^node/node-1 tainted",))
    assert kube.get("node", "node-1")["spec"]["taints"] == [{"key": "k", "value": "v", "effect": "NoSchedule"}]
    kubectl("taint node node-1 k-")


# --- definitions

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tables.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: tables, singular: table, kind: Table, shortNames: [tb]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Legs, type: integer, jsonPath: .spec.legs}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {legs: {type: integer, minimum: 3, description: What it stands on.}}
"""


def test_custom_kinds(kubectl: Kubectl) -> None:
    kubectl("apply -f -", stdin=DEFINITION)
    kubectl("wait --for=condition=Established crd/tables.example.com --timeout=10s")
    table = "apiVersion: example.com/v1\nkind: Table\nmetadata: {name: t}\nspec: {legs: LEGS}\n"
    check(kubectl("apply -f -", stdin=table.replace("LEGS", "4")), (r"^table\.example\.com/t created",))
    check(kubectl("get tb"), (r"^NAME +LEGS\nt +4$",))
    status, output = kubectl.run("apply -f -", stdin=table.replace("LEGS", "2"))
    assert status != 0
    check(output, (r"spec\.legs: Invalid value: 2: spec\.legs in body should be greater than or equal to 3",))
    check(kubectl("explain tables.spec.legs"), (r"legs <integer>", r"What it stands on\."))
    check(kubectl('patch tb t --type merge -p \'{"spec":{"legs":5}}\''), (r"patched",))
    kubectl("delete crd tables.example.com --timeout=10s")
    check(kubectl.refused("get tables.example.com"), (r"the server doesn't have a resource type|could not find",))


JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: long}
spec:
  ttlSecondsAfterFinished: 86400
  template:
    metadata: {annotations: {fakekube/exit-code: "0", fakekube/exit-after: "36000"}}
    spec: {restartPolicy: Never, containers: [{name: c, image: i}]}
"""


@pytest.mark.fakekube(clock="auto")
def test_who_waits_with_an_automatic_clock_waits_for_a_moment(kubectl: Kubectl) -> None:
    kubectl("apply -f -", stdin=JOB)
    kubectl("wait --for=condition=complete job/long --timeout=20s")
    check(kubectl("get job,pods"), (r"^job\.batch/long +Complete +1/1 +10h +10h", r"^pod/long-\w+ +0/1 +Completed"))
    kubectl("wait --for=delete job/long --timeout=20s")
