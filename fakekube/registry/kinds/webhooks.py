"""Webhook configurations: which callouts admission makes."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Strategy

GROUP = "admissionregistration.k8s.io"


def default_rule(rule: Obj) -> None:
    """A rule without a scope is for both scopes."""
    fill(rule, "scope", "*")


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
            fill(hook, "namespaceSelector", {})
            fill(hook, "objectSelector", {})
            service = (hook.get("clientConfig") or {}).get("service")
            if service is not None:
                fill(service, "port", 443)
            for rule in hook.get("rules") or ():
                default_rule(rule)


class MutatingWebhookConfigurationStrategy(WebhookConfigurationStrategy):
    """Mutating webhooks may ask to be called again."""

    defaults = (*WebhookConfigurationStrategy.defaults, ("reinvocationPolicy", "Never"))


ROWS = {
    f"validatingwebhookconfigurations.{GROUP}": WebhookConfigurationStrategy(),
    f"mutatingwebhookconfigurations.{GROUP}": MutatingWebhookConfigurationStrategy(),
}
