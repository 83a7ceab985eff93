"""Budgets, autoscalers, gathered roles, token secrets and signed certificates."""

from base64 import b64decode, b64encode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fakekube.core.meta import Obj, time_text
from tests.unit.controllers.labs import change, condition, lab, names, pod, selector, template
from tests.unit.machinery.fakeapi import Lab

BUDGETS, SCALERS, SETS = "poddisruptionbudgets.policy", "horizontalpodautoscalers.autoscaling", "replicasets.apps"
ROLES = "clusterroles.rbac.authorization.k8s.io"
REQUESTS = "certificatesigningrequests.certificates.k8s.io"


async def make_set(made: Lab, replicas: int) -> None:
    spec = {"replicas": replicas, "selector": selector(), "template": template()}
    await made.make(SETS, "ReplicaSet", "rs", spec=spec)


def budget(made: Lab) -> Obj:
    found = made.get(BUDGETS, "b")
    assert found is not None
    return dict(found["status"])


async def test_a_budget_counts_what_may_go() -> None:
    made = await lab("disruption", "replicaset")
    await make_set(made, 4)
    await made.make(BUDGETS, "PodDisruptionBudget", "b", spec={"minAvailable": "50%", "selector": selector()})
    await made.settle()
    counts = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
    assert [budget(made)[name] for name in counts] == [4, 2, 4, 2]
    assert condition(made.get(BUDGETS, "b"), "DisruptionAllowed")["reason"] == "SufficientPods"
    await change(made, BUDGETS, "b", {"spec": {"minAvailable": None, "maxUnavailable": 0}})
    await made.settle()
    assert [budget(made)[name] for name in counts] == [4, 4, 4, 0]
    assert condition(made.get(BUDGETS, "b"), "DisruptionAllowed")["reason"] == "InsufficientPods"


async def test_an_evicted_pod_is_not_healthy_until_it_is_clear_that_it_stays() -> None:
    made = await lab("disruption")
    await pod(made, "p", "node-1")
    await pod(made, "q", "node-1")
    await made.make(BUDGETS, "PodDisruptionBudget", "b", spec={"minAvailable": 1, "selector": selector()})
    await made.settle()
    evicted = {"disruptedPods": {"p": time_text(made.clock.now())}}
    await change(made, BUDGETS, "b", {"status": evicted}, "status")
    await made.settle()
    assert (budget(made)["currentHealthy"], budget(made)["disruptionsAllowed"]) == (1, 0)
    await made.settle(121)
    assert (budget(made)["currentHealthy"], budget(made).get("disruptedPods")) == (2, None)
    assert made.told("NotDeleted") == ["Pod was expected by PDB default/default to be deleted but it wasn't"]


async def test_a_pod_that_was_to_go_and_did_not_is_no_longer_said_to_be_going() -> None:
    made = await lab("disruption")
    for name, reason in (("p", "EvictionByEvictionAPI"), ("q", "TerminationByKubelet")):
        await pod(made, name, "node-1")
        entry = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "m"}
        target = {"conditions": [{**entry, "lastTransitionTime": time_text(made.clock.now())}]}
        await change(made, "pods", name, {"status": target}, "status")
    await made.settle(110)
    assert condition(made.get("pods", "p"), "DisruptionTarget")["status"] == "True"
    await made.settle(15)
    assert condition(made.get("pods", "q"), "DisruptionTarget")["status"] == "True"
    spared = condition(made.get("pods", "p"), "DisruptionTarget")
    assert (spared["status"], "reason" in spared, "message" in spared) == ("False", False, False)


async def test_a_share_of_pods_that_nobody_scales_is_not_known() -> None:
    made = await lab("disruption")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u", "controller": True}
    await pod(made, "p", "node-1", metadata={"labels": {"app": "a"}, "ownerReferences": [owner]})
    await made.make(BUDGETS, "PodDisruptionBudget", "b", spec={"maxUnavailable": 1, "selector": selector()})
    await made.settle()
    found = condition(made.get(BUDGETS, "b"), "DisruptionAllowed")
    assert (found["status"], found["reason"]) == ("False", "SyncFailed")


