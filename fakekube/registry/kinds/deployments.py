"""Deployments (kubernetes/pkg/apis/apps: v1/defaults.go, validation; registry/apps/deployment)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported
from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal, selector_form
from fakekube.registry.kinds.rules import (
    IMMUTABLE,
    Errors,
    amount_of,
    at_most_all,
    int_or_percent,
    not_above,
    not_decremented,
    not_negative,
)
from fakekube.registry.kinds.workloads import WorkloadStrategy, validate_replica_template, validate_required_selector
from fakekube.registry.strategy import Context, Strategy

STRATEGY_TYPES = ("Recreate", "RollingUpdate")
STATUS_COUNTERS = (
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
)


class DeploymentStrategy(WorkloadStrategy):
    """Changed annotations raise the generation, for the controller copies them to its ReplicaSets."""

    generation_counts_metadata = ("annotations",)

    def default(self, obj: Obj) -> None:
        super().default(obj)
        spec = obj["spec"]
        spec.setdefault("replicas", 1)
        strategy = spec.setdefault("strategy", {})
        strategy.setdefault("type", "RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors = _validate_spec(obj["spec"])
        immutable_selector(errors, obj, old)
        return errors

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        keep_metadata(obj, old, "labels")

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        not_negative(errors, status, "status", *STATUS_COUNTERS)
        replicas_limit(errors, status, ("updatedReplicas", "readyReplicas", "availableReplicas"))
        not_decremented(errors, status, old.get("status") or {}, "status", "collisionCount")
        return errors


def keep_metadata(obj: Obj, old: Obj, field: str) -> None:
    """Put the old metadata field back."""
    if field in old["metadata"]:
        obj["metadata"][field] = old["metadata"][field]
    else:
        obj["metadata"].pop(field, None)


def immutable_selector(errors: Errors, obj: Obj, old: Obj) -> None:
    """A selector stays what it was."""
    selector, before = obj["spec"].get("selector"), old["spec"].get("selector")
    if selector != before:
        errors.append(invalid("spec.selector", selector_form(selector), IMMUTABLE))


def replicas_limit(errors: Errors, status: Obj, fields: tuple[str, ...]) -> None:
    """No counter above the replicas, and no more available than ready ones."""
    not_above(errors, status, "status", fields, status.get("replicas") or 0, "cannot be greater than status.replicas")
    ready = status.get("readyReplicas") or 0
    not_above(errors, status, "status", ("availableReplicas",), ready, "cannot be greater than readyReplicas")


def _validate_spec(spec: Obj) -> Errors:
    errors: Errors = []
    not_negative(errors, spec, "spec", "replicas")
    validate_required_selector(errors, spec, "deployment")
    validate_replica_template(errors, spec)
    _validate_strategy(errors, spec.get("strategy") or {})
    not_negative(errors, spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors


def _validate_strategy(errors: Errors, strategy: Obj) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in STRATEGY_TYPES:
        errors.append(not_supported("spec.strategy", internal("DeploymentStrategy", strategy), STRATEGY_TYPES))
    elif kind == "Recreate":
        if rolling is not None:
            detail = "may not be specified when strategy `type` is 'Recreate'"
            errors.append(forbidden("spec.strategy.rollingUpdate", detail))
    else:
        _validate_rolling(errors, rolling or {}, "spec.strategy.rollingUpdate")


def _validate_rolling(errors: Errors, rolling: Obj, path: str) -> None:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    int_or_percent(errors, unavailable, f"{path}.maxUnavailable")
    int_or_percent(errors, surge, f"{path}.maxSurge")
    if amount_of(unavailable) == 0 and amount_of(surge) == 0:
        errors.append(invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    at_most_all(errors, unavailable, f"{path}.maxUnavailable")


ROWS: dict[str, Strategy] = {"deployments.apps": DeploymentStrategy()}
