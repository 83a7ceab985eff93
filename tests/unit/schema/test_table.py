import pytest

from fakekube.schema.scheme import Scheme, version_rank
from fakekube.schema.table import Table, table, versions
from fakekube.schema.typed import List, Map, Scalar, Struct


def test_every_resource_and_subresource_has_a_type() -> None:
    scheme = Scheme.for_version()
    for resource in scheme.resources():
        assert "metadata" in resource.type.fields or resource.kind.endswith("Review")
        for subresource in resource.subresources.values():
            assert subresource.type.fields


def test_every_type_of_the_table_can_be_walked() -> None:
    facts = table()
    seen: set[int] = set()
    for name in facts.struct_names():
        struct = facts.struct_named(name)
        assert struct is not None
        for field in struct.fields.values():
            of = field.type
            while isinstance(of, List | Map):
                of = of.item
            assert isinstance(of, Struct | Scalar)
            seen.add(id(of))
    assert len(seen) > 500


def test_resources_are_found_by_path_kind_and_list_kind() -> None:
    scheme = Scheme.for_version("1.36")
    deployments = scheme.resource("apps", "v1", "deployments")
    assert deployments is not None
    assert deployments is scheme.by_kind("apps", "v1", "Deployment")
    assert deployments is scheme.by_list_kind("apps", "v1", "DeploymentList")
    assert deployments is scheme.stored("deployments.apps")
    assert (deployments.id, deployments.api_version) == ("deployments.apps", "apps/v1")
    assert deployments.subresources["scale"].kind == "Scale"
    assert [column.name for column in deployments.columns][:3] == ["Name", "Ready", "Up-to-date"]
    assert scheme.resource("apps", "v2", "deployments") is None


@pytest.mark.parametrize(
    ("group", "version", "plural", "stored"),
    [
        ("", "v1", "pods", ("", "v1")),
        ("autoscaling", "v1", "horizontalpodautoscalers", ("autoscaling", "v2")),
        ("events.k8s.io", "v1", "events", ("", "v1")),
    ],
)
def test_one_version_is_stored(group: str, version: str, plural: str, stored: tuple[str, str]) -> None:
    scheme = Scheme.for_version()
    resource = scheme.resource(group, version, plural)
    assert resource is not None
    assert resource.storage is scheme.resource(*stored, plural)
    assert resource.storage.storage is resource.storage


def test_the_type_model_tells_what_apply_and_strategic_merge_need() -> None:
    pod_spec = table().struct_named("io.k8s.api.core.v1.PodSpec")
    assert pod_spec is not None
    containers = pod_spec.fields["containers"]
    assert containers.required
    assert isinstance(containers.type, List)
    assert (containers.type.list_type, containers.type.keys, containers.merge_key) == ("map", ("name",), "name")
    assert containers.patch_strategies == {"merge"}
    assert pod_spec.fields["volumes"].patch_strategies == {"merge", "retainKeys"}
    node_selector = pod_spec.fields["nodeSelector"].type
    assert isinstance(node_selector, Map)
    assert node_selector.atomic


def test_tables_of_unknown_versions_are_refused() -> None:
    assert "1.36" in versions()
    with pytest.raises(ValueError, match=r"no facts of Kubernetes 1\.2; there are those of .*1\.36"):
        Table("1.2")


def test_versions_are_ranked_as_clients_prefer_them() -> None:
    ranked = ["v10", "v2", "v1", "v11beta2", "v1beta2", "v1beta1", "v2alpha1", "foo1", "legacy"]
    assert sorted(set(ranked), key=version_rank) == ranked


def test_bootstrap_objects_and_protobuf_numbers_are_read_when_asked_for() -> None:
    names = {role["metadata"]["name"] for role in table().bootstrap()["clusterroles"]}
    assert {"admin", "edit", "view", "cluster-admin"} <= names
    assert table().protobuf()["k8s.io.api.core.v1.Pod"]["spec"] == [2, "PodSpec"]
