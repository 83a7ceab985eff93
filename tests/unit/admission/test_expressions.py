"""Expressions: what they may name, what they must come to, and what they are shown."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.access.authorization import Authorizer
from fakekube.access.users import User
from fakekube.admission.conditions import ConditionError, Conditions
from fakekube.admission.expressions import Expression, ExpressionError, Inputs, OutOfBudget, Scope
from fakekube.admission.expressions.authorizing import Rights
from fakekube.admission.expressions.results import NotJson, as_json, misnamed
from fakekube.admission.expressions.typed import escaped, type_of
from fakekube.admission.forms import Versioned
from fakekube.admission.policies.type_checking import expression_warnings
from fakekube.schema.cel.types import BOOL, NULL, STRING
from tests.unit.admission.conftest import SCHEME, attributes_of

USER = User("jane", ("devs",), extra=(("k", ("v",)),))


def inputs(obj: Any = None, **more: Any) -> Inputs:
    attributes = attributes_of("pods", obj, user=USER, **more)
    return Inputs(attributes, attributes.resource, Versioned(attributes, None), Rights(Authorizer()))  # type: ignore[arg-type]


def value(source: str, obj: Any = None, **more: Any) -> Any:
    return Expression(source, Scope()).value(inputs(obj, **more))


@pytest.mark.parametrize(
    ("source", "wanted", "fault"),
    [
        ("1 + 1", (BOOL,), "must evaluate to bool but got int"),
        ("object.x", (BOOL,), "must evaluate to bool but got dyn"),
        ("timestamp('2026-01-01T00:00:00Z')", (STRING,), "must evaluate to string but got google.protobuf.Timestamp"),
        ("1", (STRING, NULL), "must evaluate to one of [string null_type] but got int"),
        ("null", (STRING, NULL), ""),
    ],
)
def test_an_expression_must_come_to_what_is_wanted(source: str, wanted: Any, fault: str) -> None:
    assert Expression(source, Scope(), *wanted).fault == fault


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        ("params.x", Scope()),
        ("variables.x", Scope()),
        ("authorizer.path('/x')", Scope(authorizer=False)),
        ("Object{}", Scope()),
        ("jsonpatch.escapeKey('/')", Scope()),
        ("request.object", Scope()),
        ("namespaceObject.metadata.managedFields", Scope()),
    ],
)
def test_what_may_not_be_named(source: str, scope: Scope) -> None:
    assert Expression(source, scope).fault.startswith("compilation failed: ERROR: <input>:1:")


def test_what_is_seen_of_a_request() -> None:
    pod = {"metadata": {"name": "x"}, "spec": {}}
    assert (
        value("request.operation + ' ' + request.kind.kind + ' ' + request.resource.resource", pod) == "CREATE Pod pods"
    )
    assert value("request.userInfo.username + request.userInfo.extra['k'][0]", pod) == "janev"
    assert value("object.metadata.name == request.name && oldObject == null", pod) is True
    assert value("request.namespace", pod) == "ns"
    assert value("has(request.subResource)", pod) is False
    assert value("request.options.kind", pod) == "CreateOptions"


def test_what_the_authorizer_tells() -> None:
    assert value("authorizer.group('').resource('pods').namespace('ns').check('get').allowed()") is True
    assert value("authorizer.requestResource.subresource('status').check('update').reason()") == ""
    with pytest.raises(ExpressionError, match="resulted in error: resource must not be empty"):
        value("authorizer.group('').resource(' ').check('get').allowed()")
    with pytest.raises(ExpressionError, match="Invalid service account name"):
        value("authorizer.serviceAccount('ns', 'No!').path('/x').check('get').allowed()")


def conditions(*expressions: str, fails: bool = True) -> Conditions:
    return Conditions([{"name": "c", "expression": each} for each in expressions], Scope(), fails=fails)


def test_a_condition_that_does_not_hold_decides_whatever_is_wrong_with_others() -> None:
    broken = "object.x == 1"
    assert conditions("true", "true").are_met(inputs({}))
    assert not conditions(broken, "false").are_met(inputs({}))
    assert not conditions(broken, fails=False).are_met(inputs({}))
    with pytest.raises(ConditionError, match=r"^expression 'object.x == 1' resulted in error: no such key: x$"):
        conditions("true", broken).are_met(inputs({}))


def test_values_as_json() -> None:
    patches = Scope(patches=True)
    found = Expression("Object{spec: Object.spec{a: [1, 2], b: {'c': null}, d: b'x'}}", patches).value(inputs({}))
    assert as_json(found) == {"spec": {"a": [1, 2], "b": {"c": None}, "d": "eA=="}}
    assert list(misnamed(found, "Object")) == []
    wrong = Expression("Object{spec: [Object.status{}]}", patches).value(inputs({}))
    assert 'expected "Object.spec"' in next(misnamed(wrong, "Object"))
    with pytest.raises(NotJson):
        as_json({1: "a"})


def test_types_of_objects_are_held_to() -> None:
    deployments = SCHEME.stored("deployments.apps")
    assert deployments is not None
    scope = Scope(object=type_of(deployments.type))
    for source in ("object.spec.replicas > 1", "object.metadata.namespace == 'a'", "object.spec.paused"):
        assert Expression(source, scope).fault == ""
    assert "undefined field 'replica'" in Expression("object.spec.replica > 1", scope).fault
    assert [escaped(name) for name in ("a", "namespace", "a-b", "a/b.c", "a__b")] == [
        "a",
        "__namespace__",
        "a__dash__b",
        "a__slash__b__dot__c",
        "a__underscores__b",
    ]


def test_a_policy_is_warned_of_what_does_not_fit_each_of_its_kinds() -> None:
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "resources": ["deployments", "daemonsets", "deployments/scale"],
    }
    spec = {
        "matchConstraints": {"resourceRules": [rule, {**rule, "apiGroups": ["*"]}]},
        "variables": [{"name": "r", "expression": "object.spec.replicas"}],
        "validations": [{"expression": "object.spec.replicas > 1", "messageExpression": "object.kind"}],
    }
    [warning] = expression_warnings({"spec": spec}, SCHEME)
    assert warning["fieldRef"] == "spec.validations[0].expression"
    assert warning["warning"].startswith("apps/v1, Kind=DaemonSet: ERROR: <input>:1:12: undefined field 'replicas'")
    assert "Deployment" not in warning["warning"]


def test_expressions_have_a_budget_together() -> None:
    shown = inputs({"data": {"a": "b"}})
    before = shown.budget
    expression = Expression("object.data.a == 'b'", Scope(), BOOL)
    assert expression.value(shown) is True
    assert before - shown.budget == 3 + 1
    shown.budget = 3
    with pytest.raises(OutOfBudget, match="running out of cost budget, no further validation rules will be run"):
        expression.value(shown)


def test_three_checks_of_rights_cost_too_much() -> None:
    check = "authorizer.path('/x').check('get').allowed()"
    assert value(f"{check} && {check}") is True
    with pytest.raises(ExpressionError, match="operation cancelled: actual cost limit exceeded"):
        value(f"{check} && {check} && {check}")


def test_conditions_that_cost_too_much_refuse_or_do_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakekube.admission.conditions.CONDITIONS_BUDGET", 5)
    costly = [{"name": f"c{number}", "expression": "object.a == 1"} for number in range(2)]
    with pytest.raises(ConditionError, match=r"^validation failed due to running out of cost budget"):
        Conditions(costly, Scope(), fails=True).are_met(inputs({"a": 1}))
    assert not Conditions(costly, Scope(), fails=False).are_met(inputs({"a": 1}))
