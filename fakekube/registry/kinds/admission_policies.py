"""Validating and mutating admission policies and their bindings."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.webhooks import GROUP, default_rule
from fakekube.registry.strategy import Context, Strategy


def default_match(match: Obj | None) -> None:
    """Match by equivalence, in all namespaces, all objects."""
    if match is None:
        return
    fill(match, "matchPolicy", "Equivalent")
    fill(match, "namespaceSelector", {})
    fill(match, "objectSelector", {})
    for part in ("resourceRules", "excludeResourceRules"):
        for rule in match.get(part) or ():
            default_rule(rule)


class PolicyStrategy(Strategy):
    """An update must name its resourceVersion."""

    unconditional_update = False

    def default(self, obj: Obj) -> None:
        """A policy that cannot be judged denies."""
        spec = obj.setdefault("spec", {})
        fill(spec, "failurePolicy", "Fail")
        default_match(spec.get("matchConstraints"))


class ValidatingPolicyStrategy(PolicyStrategy):
    """The status tells what type checking found."""

    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing has been checked yet."""
        obj["status"] = {}


class BindingStrategy(Strategy):
    """A policy and where it holds."""

    unconditional_update = False

    def default(self, obj: Obj) -> None:
        """As for a policy's own constraints."""
        default_match((obj.get("spec") or {}).get("matchResources"))


ROWS = {
    f"validatingadmissionpolicies.{GROUP}": ValidatingPolicyStrategy(),
    f"mutatingadmissionpolicies.{GROUP}": PolicyStrategy(),
    f"validatingadmissionpolicybindings.{GROUP}": BindingStrategy(),
    f"mutatingadmissionpolicybindings.{GROUP}": BindingStrategy(),
}
