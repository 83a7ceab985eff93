"""Admission by webhooks: what is configured in MutatingWebhookConfigurations and ValidatingWebhookConfigurations."""

from fakekube.admission.webhooks.mutating import MutatingWebhooks
from fakekube.admission.webhooks.validating import ValidatingWebhooks

__all__ = ["MutatingWebhooks", "ValidatingWebhooks"]