async def scaler(made: Lab, **spec: Any) -> None:
    target = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    fields = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3, "metrics": [metric], **spec}
    await made.make(SCALERS, "HorizontalPodAutoscaler", "h", spec=fields)


async def test_an_autoscaler_keeps_its_target_within_bounds_and_says_that_it_knows_no_load() -> None:
    made = await lab("horizontalpodautoscaler", "replicaset", count=1)
    await make_set(made, 5)
    await scaler(made)
    rescaled: list[Obj] = []

    async def scale(resource: str, namespace: str, name: str, patch: Any, **options: Any) -> Obj:
        rescaled.append(patch)
        return await patched(resource, namespace, name, patch, **{**options, "subresource": ""})

    patched, made.api.patch = made.api.patch, scale  # type: ignore[method-assign]
    await made.settle(15)
    assert rescaled[0] == {"spec": {"replicas": 3}}
    assert made.told("SuccessfulRescale") == ["New size: 3; reason: Current number of replicas above Spec.MaxReplicas"]
    await made.settle(16)
    found = made.get(SCALERS, "h")
    assert condition(found, "AbleToScale")["status"] == "True"
    assert condition(found, "ScalingActive")["reason"] == "FailedGetResourceMetric"


async def test_an_autoscaler_without_target_says_so() -> None:
    made = await lab("horizontalpodautoscaler", kubelets=False)
    await scaler(made)
    await made.settle(15)
    found = condition(made.get(SCALERS, "h"), "AbleToScale")
    assert (found["status"], found["reason"]) == ("False", "FailedGetScale")
    assert found["message"].endswith('replicasets.apps "rs" not found')


async def test_a_role_gathers_the_rules_of_others() -> None:
    made = await lab("clusterrole-aggregation", kubelets=False)
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    gathers = {"clusterRoleSelectors": [{"matchLabels": {"into": "all"}}]}
    await made.make(ROLES, "ClusterRole", "all", aggregationRule=gathers)
    for name in ("b", "a"):
        rules = [{**rule, "verbs": [name]}, rule]
        await made.make(ROLES, "ClusterRole", name, metadata={"labels": {"into": "all"}}, rules=rules)
    await made.settle()
    gathered = made.get(ROLES, "all", "")
    assert gathered is not None
    assert [each["verbs"] for each in gathered["rules"]] == [["a"], ["get"], ["b"]]


async def test_a_token_secret_is_filled_and_goes_with_its_account() -> None:
    made = await lab("serviceaccount-token", kubelets=False)
    made.world.settings = made.world.settings._replace(issue_token=lambda *about: "/".join(about))
    account = await made.make("serviceaccounts", "ServiceAccount", "robot")
    notes = {"kubernetes.io/service-account.name": "robot"}
    kind = "kubernetes.io/service-account-token"
    await made.make("secrets", "Secret", "t", metadata={"annotations": notes}, type=kind)
    await made.settle()
    filled = made.get("secrets", "t")
    assert filled is not None
    data = {name: b64decode(text).decode() for name, text in filled["data"].items()}
    assert data == {"namespace": "default", "ca.crt": "PEM", "token": f"default/robot/{account['metadata']['uid']}"}
    await made.api.delete("serviceaccounts", "default", "robot")
    await made.settle()
    assert names(made, "secrets") == []


async def test_approved_requests_are_signed() -> None:
    made = await lab("csrsigning", kubelets=False)

    def sign(pem: bytes, seconds: int | None, usages: tuple[str, ...]) -> bytes:
        if pem == b"bad":
            raise ValueError("no request")
        return b"signed " + pem

    made.world.settings = made.world.settings._replace(sign=sign)
    approved = {"conditions": [{"type": "Approved", "status": "True"}]}
    for name, signer in (("good", "kube-apiserver-client"), ("bad", "kube-apiserver-client"), ("other", "mine")):
        spec: Obj = {"request": b64encode(name.encode()).decode(), "signerName": f"kubernetes.io/{signer}"}
        spec["usages"] = ["client auth"]
        await made.make(REQUESTS, "CertificateSigningRequest", name, spec=spec, status=approved)
    await made.settle()
    statuses = {each["metadata"]["name"]: each["status"] for each in made.all(REQUESTS)}
    assert b64decode(statuses["good"]["certificate"]) == b"signed good"
    assert statuses["bad"]["conditions"][1]["message"] == "no request"
    assert statuses["other"] == approved


