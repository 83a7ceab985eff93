"""Webhook configurations and admission policies: what is filled in and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.kinds.conftest import Api, merged

GROUP = "admissionregistration.k8s.io"
VALIDATING, MUTATING = f"validatingwebhookconfigurations.{GROUP}", f"mutatingwebhookconfigurations.{GROUP}"
POLICIES, MUTATIONS = f"validatingadmissionpolicies.{GROUP}", f"mutatingadmissionpolicies.{GROUP}"
BINDINGS = f"validatingadmissionpolicybindings.{GROUP}"
RULE: dict[str, Any] = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
HOOK: dict[str, Any] = {
    "name": "a.example.com",
    "clientConfig": {"url": "https://example.com/x"},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "rules": [RULE],
}
POLICY: dict[str, Any] = {
    "matchConstraints": {"resourceRules": [RULE]},
    "validations": [{"expression": "true"}],
}
MUTATION: dict[str, Any] = {
    "matchConstraints": {"resourceRules": [RULE]},
    "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
    "reinvocationPolicy": "Never",
}


async def test_everything_about_a_webhook_is_written_down(api: Api) -> None:
    hook = {**HOOK, "clientConfig": {"service": {"name": "s", "namespace": "n"}}}
    [found] = (await api.make(MUTATING, webhooks=[hook]))["webhooks"]
    assert found == {
        **hook,
        "clientConfig": {"service": {"name": "s", "namespace": "n", "port": 443}},
        "rules": [{**RULE, "scope": "*"}],
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "timeoutSeconds": 10,
        "reinvocationPolicy": "Never",
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"name": "a.b"},
            'name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
        ),
        ({"clientConfig": {"service": {}}}, "clientConfig: Required value: exactly one of url or service is required"),
        (
            {"clientConfig": {"url": "https://u@example.com/"}},
            'clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
        ),
        (
            {"clientConfig": {"url": "https://example.com/?q"}},
            'clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
        ),
        (
            {"clientConfig": {"url": None, "service": {"name": "s", "namespace": "n", "path": "/a//b"}}},
            'clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty',
        ),
        (
            {"timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        (
            {"admissionReviewVersions": ["v1", "v1"]},
            'admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
        ),
        (
            {"rules": [{**RULE, "resources": ["pods/*", "pods/log"]}]},
            "rules[0].resources[1]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log",
        ),
        (
            {"rules": [{**RULE, "resources": ["*", "pods"]}]},
            (
                'rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other '
                "resources without subresources"
            ),
        ),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}, {"name": "a", "expression": " "}]},
            "matchConditions[1].expression: Required value",
        ),
    ],
)
async def test_faults_of_webhooks(api: Api, change: dict[str, Any], fault: str) -> None:
    assert f"webhooks[0].{fault}" in await api.refused(VALIDATING, webhooks=[merged(HOOK, change)])


async def test_names_of_webhooks_differ(api: Api) -> None:
    assert await api.refused(VALIDATING, webhooks=[HOOK, HOOK]) == [
        'webhooks[1].name: Duplicate value: "a.example.com"'
    ]


async def test_the_generation_counts_changes_of_webhooks(api: Api) -> None:
    await api.make(VALIDATING, webhooks=[HOOK])
    changed = await api.change(VALIDATING, webhooks=[{**HOOK, "timeoutSeconds": 1}])
    assert changed["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("resource", "spec", "fault"),
    [
        (POLICIES, merged(POLICY, {"matchConstraints": None}), "spec.matchConstraints: Required value"),
        (
            POLICIES,
            merged(POLICY, {"matchConstraints": {"resourceRules": []}}),
            "spec.matchConstraints.resourceRules: Required value",
        ),
        (
            POLICIES,
            merged(POLICY, {"variables": [{"name": "for", "expression": "1"}]}),
            'spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier',
        ),
        (
            POLICIES,
            merged(POLICY, {"validations": [{"expression": "true", "message": "a\nb"}]}),
            'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
        ),
        (
            POLICIES,
            merged(POLICY, {"paramKind": {"apiVersion": "a/b/c", "kind": "1"}}),
            'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        ),
        (
            MUTATIONS,
            merged(MUTATION, {"matchConstraints": {"resourceRules": [{**RULE, "operations": ["DELETE"]}]}}),
            (
                'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", '
                '"CONNECT", "CREATE", "UPDATE"'
            ),
        ),
        (
            MUTATIONS,
            merged(MUTATION, {"mutations": [{"patchType": "ApplyConfiguration", "jsonPatch": {"expression": "[]"}}]}),
            (
                "spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is "
                "ApplyConfiguration"
            ),
        ),
        (MUTATIONS, merged(MUTATION, {"reinvocationPolicy": None}), "spec.reinvocationPolicy: Required value"),
        (
            BINDINGS,
            {"policyName": "p", "validationActions": []},
            "spec.validationActions: Required value: at least one validation action is required",
        ),
        (
            BINDINGS,
            {"policyName": "p", "validationActions": ["Deny"], "paramRef": {"parameterNotFoundAction": "Deny"}},
            "spec.paramRef: Required value: one of name or selector must be specified",
        ),
    ],
)
async def test_faults_of_policies(api: Api, resource: str, spec: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, spec=spec)


async def test_policies_are_filled_in(api: Api) -> None:
    spec = (await api.make(POLICIES, spec=POLICY))["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert spec["matchConstraints"] == {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "resourceRules": [{**RULE, "scope": "*"}],
    }
