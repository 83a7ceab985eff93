from typing import Any

import pytest

from fakekube.core.errors import forbidden
from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, condition, lab, names, selector, template
from tests.unit.machinery.fakeapi import Lab

DEPLOYMENTS, SETS = "deployments.apps", "replicasets.apps"
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


async def deploy(made: Lab, replicas: int = 3, *, strategy: Obj | None = None, **spec: Any) -> None:
    spec = {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "template": template(), **spec}
    fields = {"replicas": replicas, "selector": selector(), "strategy": strategy or ROLLING, **spec}
    await made.make(DEPLOYMENTS, "Deployment", "web", spec=fields)


async def image(made: Lab, text: str, **more: Any) -> None:
    await change(made, DEPLOYMENTS, "web", {"spec": {"template": template(container={"image": text}, **more)}})


def sizes(made: Lab) -> dict[str, int]:
    """Image to replicas."""
    return {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: each["spec"]["replicas"] for each in made.all(SETS)
    }


async def test_a_new_deployment_becomes_available() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made)
    await made.settle()
    deployment = made.get(DEPLOYMENTS, "web")
    assert deployment is not None
    assert {name: deployment["status"][name] for name in ("replicas", "updatedReplicas", "availableReplicas")} == {
        "replicas": 3,
        "updatedReplicas": 3,
        "availableReplicas": 3,
    }
    assert condition(deployment, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
    (only,) = made.all(SETS)
    hashed = only["metadata"]["labels"]["pod-template-hash"]
    assert only["metadata"]["name"] == f"web-{hashed}"
    assert all(each["metadata"]["labels"]["pod-template-hash"] == hashed for each in made.all("pods"))
    assert made.told("ScalingReplicaSet") == [f"Scaled up replica set web-{hashed} from 0 to 3"]


async def test_a_rolling_update_never_goes_below_what_must_be_available() -> None:
    made = await lab("deployment", "replicaset", "garbage-collector")
    await deploy(made)
    await made.settle()
    await image(made, "app:2")
    least, most = 3, 3
    while await made.manager.step():
        ready = [each for each in made.all("pods") if condition(each, "Ready").get("status") == "True"]
        least = min(least, sum(1 for each in ready if "deletionTimestamp" not in each["metadata"]))
        most = max(most, sum(sizes(made).values()))
    assert (least, most) == (3, 4)
    assert sizes(made) == {"app:1": 0, "app:2": 3}


async def test_recreate_waits_until_the_old_pods_are_gone() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made, 2, strategy={"type": "Recreate"}, template=template(annotations={"fakekube/stop-after": "5"}))
    await made.settle()
    await image(made, "app:2")
    await made.settle()
    assert sizes(made) == {"app:1": 0}
    await made.settle(6)
    assert sizes(made) == {"app:1": 0, "app:2": 2}
    assert len(names(made)) == 2


async def test_going_back_takes_the_old_set_and_gives_it_the_next_revision() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made)
    await made.settle()
    (first,) = names(made, SETS)
    await image(made, "app:2")
    await made.settle()
    await image(made, "app:1")
    await made.settle()
    back = made.get(SETS, first)
    deployment = made.get(DEPLOYMENTS, "web")
    assert back is not None
    assert deployment is not None
    assert back["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert back["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert sizes(made) == {"app:1": 3, "app:2": 0}


async def test_old_sets_beyond_the_limit_are_deleted() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made, 1, revisionHistoryLimit=1)
    for number in (1, 2, 3):
        await image(made, f"app:{number}")
        await made.settle(1)
    assert sizes(made) == {"app:2": 0, "app:3": 1}


async def test_a_paused_deployment_scales_but_does_not_roll() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made, 2)
    await made.settle()
    await change(made, DEPLOYMENTS, "web", {"spec": {"paused": True}})
    await image(made, "app:2")
    await change(made, DEPLOYMENTS, "web", {"spec": {"replicas": 4}})
    await made.settle()
    assert sizes(made) == {"app:1": 4}
    assert condition(made.get(DEPLOYMENTS, "web"), "Progressing")["reason"] == "DeploymentPaused"
    await change(made, DEPLOYMENTS, "web", {"spec": {"paused": False}})
    await made.settle()
    assert sizes(made) == {"app:1": 0, "app:2": 4}


