"""PodDisruptionBudgets (kubernetes/pkg/apis/policy/validation, registry/policy/poddisruptionbudget)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.condition_rules import validate_conditions
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.label_selectors import is_usable, validate_selector
from fakekube.registry.kinds.rules import Errors, at_most_all, int_or_percent, not_negative, one_of
from fakekube.registry.strategy import Context, Strategy

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
COUNTERS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


class PodDisruptionBudgetStrategy(Strategy):
    unconditional_update = False

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """Any name that can stand in a path, which the verbs check by themselves."""
        return []

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj.get("spec") or {}, any_value=False)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        return _validate_spec(obj.get("spec") or {}, any_value=not is_usable((old.get("spec") or {}).get("selector")))

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        validate_conditions(errors, status.get("conditions"), "status.conditions")
        not_negative(errors, status, "status", *COUNTERS)
        return errors


def _validate_spec(spec: Obj, *, any_value: bool) -> Errors:
    errors: Errors = []
    if "minAvailable" in spec and "maxUnavailable" in spec:
        shown = internal("PodDisruptionBudgetSpec", spec)
        errors.append(invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"))
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            int_or_percent(errors, spec[field], f"spec.{field}")
            at_most_all(errors, spec[field], f"spec.{field}")
    validate_selector(errors, spec.get("selector"), "spec.selector", any_value=any_value)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None:
        one_of(errors, policy, EVICTION_POLICIES, "spec.unhealthyPodEvictionPolicy")
    return errors


ROWS: dict[str, Strategy] = {"poddisruptionbudgets.policy": PodDisruptionBudgetStrategy()}
