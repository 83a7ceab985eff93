"""Going back to an earlier template because an annotation asks for it: what is left of old clients' rollbackTo.

`kubectl rollout undo` needs none of this: it writes the old template itself.
"""

from __future__ import annotations

from fakekube.controllers.deployment import revisions
from fakekube.core.meta import Obj, annotations_of
from fakekube.machinery.plan import Change, Emit, Plan, Update

ROLLBACK_TO = "deprecated.deployment.rollback.to"
RESOURCE = "deployments.apps"


def target(deployment: Obj) -> int | None:
    """The revision to go back to (0: the one before the present one); None if none is asked for that can be read."""
    try:
        return int(annotations_of(deployment).get(ROLLBACK_TO) or "")
    except ValueError:
        return None


def plan(deployment: Obj, replica_sets: list[Obj]) -> Plan:
    """Put the template of that revision into the Deployment; in any case the annotation goes."""
    wanted = target(deployment) or revisions.last(replica_sets)
    if not wanted:
        return _given_up(deployment, "DeploymentRollbackRevisionNotFound", "Unable to find last revision.")
    found = next((each for each in replica_sets if revisions.revision(each) == wanted), None)
    if found is None:
        text = "Unable to find the revision to rollback to."
        return _given_up(deployment, "DeploymentRollbackRevisionNotFound", text)
    template, name = revisions.without_hash(found["spec"]["template"]), deployment["metadata"]["name"]
    if template == revisions.without_hash(deployment["spec"]["template"]):
        text = f'The rollback revision contains the same template as current deployment "{name}"'
        return _given_up(deployment, "DeploymentRollbackTemplateUnchanged", text)
    told = Emit(deployment, "DeploymentRollback", f'Rolled back deployment "{name}" to revision {wanted}')
    kept = {each: text for each, text in annotations_of(deployment).items() if each in revisions.NOT_COPIED}
    theirs = {each: text for each, text in annotations_of(found).items() if each not in revisions.NOT_COPIED}
    changed = {**deployment, "spec": {**deployment["spec"], "template": template}}
    return Plan([_without_target(changed, {**kept, **theirs}, [told])])


def _given_up(deployment: Obj, reason: str, text: str) -> Plan:
    told = Emit(deployment, reason, text, "Warning")
    return Plan([told, _without_target(deployment, annotations_of(deployment), [])])


def _without_target(deployment: Obj, annotations: dict[str, str], told: list[Change]) -> Update:
    left = {name: text for name, text in annotations.items() if name != ROLLBACK_TO}
    changed = {**deployment, "metadata": {**deployment["metadata"], "annotations": left}}
    return Update(RESOURCE, changed, then=lambda _: told)