async def test_scaling_in_the_middle_of_a_rollout_keeps_the_proportions() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made, 10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    await made.settle()
    stuck = template(container={"image": "app:2"}, annotations={"fakekube/start": "never"})
    await change(made, DEPLOYMENTS, "web", {"spec": {"template": stuck}})
    await made.settle()
    assert sizes(made) == {"app:1": 8, "app:2": 5}
    await change(made, DEPLOYMENTS, "web", {"spec": {"replicas": 15}})
    await made.settle()
    assert sizes(made) == {"app:1": 11, "app:2": 7}


async def test_a_rollout_that_gets_nowhere_is_reported_after_the_deadline() -> None:
    made = await lab("deployment", "replicaset")
    await deploy(made, 1, progressDeadlineSeconds=60, template=template(annotations={"fakekube/start": "never"}))
    await made.settle(59)
    assert condition(made.get(DEPLOYMENTS, "web"), "Progressing")["reason"] == "ReplicaSetUpdated"
    await made.settle(5)
    told = condition(made.get(DEPLOYMENTS, "web"), "Progressing")
    assert (told["status"], told["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert told["message"].endswith("has timed out progressing.")


async def test_a_set_that_fits_is_adopted_instead_of_made() -> None:
    made = await lab("deployment", "replicaset")
    await made.make(
        SETS,
        "ReplicaSet",
        "before",
        metadata={"labels": {"app": "a"}},
        spec={"replicas": 3, "selector": selector(), "template": template()},
    )
    await deploy(made)
    await made.settle()
    adopted = made.get(SETS, "before")
    assert names(made, SETS) == ["before"]
    assert adopted is not None
    assert adopted["metadata"]["ownerReferences"][0]["name"] == "web"


async def rolled_back(to: str) -> Lab:
    """A Deployment that has had two templates, and is asked by annotation to go back."""
    made = await lab("deployment", "replicaset", "garbage-collector")
    await deploy(made)
    await change(made, DEPLOYMENTS, "web", {"metadata": {"annotations": {"why": "first"}}})
    await made.settle()
    await change(made, DEPLOYMENTS, "web", {"metadata": {"annotations": {"why": "second"}}})
    await image(made, "app:2")
    await made.settle(60)
    asked = {"metadata": {"annotations": {"deprecated.deployment.rollback.to": to}}}
    await change(made, DEPLOYMENTS, "web", asked)
    await made.settle(60)
    return made


async def test_the_old_annotation_for_rolling_back_is_followed_and_goes() -> None:
    made = await rolled_back("0")
    assert sizes(made) == {"app:1": 3, "app:2": 0}
    notes = made.all(DEPLOYMENTS)[0]["metadata"]["annotations"]
    assert notes == {"deployment.kubernetes.io/revision": "3", "why": "first"}
    assert made.told("DeploymentRollback") == ['Rolled back deployment "web" to revision 1']


@pytest.mark.parametrize(
    ("to", "reason", "text"),
    [
        ("7", "DeploymentRollbackRevisionNotFound", "Unable to find the revision to rollback to."),
        (
            "2",
            "DeploymentRollbackTemplateUnchanged",
            'The rollback revision contains the same template as current deployment "web"',
        ),
    ],
)
async def test_a_rollback_to_nothing_is_told(to: str, reason: str, text: str) -> None:
    made = await rolled_back(to)
    assert sizes(made) == {"app:1": 0, "app:2": 3}
    assert made.told(reason) == [text]
    assert "deprecated.deployment.rollback.to" not in made.all(DEPLOYMENTS)[0]["metadata"]["annotations"]


async def test_useless_old_pods_and_good_ones_go_in_two_steps_which_are_both_told() -> None:
    made = await lab("deployment", "replicaset", "garbage-collector")
    await deploy(made, 4, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 3}})
    await made.settle()
    one = names(made)[0]
    status = {"conditions": [{"type": "Ready", "status": "False"}]}
    await change(made, "pods", one, {"status": status}, "status")
    await made.settle()
    await image(made, "app:2")
    await made.settle()
    steps = [each.rsplit(" from ")[1] for each in made.told("ScalingReplicaSet") if "down" in each]
    assert steps[:2] == ["4 to 3", "3 to 1"]


async def test_nothing_is_said_of_a_namespace_that_goes() -> None:
    made = await lab("deployment", kubelets=False)
    error = forbidden("apps", "replicasets", "web-x", "the namespace is going")
    error.details = {"causes": [{"reason": "NamespaceTerminating"}]}
    made.api.refuse[SETS] = error
    await deploy(made)
    await made.settle(5)
    assert made.told("ReplicaSetCreateError") == []
    assert made.api.room[SETS] == -1
