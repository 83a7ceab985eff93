"""Kinds that make pods from a template."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.meta import Obj
from fakekube.registry.kinds import strategy_of
from fakekube.registry.request import Request
from fakekube.registry.strategy import Context
from tests.unit.registry.kinds.conftest import NAMESPACE, SCHEME, Api, merged

DEPLOYMENTS, REPLICA_SETS, DAEMON_SETS = "deployments.apps", "replicasets.apps", "daemonsets.apps"
STATEFUL_SETS, CONTROLLERS, REVISIONS = "statefulsets.apps", "replicationcontrollers", "controllerrevisions.apps"
SELECTORS: Obj = {"matchLabels": {"a": "b"}}
TEMPLATE: Obj = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
WITH_SELECTORS = (DEPLOYMENTS, REPLICA_SETS, DAEMON_SETS, STATEFUL_SETS)


def spec_of(**parts: Any) -> Obj:
    found: Obj = merged({"selector": SELECTORS, "template": TEMPLATE}, parts)
    return found


async def made(api: Api, resource: str, **parts: Any) -> Obj:
    found: Obj = (await api.make(resource, spec=spec_of(**parts)))["spec"]
    return found


async def refused(api: Api, resource: str, **parts: Any) -> list[str]:
    return await api.refused(resource, "y", spec=spec_of(**parts))


DEFAULTS: list[tuple[str, Obj]] = [
    (
        DEPLOYMENTS,
        {
            "replicas": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
    ),
    (REPLICA_SETS, {"replicas": 1}),
    (
        DAEMON_SETS,
        {
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
            "revisionHistoryLimit": 10,
        },
    ),
    (
        STATEFUL_SETS,
        {
            "replicas": 1,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
    ),
]


@pytest.mark.parametrize(("resource", "expected"), DEFAULTS)
async def test_defaults(api: Api, resource: str, expected: Obj) -> None:
    spec = await made(api, resource)
    template = spec.pop("template")
    assert spec.pop("selector") == SELECTORS
    assert spec == {**expected, **({"serviceName": ""} if "serviceName" in spec else {})}
    assert template["spec"]["containers"][0]["imagePullPolicy"] == "Always", "of an image without a tag"
    assert template["spec"]["restartPolicy"] == "Always"


async def test_a_replication_controller_selects_what_its_template_is_labelled_with(api: Api) -> None:
    found = await api.make(CONTROLLERS, spec={"template": TEMPLATE})
    assert found["spec"]["selector"] == {"a": "b"}
    assert found["metadata"]["labels"] == {"a": "b"}
    assert found["status"] == {"replicas": 0}


@pytest.mark.parametrize("resource", WITH_SELECTORS)
async def test_the_selector_must_fit_the_template(api: Api, resource: str) -> None:
    (fault,) = await refused(api, resource, selector={"matchLabels": {"a": "c"}})
    assert fault == (
        'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'
    )


@pytest.mark.parametrize("resource", WITH_SELECTORS)
async def test_the_selector_stays(api: Api, resource: str) -> None:
    await made(api, resource, template={"metadata": {"labels": {"c": "d"}}})
    faults = await api.refused_change(resource, spec={"selector": {"matchLabels": {"c": "d"}}})
    if resource == STATEFUL_SETS:
        assert faults[0].startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas',")
    else:
        assert faults == [
            'spec.selector: Invalid value: {"matchLabels":{"a":"b","c":"d"}}: field is immutable',
        ]


@pytest.mark.parametrize("resource", [*WITH_SELECTORS, CONTROLLERS])
async def test_their_pods_never_end(api: Api, resource: str) -> None:
    selector: Any = {"a": "b"} if resource == CONTROLLERS else SELECTORS
    template = merged(TEMPLATE, {"spec": {"restartPolicy": "Never", "activeDeadlineSeconds": 3}})
    faults = await api.refused(resource, spec={"selector": selector, "template": template})
    assert faults[0] == ('spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"')
    assert "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in " in faults[1]


@pytest.mark.parametrize("resource", [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS])
async def test_counts_are_not_negative(api: Api, resource: str) -> None:
    assert await refused(api, resource, replicas=-1) == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]


async def test_a_rollout_must_be_able_to_move(api: Api) -> None:
    stuck = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "0%"}}
    assert await refused(api, DEPLOYMENTS, strategy=stuck) == [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"
    ]
    assert await refused(api, DEPLOYMENTS, strategy={"type": "Recreate", "rollingUpdate": {}}) == [
        "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
    ]
    assert await refused(api, DEPLOYMENTS, progressDeadlineSeconds=10, minReadySeconds=10) == [
        "spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds"
    ]


async def test_annotations_of_a_deployment_count_as_a_change(api: Api) -> None:
    await made(api, DEPLOYMENTS)
    assert (await api.change(DEPLOYMENTS, metadata={"labels": {"x": "y"}}))["metadata"]["generation"] == 1
    assert (await api.change(DEPLOYMENTS, metadata={"annotations": {"x": "y"}}))["metadata"]["generation"] == 2


async def test_collisions_of_a_deployment_only_grow(api: Api) -> None:
    await made(api, DEPLOYMENTS)
    await api.change(DEPLOYMENTS, subresource="status", status={"collisionCount": 2})
    (fault,) = await api.refused_change(DEPLOYMENTS, subresource="status", status={"collisionCount": 1})
    assert fault == "status.collisionCount: Invalid value: 1: cannot be decremented"


async def test_a_status_counts_no_more_than_there_are(api: Api) -> None:
    await made(api, REPLICA_SETS)
    status = {"replicas": 1, "readyReplicas": 2}
    faults = await api.refused_change(REPLICA_SETS, subresource="status", status=status)
    assert faults == ["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"]


async def test_claim_templates_get_a_status(api: Api) -> None:
    claim = {
        "metadata": {"name": "d"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    (made_claim,) = (await made(api, STATEFUL_SETS, volumeClaimTemplates=[claim]))["volumeClaimTemplates"]
    assert made_claim["status"] == {"phase": "Pending"}
    assert made_claim["spec"]["volumeMode"] == "Filesystem"
    assert (made_claim["kind"], made_claim["apiVersion"]) == ("PersistentVolumeClaim", "v1")


async def test_a_revision_keeps_its_data(api: Api) -> None:
    await api.make(REVISIONS, data={"a": 1}, revision=1)
    assert (await api.change(REVISIONS, revision=2))["revision"] == 2
    (fault,) = await api.refused_change(REVISIONS, data={"a": 2})
    assert fault.startswith("data: Invalid value:")
    assert fault.endswith("field is immutable")
    assert await api.refused(REVISIONS, "y", data={}, revision=-1) == [
        "revision: Invalid value: -1: must be greater than or equal to 0"
    ]


async def test_an_update_warns_again_of_the_whole_template(api: Api) -> None:
    template = merged(TEMPLATE, {"spec": {"imagePullSecrets": [{"name": ""}]}})
    told = 'spec.template.spec.imagePullSecrets[0].name: invalid empty name ""'
    old = await api.make(REPLICA_SETS, spec=spec_of(template=template))
    new = await api.change(REPLICA_SETS, spec={"replicas": 2})
    assert strategy_of(REPLICA_SETS).warnings(context(api, REPLICA_SETS), new, old) == [told]
    labelled = await api.change(REPLICA_SETS, metadata={"labels": {"a": "b"}})
    assert strategy_of(REPLICA_SETS).warnings(context(api, REPLICA_SETS), labelled, new) == []


def context(api: Api, resource: str) -> Context:
    found = SCHEME.stored(resource)
    assert found is not None
    return api.backend.context(Request("update", found, NAMESPACE, "x"))
