"""Which requests webhooks and policies are for."""

import pytest

from fakekube.access.users import ADMIN
from fakekube.admission.chain import Attributes
from fakekube.admission.matching import Equivalents, Rule, Selection, chosen
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key

SCHEME = Scheme.for_version()
CREATE_PODS = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def attributes(resource="pods", *, subresource="", namespace="n", name="", obj=None, old=None, operation="CREATE"):
    found = SCHEME.stored(resource)
    return Attributes(operation, found, subresource, namespace, name, obj, old, ADMIN)


@pytest.mark.parametrize(
    ("change", "request_", "wanted"),
    [
        ({}, {}, True),
        ({"operations": ["*"]}, {"operation": "CONNECT"}, True),
        ({"operations": ["UPDATE"]}, {}, False),
        ({"apiGroups": ["apps"]}, {}, False),
        ({"apiGroups": ["*"]}, {"resource": "deployments.apps"}, False),
        ({"apiGroups": ["*"], "resources": ["*"]}, {"resource": "deployments.apps"}, True),
        ({"apiVersions": ["v2"]}, {}, False),
        ({}, {"subresource": "status"}, False),
        ({"resources": ["*"]}, {"subresource": "status"}, False),
        ({"resources": ["pods/*"]}, {"subresource": "status"}, True),
        ({"resources": ["*/status"]}, {"subresource": "status"}, True),
        ({"resources": ["pods/*"]}, {}, True),
        ({"scope": "Cluster"}, {}, False),
        ({"scope": "Namespaced"}, {}, True),
        ({"resources": ["*"], "scope": "Namespaced"}, {"resource": "namespaces", "namespace": "", "name": "n"}, False),
        ({"resources": ["*"], "scope": "Cluster"}, {"resource": "namespaces", "namespace": "", "name": "n"}, True),
        ({"resourceNames": ["a"]}, {"name": "a"}, True),
        ({"resourceNames": ["a"]}, {"name": "b"}, False),
    ],
)
def test_a_rule_names_a_request(change, request_, wanted):
    asked = attributes(**request_)
    assert Rule.of({**CREATE_PODS, **change}).matches(asked, asked.asked) is wanted


def test_equivalents_are_what_the_same_objects_are_served_as():
    equivalents = Equivalents(SCHEME)
    events = SCHEME.resource("", "v1", "events")
    assert [each.api_version for each in equivalents.of(events, "")] == ["events.k8s.io/v1"]
    scalers = SCHEME.resource("autoscaling", "v1", "horizontalpodautoscalers")
    assert [each.version for each in equivalents.of(scalers, "status")] == ["v2"]
    assert equivalents.of(scalers, "scale") == []


def test_the_resource_of_the_request_comes_before_its_equivalents():
    equivalents, asked = Equivalents(SCHEME), attributes("events")
    newer = Rule.of({**CREATE_PODS, "apiGroups": ["events.k8s.io"], "resources": ["events"]})
    own = Rule.of({**CREATE_PODS, "resources": ["events"]})
    assert chosen([newer, own], asked, equivalents, equivalent=True).group == ""
    assert chosen([newer], asked, equivalents, equivalent=True).group == "events.k8s.io"
    assert chosen([newer], asked, equivalents, equivalent=False) is None


async def test_selectors():
    store = Store()
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n", "labels": {"team": "a"}}}
    await store.commit(Key("namespaces", "", "n"), namespace, expected=None)
    mine, other = {"matchLabels": {"team": "a"}}, {"matchLabels": {"team": "b"}}
    labelled = {"metadata": {"labels": {"team": "b"}}}

    def matches(namespaces, objects, **request_):
        asked = attributes(**request_)
        return Selection(namespaces, objects).matches(asked, asked.obj, store)

    assert matches({}, {}) is True
    assert matches(mine, {}) is True
    assert matches(other, {}) is False
    assert matches(mine, {}, namespace="missing") is None
    assert matches(other, {}, resource="nodes", namespace="") is True
    assert matches(other, {}, resource="namespaces", namespace="", name="n", obj=labelled) is True
    assert matches(other, {}, resource="namespaces", namespace="", name="n", operation="DELETE") is False
    assert matches({}, other) is False
    assert matches({}, other, obj=labelled) is True
    assert matches({}, other, obj={"metadata": {}}, old=labelled) is True