def certificate_request(common_name: str, organization: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


async def test_a_kubelet_gets_the_certificate_that_it_asks_for_and_nobody_else() -> None:
    made = await lab("csrapproving", "csrsigning", kubelets=False)
    made.world.settings = made.world.settings._replace(sign=lambda pem, seconds, usages: b"signed")
    about: Obj = {"signerName": "kubernetes.io/kube-apiserver-client-kubelet"}
    about["usages"] = ["digital signature", "client auth"]
    for name, organization in (("node", "system:nodes"), ("other", "people")):
        spec = {**about, "request": certificate_request("system:node:n", organization), "username": "boot"}
        await made.make(REQUESTS, "CertificateSigningRequest", name, spec=spec)
    await made.settle()
    found = condition(made.get(REQUESTS, "node", ""), "Approved")
    assert found["message"] == "Auto approving kubelet client certificate after SubjectAccessReview."
    assert b64decode((made.get(REQUESTS, "node", "") or {})["status"]["certificate"]) == b"signed"
    assert not condition(made.get(REQUESTS, "other", ""), "Approved")
    approved = {"status": {"conditions": [{"type": "Approved", "status": "True"}]}}
    await made.api.patch(REQUESTS, "", "other", approved, type="merge", subresource="approval")
    await made.settle()
    refused = condition(made.get(REQUESTS, "other", ""), "Failed")
    assert (refused["reason"], refused["message"]) == (
        "SignerValidationFailure",
        "subject organization is not system:nodes",
    )


async def test_old_requests_are_taken_away() -> None:
    made = await lab("csrcleaner", kubelets=False)
    spec = {"request": "", "signerName": "example.com/s"}
    denied = {"conditions": [{"type": "Denied", "status": "True", "lastUpdateTime": time_text(made.clock.now())}]}
    await made.make(REQUESTS, "CertificateSigningRequest", "denied", spec=spec, status=denied)
    await made.make(REQUESTS, "CertificateSigningRequest", "pending", spec=spec)
    await made.settle(3700)
    assert names(made, REQUESTS) == ["pending"]
    await made.settle(86_400)
    assert names(made, REQUESTS) == []


RANGES, ADDRESSES = "servicecidrs.networking.k8s.io", "ipaddresses.networking.k8s.io"


async def test_a_range_of_service_addresses_stays_while_one_would_be_without() -> None:
    made = await lab("service-cidr", kubelets=False)
    await made.make(RANGES, "ServiceCIDR", "more", spec={"cidrs": ["10.1.0.0/24"]})
    given = {"labels": {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}}
    await made.make(ADDRESSES, "IPAddress", "10.1.0.9", metadata=given)
    await made.settle()
    found = made.get(RANGES, "more", "")
    assert found is not None
    assert found["metadata"]["finalizers"] == ["networking.k8s.io/service-cidr-finalizer"]
    assert condition(found, "Ready")["message"] == "Kubernetes Service CIDR is ready"
    await made.api.delete(RANGES, "", "more")
    await made.settle(20)
    assert condition(made.get(RANGES, "more", ""), "Ready")["reason"] == "Terminating"
    await made.api.delete(ADDRESSES, "", "10.1.0.9")
    await made.settle(11)
    assert names(made, RANGES) == []


async def test_an_account_does_not_name_a_token_secret_that_is_gone() -> None:
    made = await lab("serviceaccount-token", kubelets=False)
    made.world.settings = made.world.settings._replace(issue_token=lambda *about: "token")
    await made.make("serviceaccounts", "ServiceAccount", "robot", secrets=[{"name": "t"}, {"name": "u"}])
    notes = {"kubernetes.io/service-account.name": "robot"}
    kind = "kubernetes.io/service-account-token"
    await made.make("secrets", "Secret", "t", metadata={"annotations": notes}, type=kind)
    await made.settle()
    await made.api.delete("secrets", "default", "t")
    await made.settle()
    assert (made.get("serviceaccounts", "robot") or {})["secrets"] == [{"name": "u"}]
