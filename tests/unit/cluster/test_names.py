"""What people call a resource, and which that is."""

from __future__ import annotations

import pytest

from fakekube.cluster.names import find_resource
from fakekube.core.errors import StatusError
from fakekube.schema.scheme import Scheme

SCHEME = Scheme.for_version("1.36")


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("pods", "pods"),
        ("pod", "pods"),
        ("po", "pods"),
        ("Pod", "pods"),
        ("deploy", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("Deployment.apps", "deployments.apps"),
        ("events", "events"),
        ("events.events.k8s.io", "events"),
        ("ing", "ingresses.networking.k8s.io"),
        ("crd", "customresourcedefinitions.apiextensions.k8s.io"),
    ],
)
def test_names(name: str, id: str) -> None:
    assert find_resource(SCHEME, name).storage.id == id


def test_a_version_before_the_group() -> None:
    assert find_resource(SCHEME, "hpa.v1.autoscaling").api_version == "autoscaling/v1"
    assert find_resource(SCHEME, "deployments.v1.apps").api_version == "apps/v1"
    with pytest.raises(StatusError):
        find_resource(SCHEME, "deployments.v2.apps")


def test_kinds_of_a_version() -> None:
    found = find_resource(SCHEME, "Event", "events.k8s.io/v1")
    assert (found.api_version, found.storage.id) == ("events.k8s.io/v1", "events")


@pytest.mark.parametrize(
    ("name", "api_version", "message"),
    [
        ("chairs", "", 'the server doesn\'t have a resource type "chairs"'),
        ("Chair", "v1", 'no matches for kind "Chair" in version "v1"'),
        ("Deployment", "apps/v7", 'no matches for kind "Deployment" in version "apps/v7"'),
    ],
)
def test_what_there_is_not(name: str, api_version: str, message: str) -> None:
    with pytest.raises(StatusError) as refusal:
        find_resource(SCHEME, name, api_version)
    assert (refusal.value.code, refusal.value.message) == (404, message)
