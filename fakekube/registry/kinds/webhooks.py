"""Webhook configurations: which callouts admission makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.admission_rules import (
    FAILURE_POLICIES,
    GROUP,
    MATCH_POLICIES,
    REINVOCATION_POLICIES,
    condition_faults,
    default_rule,
    reserved_name_warnings,
    rule_faults,
)
from fakekube.registry.kinds.checks import invalids, label_selector, one_of
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.webhook_clients import client_faults
from fakekube.registry.strategy import Context, Strategy

REVIEW_VERSIONS = ("v1", "v1beta1")
HARMLESS = ("None", "NoneOnDryRun")
SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
_SELECTORS = ("namespaceSelector", "objectSelector")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of webhooks; an update may leave what was wrong before as it is."""

    harmless: bool = True
    known_version: bool = True
    unique: bool = True
    strict_selectors: bool = True
    conditions: bool = True


def _rules_for(new: Sequence[Obj], old: Sequence[Obj]) -> Rules:
    conditions = [[hook.get("matchConditions") or [] for hook in hooks] for hooks in (new, old)]
    selectors = [hook[name] for hook in old for name in _SELECTORS if hook.get(name) is not None]
    return Rules(
        harmless=all(hook.get("sideEffects") in HARMLESS for hook in old),
        known_version=all(_knows_a_version(hook) for hook in old),
        unique=len({hook.get("name") for hook in old}) == len(old),
        strict_selectors=not any(label_selector("", selector) for selector in selectors),
        conditions=conditions[0] != conditions[1],
    )


def _knows_a_version(hook: Obj) -> bool:
    versions = hook.get("admissionReviewVersions")
    return not versions or any(version in REVIEW_VERSIONS for version in versions)


def _hook_faults(field: str, hook: Obj, rules: Rules) -> list[FieldError]:
    faults = names.fully_qualified_name(f"{field}.name", hook.get("name") or "")
    for index, rule in enumerate(hook.get("rules") or ()):
        faults += rule_faults(f"{field}.rules[{index}]", rule)
    faults += one_of(f"{field}.failurePolicy", hook["failurePolicy"], FAILURE_POLICIES)
    faults += one_of(f"{field}.matchPolicy", hook["matchPolicy"], MATCH_POLICIES)
    faults += _side_effect_faults(f"{field}.sideEffects", hook.get("sideEffects"), rules)
    timeout = hook["timeoutSeconds"]
    if not 1 <= timeout <= 30:
        why = "the timeout value must be between 1 and 30 seconds"
        faults.append(invalid(f"{field}.timeoutSeconds", timeout, why))
    for name in _SELECTORS:
        faults += label_selector(f"{field}.{name}", hook[name], any_value=not rules.strict_selectors)
    if "reinvocationPolicy" in hook:
        faults += one_of(f"{field}.reinvocationPolicy", hook["reinvocationPolicy"], REINVOCATION_POLICIES)
    faults += client_faults(f"{field}.clientConfig", hook.get("clientConfig") or {})
    if rules.conditions:
        faults += condition_faults(f"{field}.matchConditions", hook.get("matchConditions") or ())
    return faults


def _side_effect_faults(field: str, found: str | None, rules: Rules) -> list[FieldError]:
    allowed = HARMLESS if rules.harmless else SIDE_EFFECTS
    if found is None:
        return [required(field, "must specify one of " + ", ".join(allowed))]
    return [] if found in allowed else [not_supported(field, found, allowed)]


def _version_faults(field: str, versions: Sequence[str], rules: Rules) -> list[FieldError]:
    known = ", ".join(REVIEW_VERSIONS)
    if not versions:
        return [required(field, f"must specify one of {known}")]
    faults: list[FieldError] = []
    for index, version in enumerate(versions):
        if version in versions[:index]:
            faults.append(invalid(f"{field}[{index}]", version, "duplicate version"))
        else:
            faults += invalids(f"{field}[{index}]", version, names.dns1035_label(version))
    if rules.known_version and not any(version in REVIEW_VERSIONS for version in versions):
        faults.append(invalid(field, versions, f"must include at least one of {known}"))
    return faults


def _faults(hooks: Sequence[Obj], rules: Rules) -> list[FieldError]:
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, hook in enumerate(hooks):
        field, name = f"webhooks[{index}]", hook.get("name") or ""
        faults += _hook_faults(field, hook, rules)
        faults += _version_faults(f"{field}.admissionReviewVersions", hook.get("admissionReviewVersions") or [], rules)
        if rules.unique and name and name in seen:
            faults.append(duplicate(f"{field}.name", name))
        seen.add(name)
    return faults


class WebhookConfigurationStrategy(Strategy):
    """The generation counts changes of the webhooks; an update must name its resourceVersion."""

    unconditional_update = False
    generation_fields = ("webhooks",)
    defaults: tuple[tuple[str, object], ...] = (
        ("failurePolicy", "Fail"),
        ("matchPolicy", "Equivalent"),
        ("timeoutSeconds", 10),
    )

    def default(self, obj: Obj) -> None:
        """Every field of a webhook and its rules has a value."""
        for hook in obj.get("webhooks") or ():
            for name, value in self.defaults:
                fill(hook, name, value)
            for name in _SELECTORS:
                fill(hook, name, {})
            service = (hook.get("clientConfig") or {}).get("service")
            if service is not None:
                fill(service, "port", 443)
            for rule in hook.get("rules") or ():
                default_rule(rule)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """Each webhook, and that their names differ."""
        return _faults(obj.get("webhooks") or (), Rules())

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same, but for rules that the old object did not keep."""
        hooks = obj.get("webhooks") or ()
        return _faults(hooks, _rules_for(hooks, old.get("webhooks") or ()))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Reserved names."""
        return reserved_name_warnings(obj)


class MutatingWebhookConfigurationStrategy(WebhookConfigurationStrategy):
    """Mutating webhooks may ask to be called again."""

    defaults = (*WebhookConfigurationStrategy.defaults, ("reinvocationPolicy", "Never"))


ROWS = {
    f"validatingwebhookconfigurations.{GROUP}": WebhookConfigurationStrategy(),
    f"mutatingwebhookconfigurations.{GROUP}": MutatingWebhookConfigurationStrategy(),
}
