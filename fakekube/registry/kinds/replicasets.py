"""ReplicaSets (kubernetes/pkg/apis/apps, registry/apps/replicaset)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.registry.kinds.deployments import immutable_selector, replicas_limit
from fakekube.registry.kinds.rules import Errors, not_negative
from fakekube.registry.kinds.workloads import WorkloadStrategy, validate_replica_template, validate_required_selector
from fakekube.registry.strategy import Context, Strategy

STATUS_COUNTERS = (
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
    "terminatingReplicas",
)


class ReplicaSetStrategy(WorkloadStrategy):
    def default(self, obj: Obj) -> None:
        super().default(obj)
        obj["spec"].setdefault("replicas", 1)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors = _validate_spec(obj["spec"])
        immutable_selector(errors, obj, old)
        return errors

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        not_negative(errors, status, "status", *STATUS_COUNTERS)
        replicas_limit(errors, status, ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))
        return errors


def _validate_spec(spec: Obj) -> Errors:
    errors: Errors = []
    not_negative(errors, spec, "spec", "replicas", "minReadySeconds")
    # The real server speaks of deployments here too.
    validate_required_selector(errors, spec, "deployment")
    validate_replica_template(errors, spec)
    return errors


ROWS: dict[str, Strategy] = {"replicasets.apps": ReplicaSetStrategy()}
