"""Policies with bindings, parameters, variables and mutations, judged by a whole cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1, controllers=[])
API = "admissionregistration.k8s.io/v1"
CREATE_MAPS = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["configmaps"],
}


def policy(kind: str, **spec: Any) -> dict[str, Any]:
    rules = {"resourceRules": [CREATE_MAPS]}
    spec = {"matchConstraints": rules, **spec}
    return {"apiVersion": API, "kind": f"{kind}AdmissionPolicy", "metadata": {"name": "p"}, "spec": spec}


def binding(kind: str, **spec: Any) -> dict[str, Any]:
    spec = {"policyName": "p", **({"validationActions": ["Deny"]} if kind == "Validating" else {}), **spec}
    return {"apiVersion": API, "kind": f"{kind}AdmissionPolicyBinding", "metadata": {"name": "b"}, "spec": spec}


def validating(kube: FakeCluster, bound: dict[str, Any] | None = None, **spec: Any) -> None:
    kube.create(policy("Validating", **spec))
    kube.create(binding("Validating", **(bound or {})))


def mutating(kube: FakeCluster, *mutations: dict[str, Any], **spec: Any) -> None:
    kube.create(policy("Mutating", mutations=list(mutations), reinvocationPolicy="Never", **spec))
    kube.create(binding("Mutating"))


def apply(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patch(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def config_map(name: str = "m", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def refused(kube: FakeCluster, obj: dict[str, Any]) -> StatusError:
    with pytest.raises(StatusError) as caught:
        kube.create(obj)
    return caught.value


DENIED = "configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "


@pytest.mark.parametrize(
    ("validation", "code", "message"),
    [
        ({"expression": "size(object.data) > 1"}, 422, "failed expression: size(object.data) > 1"),
        ({"expression": "false", "message": " no ", "reason": "Forbidden"}, 403, "no"),
        ({"expression": "false", "message": "no", "messageExpression": "'no ' + object.metadata.name"}, 422, "no m"),
        ({"expression": "false", "message": "no", "messageExpression": "string(object.nothing)"}, 422, "no"),
        ({"expression": "false", "message": "no", "messageExpression": "'two\\nlines'"}, 422, "no"),
        ({"expression": "object.x.y == 1"}, 422, "expression 'object.x.y == 1' resulted in error: no such key: x"),
    ],
)
def test_a_validation_that_does_not_hold(
    kube: FakeCluster, validation: dict[str, Any], code: int, message: str
) -> None:
    validating(kube, validations=[validation])
    refusal = refused(kube, config_map(a="1"))
    assert (refusal.code, refusal.message) == (code, DENIED + message)


def test_a_policy_without_a_binding_is_not_in_force(kube: FakeCluster) -> None:
    kube.create(policy("Validating", validations=[{"expression": "false"}]))
    assert kube.create(config_map())


def test_variables_are_evaluated_when_they_are_named(kube: FakeCluster) -> None:
    variables = [
        {"name": "limit", "expression": "int(object.data.limit)"},
        {"name": "double", "expression": "variables.limit * 2"},
        {"name": "unused", "expression": "object.nothing.here"},
    ]
    validating(kube, variables=variables, validations=[{"expression": "variables.double < 10"}])
    assert kube.create(config_map("small", limit="3"))
    assert "failed expression" in refused(kube, config_map(limit="7")).message
    told = 'resulted in error: composited variable "double" fails to evaluate: composited variable "limit" fails'
    assert told in refused(kube, config_map()).message


def test_parameters_by_selector_are_all_asked(kube: FakeCluster) -> None:
    kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    reference = {"selector": {"matchLabels": {"limits": "yes"}}, "parameterNotFoundAction": "Allow"}
    validations = [{"expression": "size(object.data) <= params.spec.leaseDurationSeconds"}]
    validating(kube, {"paramRef": reference}, paramKind=kind, validations=validations)
    assert kube.create(config_map("free", a="1", b="2", c="3"))
    for name, most in (("two", 2), ("one", 1)):
        metadata = {"name": name, "namespace": "default", "labels": {"limits": "yes"}}
        kube.create({**kind, "metadata": metadata, "spec": {"leaseDurationSeconds": most}})
    assert "failed expression" in refused(kube, config_map(a="1", b="2")).message
    assert kube.create(config_map(a="1"))


@pytest.mark.parametrize("policy_of_failures", ["Fail", "Ignore"])
def test_parameters_of_a_kind_that_is_not_there(kube: FakeCluster, policy_of_failures: str) -> None:
    kind = {"apiVersion": "example.com/v1", "kind": "Limit"}
    bound = {"paramRef": {"name": "x", "parameterNotFoundAction": "Deny"}}
    spec = {"paramKind": kind, "validations": [{"expression": "true"}], "failurePolicy": policy_of_failures}
    validating(kube, bound, **spec)
    if policy_of_failures == "Ignore":
        assert kube.create(config_map())
        return
    told = "failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limit'"
    expected = f"configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: {told}"
    assert refused(kube, config_map()).message == expected


def test_the_authorizer_is_asked_about_the_user(kube: FakeCluster) -> None:
    allowed = "authorizer.group('').resource('secrets').namespace('default').check('delete').allowed()"
    own = "authorizer.requestResource.check('update').allowed()"
    anybody = "!authorizer.serviceAccount('default', 'nobody').path('/metrics').check('get').errored()"
    validating(kube, validations=[{"expression": each} for each in (allowed, own, anybody)])
    assert kube.create(config_map())


def test_warnings_and_annotations_are_told_and_nothing_is_refused(kube: FakeCluster) -> None:
    annotations = [{"key": "k", "valueExpression": "'made ' + object.metadata.name"}]
    validations = [{"expression": "false", "message": "hm"}]
    validating(kube, {"validationActions": ["Warn", "Audit"]}, validations=validations, auditAnnotations=annotations)
    assert kube.create(config_map())
    [request] = kube.webhooks.audited
    assert request[:4] == ("CREATE", "configmaps", "default", "m")
    assert request.annotations["p/k"] == "made m"
    [failure] = json.loads(request.annotations["validation.policy.admission.k8s.io/validation_failure"])
    assert failure == {
        "message": "hm",
        "policy": "p",
        "binding": "b",
        "expressionIndex": 0,
        "validationActions": ["Warn", "Audit"],
    }


# --- mutations


def test_an_apply_configuration_is_merged_and_owned_by_nobody(kube: FakeCluster) -> None:
    mutating(
        kube,
        apply("Object{metadata: Object.metadata{labels: {'a': variables.name}}, data: {'b': '2'}}"),
        variables=[{"name": "name", "expression": "object.metadata.name"}],
    )
    made = kube.create(config_map(a="1"))
    assert made["data"] == {"a": "1", "b": "2"}
    assert made["metadata"]["labels"] == {"a": "m"}
    assert "f:b" not in json.dumps(made["metadata"]["managedFields"])


def test_a_patch_may_test_first_and_escapes_keys(kube: FakeCluster) -> None:
    key = "'/metadata/annotations/' + jsonpatch.escapeKey('a.example.com/x')"
    whole = "JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}"
    test = "JSONPatch{op: 'test', path: '/data/go', value: 'yes'}"
    mutating(kube, patch(f"[{test}, {whole}, JSONPatch{{op: 'add', path: {key}, value: string(size(object.data))}}]"))
    assert "annotations" not in kube.create(config_map("unchanged", go="no"))["metadata"]
    assert kube.create(config_map(go="yes"))["metadata"]["annotations"] == {"a.example.com/x": "1"}


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        (apply("Object{spec: Object.metadata{}}"), 'type mismatch: unexpected type name "Object.metadata", expected'),
        (apply("Object{nothing: 1}"), "error applying patch: failed to convert patch object to typed object: .nothing"),
        (
            patch("[JSONPatch{op: 'remove', path: '/x/y'}]"),
            "JSON Patch: remove operation does not apply: doc is missing",
        ),
        (patch("[JSONPatch{op: 'remove', path: object.x}]"), "resulted in error: no such key: x"),
    ],
)
def test_a_mutation_that_cannot_be_made(kube: FakeCluster, mutation: dict[str, Any], message: str) -> None:
    mutating(kube, mutation)
    refusal = refused(kube, config_map())
    assert (refusal.code, refusal.reason) == (403, "Invalid")
    assert refusal.message.startswith("policy 'p' with binding 'b' denied request: ")
    assert message in refusal.message


def test_lists_that_are_owned_as_a_whole_are_not_merged(kube: FakeCluster) -> None:
    rule = {**CREATE_MAPS, "resources": ["pods"]}
    container = "Object.spec.containers{name: 'c', args: ['x']}"
    mutating(
        kube,
        apply(f"Object{{spec: Object.spec{{containers: [{container}]}}}}"),
        matchConstraints={"resourceRules": [rule]},
    )
    kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    refusal = refused(kube, {**pod, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    assert "may not mutate atomic arrays, maps or structs: .spec.containers[0].args" in refusal.message


def test_expressions_of_mutations_must_make_what_they_are_for(kube: FakeCluster) -> None:
    for mutation, told in (
        (apply("'text'"), "must evaluate to Object but got string"),
        (patch("[1]"), "must evaluate to list(JSONPatch) but got list(int)"),
        (apply("Objects{}"), "undeclared reference to 'Objects'"),
    ):
        refusal = refused(kube, policy("Mutating", mutations=[mutation], reinvocationPolicy="Never"))
        assert told in refusal.message


def test_policies_are_not_shown_policies_or_the_questions_a_cluster_lives_by(kube: FakeCluster) -> None:
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
    validating(kube, matchConstraints={"resourceRules": [everything]}, validations=[{"expression": "false"}])
    refused(kube, config_map())
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}}
    kube.create({**review, "spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}})
    hooks = {"apiVersion": API, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "w"}}
    assert "denied request: failed expression: false" in refused(kube, hooks).message
    kube.delete("validatingadmissionpolicies.admissionregistration.k8s.io", "p")
    kube.create(config_map())


@pytest.mark.parametrize(("again", "count"), [("Never", "x"), ("IfNeeded", "xx")])
def test_a_policy_that_asks_for_it_is_invoked_again_after_its_own_mutation(
    kube: FakeCluster, again: str, count: str
) -> None:
    counted = "Object{data: {'count': (has(object.data) && 'count' in object.data ? object.data['count'] : '') + 'x'}}"
    kube.create(policy("Mutating", mutations=[apply(counted)], reinvocationPolicy=again))
    kube.create(binding("Mutating"))
    assert kube.create(config_map())["data"]["count"] == count
