"""The official Python client: typed, dynamic and asynchronous, with its watches, informers and leader election."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import aio, client, dynamic, utils, watch
from kubernetes.client import ApiClient, ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, ResourceNotFoundError
from kubernetes.informer import SharedInformer
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from fakekube import FakeCluster

GUESTBOOK = Path(__file__).parents[2] / "examples" / "guestbook"
NAMESPACE = "default"
Body = dict[str, Any]


@pytest.fixture
def api(kube: FakeCluster) -> Iterator[ApiClient]:
    with kube.client() as found:
        yield found


@pytest.fixture
def core(api: ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(api)


def config_map(name: str, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"of": "test"}), data=data)


def deployment(name: str, replicas: int = 2) -> client.V1Deployment:
    labels = {"app": name}
    container = client.V1Container(
        name="main",
        image="nginx:1",
        ports=[client.V1ContainerPort(container_port=80)],
        resources=client.V1ResourceRequirements(requests={"cpu": "100m"}),
        readiness_probe=client.V1Probe(http_get=client.V1HTTPGetAction(path="/", port=80)),
    )
    pod = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(
        replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=pod
    )
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name), spec=spec)


def told(refusal: pytest.ExceptionInfo[ApiException]) -> Body:
    """The Status in the body of a refusal."""
    found: Body = json.loads(refusal.value.body)
    assert found["kind"] == "Status"
    assert found["status"] == "Failure"
    assert refusal.value.status == found["code"]
    return found


# --- verbs


def test_typed_objects_live_their_whole_life(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map(NAMESPACE, config_map("c", a="1"))
    assert made.metadata.uid
    assert made.metadata.creation_timestamp.tzinfo is not None
    read = core.read_namespaced_config_map("c", NAMESPACE)
    assert read == made
    read.data["b"] = "2"
    replaced = core.replace_namespaced_config_map("c", NAMESPACE, read)
    assert replaced.data == {"a": "1", "b": "2"}
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map("c", NAMESPACE, made)
    assert told(stale)["reason"] == "Conflict"
    listed = core.list_namespaced_config_map(NAMESPACE, label_selector="of=test")
    assert [(item.metadata.name, item.data) for item in listed.items] == [("c", replaced.data)]
    gone = core.delete_namespaced_config_map("c", NAMESPACE)
    assert gone["status"] == "Success"  # the model of a Status has no room for it, so the client hands out the JSON
    with pytest.raises(ApiException) as absent:
        core.read_namespaced_config_map("c", NAMESPACE)
    assert told(absent)["message"] == 'configmaps "c" not found'


def test_a_deployment_gives_pods_that_every_model_can_hold(
    kube: FakeCluster, core: client.CoreV1Api, apps: client.AppsV1Api
) -> None:
    apps.create_namespaced_deployment(NAMESPACE, deployment("web"))
    kube.settle()
    assert apps.read_namespaced_deployment_status("web", NAMESPACE).status.available_replicas == 2
    pods = core.list_namespaced_pod(NAMESPACE, label_selector="app=web", field_selector="status.phase=Running").items
    assert [pod.status.container_statuses[0].ready for pod in pods] == [True, True]
    assert all(pod.metadata.owner_references[0].kind == "ReplicaSet" for pod in pods)
    nodes = {node.metadata.name: node for node in core.list_node().items}
    assert {pod.spec.node_name for pod in pods} <= set(nodes)
    assert all(condition.status == "True" for pod in pods for condition in pod.status.conditions)
    scale = apps.read_namespaced_deployment_scale("web", NAMESPACE)
    scale.spec.replicas = 1
    assert apps.replace_namespaced_deployment_scale("web", NAMESPACE, scale).spec.replicas == 1
    kube.settle()
    assert len(core.list_namespaced_pod(NAMESPACE).items) == 1
    assert {event.reason for event in core.list_namespaced_event(NAMESPACE).items} >= {"ScalingReplicaSet", "Scheduled"}


LISTS: list[tuple[str, str]] = [
    ("CoreV1Api", "list_namespace"),
    ("CoreV1Api", "list_node"),
    ("CoreV1Api", "list_pod_for_all_namespaces"),
    ("CoreV1Api", "list_service_for_all_namespaces"),
    ("CoreV1Api", "list_endpoints_for_all_namespaces"),
    ("CoreV1Api", "list_event_for_all_namespaces"),
    ("CoreV1Api", "list_secret_for_all_namespaces"),
    ("CoreV1Api", "list_service_account_for_all_namespaces"),
    ("AppsV1Api", "list_deployment_for_all_namespaces"),
    ("AppsV1Api", "list_replica_set_for_all_namespaces"),
    ("BatchV1Api", "list_cron_job_for_all_namespaces"),
    ("CoordinationV1Api", "list_lease_for_all_namespaces"),
    ("DiscoveryV1Api", "list_endpoint_slice_for_all_namespaces"),
    ("NetworkingV1Api", "list_service_cidr"),
    ("RbacAuthorizationV1Api", "list_cluster_role"),
    ("RbacAuthorizationV1Api", "list_cluster_role_binding"),
    ("SchedulingV1Api", "list_priority_class"),
    ("StorageV1Api", "list_storage_class"),
    ("ApiregistrationV1Api", "list_api_service"),
    ("ApiextensionsV1Api", "list_custom_resource_definition"),
]


def test_every_list_can_be_held_by_its_model(kube: FakeCluster, api: ApiClient) -> None:
    kube.apply(GUESTBOOK)
    kube.settle()
    for group, method in LISTS:
        listed = getattr(getattr(client, group)(api), method)()
        assert listed.metadata.resource_version, method
        assert all(item.metadata.name for item in listed.items), method


def test_lists_come_in_pages(core: client.CoreV1Api) -> None:
    for number in range(7):
        core.create_namespaced_config_map("kube-public", config_map(f"c{number}"))
    found, token = [], None
    while True:
        page = core.list_namespaced_config_map("kube-public", limit=3, label_selector="of=test", _continue=token)
        found.append(len(page.items))
        token = page.metadata._continue
        if not token:
            break
    assert found == [3, 3, 1]


def test_what_is_deleted_together(core: client.CoreV1Api) -> None:
    for name in ("a", "b"):
        core.create_namespaced_config_map(NAMESPACE, config_map(name))
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="of=test")
    assert core.list_namespaced_config_map(NAMESPACE, label_selector="of=test").items == []


def test_options_of_deletion(kube: FakeCluster, core: client.CoreV1Api, apps: client.AppsV1Api) -> None:
    apps.create_namespaced_deployment(NAMESPACE, deployment("web"))
    kube.settle()
    wrong = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="other"))
    with pytest.raises(ApiException) as refusal:
        apps.delete_namespaced_deployment("web", NAMESPACE, body=wrong)
    assert told(refusal)["reason"] == "Conflict"
    apps.delete_namespaced_deployment("web", NAMESPACE, body=client.V1DeleteOptions(propagation_policy="Foreground"))
    kube.settle()
    assert core.list_namespaced_pod(NAMESPACE).items == []
    assert apps.list_namespaced_deployment(NAMESPACE).items == []


PATCHES: list[tuple[str, Any, Body]] = [
    ("application/strategic-merge-patch+json", {"data": {"b": "2", "a": None}}, {"b": "2"}),
    ("application/merge-patch+json", {"data": {"b": "2"}}, {"a": "1", "b": "2"}),
    ("application/json-patch+json", [{"op": "replace", "path": "/data/a", "value": "3"}], {"a": "3"}),
]


@pytest.mark.parametrize(("media", "patch", "data"), PATCHES)
def test_patches(media: str, patch: Any, data: Body, core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map(NAMESPACE, config_map("c", a="1"))
    assert core.patch_namespaced_config_map("c", NAMESPACE, patch, _content_type=media).data == data
    assert core.read_namespaced_config_map("c", NAMESPACE).data == data


def test_server_side_apply(core: client.CoreV1Api) -> None:
    def apply(manager: str, force: bool, **data: str) -> client.V1ConfigMap:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}
        return core.patch_namespaced_config_map(
            "c", NAMESPACE, body, field_manager=manager, force=force, _content_type="application/apply-patch+yaml"
        )

    assert apply("one", False, a="1").metadata.managed_fields[0].operation == "Apply"
    with pytest.raises(ApiException) as conflict:
        apply("two", False, a="2")
    causes = told(conflict)["details"]["causes"]
    assert causes == [{"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}]
    assert apply("two", True, a="2").data == {"a": "2"}
    assert apply("one", False, b="1").data == {"a": "2", "b": "1"}


REFUSALS: list[tuple[Callable[[client.CoreV1Api], object], int, str]] = [
    (lambda core: core.read_namespaced_pod("p", NAMESPACE), 404, "NotFound"),
    (lambda core: core.create_namespace(client.V1Namespace(metadata={"name": "default"})), 409, "AlreadyExists"),
    (lambda core: core.create_namespace(client.V1Namespace(metadata={"name": "No"})), 422, "Invalid"),
    (lambda core: core.create_namespaced_config_map("nowhere", config_map("c")), 404, "NotFound"),
    (lambda core: core.list_namespace(label_selector="a=b=c"), 400, "BadRequest"),
    (lambda core: core.list_namespace(_continue="x"), 400, "BadRequest"),
    (lambda core: core.delete_namespace("default"), 403, "Forbidden"),
    (
        lambda core: core.patch_namespace("default", [{"op": "no"}], _content_type="application/json-patch+json"),
        422,
        "Invalid",
    ),
    (lambda core: core.read_namespaced_pod_log("p", NAMESPACE), 501, "NotImplemented"),
]


@pytest.mark.parametrize(("call", "code", "reason"), REFUSALS)
def test_refusals_are_statuses(
    call: Callable[[client.CoreV1Api], object], code: int, reason: str, core: client.CoreV1Api
) -> None:
    with pytest.raises(ApiException) as refusal:
        call(core)
    found = told(refusal)
    assert (refusal.value.status, found["reason"]) == (code, reason)
    assert found["message"]


def test_a_wrong_token_is_refused(kube: FakeCluster) -> None:
    with kube.client() as api:
        api.configuration.refresh_api_key_hook = None
        api.configuration.api_key = {"authorization": "Bearer wrong"}
        with pytest.raises(ApiException) as refusal:
            client.CoreV1Api(api).list_namespace()
    assert told(refusal)["reason"] == "Unauthorized"


def test_version_and_groups(api: ApiClient) -> None:
    assert client.VersionApi(api).get_code().git_version.startswith("v1.36")
    assert {"apps", "batch"} <= {group.name for group in client.ApisApi(api).get_api_versions().groups}


def test_rights_are_reviewed(api: ApiClient) -> None:
    attributes = client.V1ResourceAttributes(verb="get", resource="pods")
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    found = client.AuthorizationV1Api(api).create_self_subject_access_review(review)
    assert found.status.allowed
    who = client.AuthenticationV1Api(api).create_self_subject_review(client.V1SelfSubjectReview())
    assert "system:masters" in who.status.user_info.groups


def test_yaml_files_are_created(kube: FakeCluster, api: ApiClient) -> None:
    for file in sorted(GUESTBOOK.iterdir()):
        utils.create_from_yaml(api, str(file))
    kube.settle()
    assert len(kube.list("pods", "guestbook")) == 8
    with pytest.raises(utils.FailToCreateError) as refusal:
        utils.create_from_yaml(api, str(GUESTBOOK / "00-namespace.yaml"))
    assert [error.status for error in refusal.value.api_exceptions] == [409]


# --- watches


def test_a_watch_tells_every_change(core: client.CoreV1Api) -> None:
    since = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map("c", a="1"))
    core.patch_namespaced_config_map("c", NAMESPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("c", NAMESPACE)
    seen = []
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=since):
        seen.append((event["type"], event["object"].metadata.name, event["object"].data["a"]))
        if event["type"] == "DELETED":
            watcher.stop()
    assert seen == [("ADDED", "c", "1"), ("MODIFIED", "c", "2"), ("DELETED", "c", "2")]


def test_a_watch_ends_in_time(core: client.CoreV1Api) -> None:
    watcher = watch.Watch()
    stream = watcher.stream(core.list_namespace, timeout_seconds=1, allow_watch_bookmarks=True, resource_version="0")
    kinds = [event["type"] for event in stream]
    assert kinds == ["ADDED"] * 4  # a bookmark would come two seconds before the end


def test_a_watch_from_too_long_ago_is_told_so(kube: FakeCluster, core: client.CoreV1Api) -> None:
    kube.reset()  # forgets the history
    with pytest.raises(ApiException) as refusal:
        list(watch.Watch().stream(core.list_namespace, resource_version="1", timeout_seconds=5))
    assert refusal.value.status == 410


def test_an_informer_keeps_a_cache(kube: FakeCluster, core: client.CoreV1Api) -> None:
    informer = SharedInformer(core.list_namespaced_config_map, namespace=NAMESPACE, label_selector="of=test")
    happened = {name: threading.Event() for name in ("ADDED", "MODIFIED", "DELETED")}
    for name, event in happened.items():
        informer.add_event_handler(name, lambda _, event=event: event.set())
    core.create_namespaced_config_map(NAMESPACE, config_map("c", a="1"))
    informer.start()
    assert happened["ADDED"].wait(10)
    core.patch_namespaced_config_map("c", NAMESPACE, {"data": {"a": "2"}})
    assert happened["MODIFIED"].wait(10)
    assert [item.data for item in informer.cache.list()] == [{"a": "2"}]
    core.delete_namespaced_config_map("c", NAMESPACE)
    assert happened["DELETED"].wait(10)
    assert informer.cache.list() == []
    informer.stop()
    kube.settle()
    assert kube.stats().streams == 0


def test_leaders_are_elected(kube: FakeCluster) -> None:
    def candidate(name: str) -> leaderelection.LeaderElection:
        with kube.client() as api:
            lock = LeaseLock("leader", NAMESPACE, name)
            lock.api_instance = client.CoordinationV1Api(api)
        config = electionconfig.Config(
            lock, lease_duration=15, renew_deadline=10, retry_period=5, onstarted_leading=print, onstopped_leading=None
        )
        return leaderelection.LeaderElection(config)

    first, second = candidate("first"), candidate("second")
    assert [each.try_acquire_or_renew() for each in (first, second, first)] == [True, False, True]
    assert kube.get("leases", "leader")["spec"]["holderIdentity"] == "first"
    kube.delete("leases", "leader")
    assert second.try_acquire_or_renew()
    assert not first.try_acquire_or_renew()


# --- the dynamic client

CRD: Body = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "tables.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "tables", "singular": "table", "kind": "Table"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"legs": {"type": "integer", "default": 4}}},
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


def table(name: str) -> Body:
    return {"apiVersion": "example.com/v1", "kind": "Table", "metadata": {"name": name}, "spec": {}}


@pytest.fixture
def dynamics(kube: FakeCluster, api: ApiClient, tmp_path: Path) -> dynamic.DynamicClient:
    kube.apply(CRD)
    kube.settle()
    return dynamic.DynamicClient(api, cache_file=str(tmp_path / "discovery"))


def test_dynamic_objects_of_a_custom_kind(dynamics: dynamic.DynamicClient) -> None:
    tables = dynamics.resources.get(api_version="example.com/v1", kind="Table")
    made = tables.create(body=table("t"), namespace=NAMESPACE)
    assert made.spec.legs == 4
    assert tables.get(name="t", namespace=NAMESPACE).to_dict() == made.to_dict()
    patched = tables.patch(
        name="t", namespace=NAMESPACE, body={"spec": {"legs": 3}}, content_type="application/merge-patch+json"
    )
    assert (patched.spec.legs, patched.metadata.generation) == (3, 2)
    tables.status.patch(
        name="t", namespace=NAMESPACE, body={"status": {"ok": True}}, content_type="application/merge-patch+json"
    )
    assert tables.get(name="t", namespace=NAMESPACE).status.ok
    applied = tables.server_side_apply(
        body=table("other"), name="other", namespace=NAMESPACE, field_manager="me", force_conflicts=True
    )
    assert applied.metadata.name == "other"
    with pytest.raises(ConflictError):
        tables.create(body=table("t"), namespace=NAMESPACE)
    events = tables.watch(namespace=NAMESPACE, timeout=5)
    assert [next(events)["object"].metadata.name for _ in range(2)] == ["other", "t"]
    tables.delete(name="t", namespace=NAMESPACE)
    with pytest.raises(NotFoundError):
        tables.get(name="t", namespace=NAMESPACE)


def test_dynamic_discovery(dynamics: dynamic.DynamicClient) -> None:
    assert dynamics.resources.get(kind="Deployment").group_version == "apps/v1"
    assert dynamics.resources.get(short_names=["sts"]).name == "statefulsets"
    with pytest.raises(ResourceNotFoundError):
        dynamics.resources.get(api_version="v1", kind="Nothing")
    assert dynamics.version["kubernetes"]["gitVersion"].startswith("v1.36")


def test_custom_objects(dynamics: dynamic.DynamicClient, api: ApiClient) -> None:
    custom = client.CustomObjectsApi(api)
    place = ("example.com", "v1", NAMESPACE, "tables")
    custom.create_namespaced_custom_object(*place, table("t"))
    custom.patch_namespaced_custom_object_status(*place, "t", {"status": {"ok": 1}})
    assert custom.get_namespaced_custom_object(*place, "t")["status"] == {"ok": 1}
    assert len(custom.list_cluster_custom_object("example.com", "v1", "tables")["items"]) == 1
    custom.delete_collection_namespaced_custom_object(*place)
    assert custom.list_namespaced_custom_object(*place)["items"] == []


# --- asynchronous


async def asynchronous(kube: FakeCluster) -> aio.client.ApiClient:
    return await aio.config.new_client_from_config(config_file=str(kube.kubeconfig))


async def test_the_asynchronous_client(kube: FakeCluster) -> None:
    async with await asynchronous(kube) as api:
        core = aio.client.CoreV1Api(api)
        names = [f"c{number}" for number in range(10)]
        body = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in names]
        await asyncio.gather(*(core.create_namespaced_config_map(NAMESPACE, each) for each in body))
        listed = await core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name!=kube-root-ca.crt")
        assert [item.metadata.name for item in listed.items] == names
        with pytest.raises(aio.client.ApiException) as refusal:
            await core.read_namespaced_config_map("none", NAMESPACE)
        assert json.loads(refusal.value.body)["reason"] == "NotFound"


async def test_an_asynchronous_watch(kube: FakeCluster) -> None:
    async with await asynchronous(kube) as api:
        core = aio.client.CoreV1Api(api)
        since = (await core.list_namespaced_config_map(NAMESPACE)).metadata.resource_version
        seen = []
        async with aio.watch.Watch() as watcher:
            stream = watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=since)
            await kube.aio.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
            async for event in stream:
                seen.append((event["type"], event["object"].metadata.name))
                if event["type"] == "DELETED":
                    break
                await kube.aio.delete("cm", "c")
        assert seen == [("ADDED", "c"), ("DELETED", "c")]


async def test_asynchronous_utilities(kube: FakeCluster) -> None:
    async with await asynchronous(kube) as api:
        for file in sorted(GUESTBOOK.iterdir()):
            await aio.utils.create_from_yaml(api, str(file))
        await kube.aio.settle()
        assert len(await kube.aio.list("pods", "guestbook")) == 8
        found = await aio.dynamic.DynamicClient(api)
        resource = await found.resources.get(api_version="apps/v1", kind="Deployment")
        listed = await resource.get(namespace="guestbook")
        assert len(listed.items) == 4
