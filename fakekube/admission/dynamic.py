"""Admission that clients configure: its plugins are made when there is something for them to do.

CEL, webhooks and policies take time to import, which a cluster without them need not spend.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.admission.forms import Forms
from fakekube.admission.matching import EXEMPT_GROUP, NOT_FOR_POLICIES, NOT_FOR_WEBHOOKS
from fakekube.core.callouts import Callouts

if TYPE_CHECKING:
    from fakekube.access.authorization import Authorizer
    from fakekube.admission.expressions.authorizing import Rights
    from fakekube.storage.store import Store


class _Dynamic(Plugin):
    """A plugin that is asked only while there are objects that configure it."""

    def __init__(
        self, name: str, store: Store, configured_by: str, make: Callable[[], Plugin], exempt: Collection[str]
    ) -> None:
        self.name = name
        self._store = store
        self._configured_by = f"{configured_by}.{EXEMPT_GROUP}"
        self._make = make
        self._exempt = exempt
        self._made: Plugin | None = None

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id not in self._exempt

    def handles(self, attributes: Attributes) -> bool:
        return bool(self._store.count(self._configured_by))

    @property
    def _plugin(self) -> Plugin:
        if self._made is None:
            self._made = self._make()
        return self._made


class _Mutating(_Dynamic):
    async def admit(self, attributes: Attributes, context: Context) -> None:
        await self._plugin.admit(attributes, context)


class _Validating(_Dynamic):
    async def validate(self, attributes: Attributes, context: Context) -> None:
        await self._plugin.validate(attributes, context)


def plugins(store: Store, callouts: Callouts, forms: Forms, authorizer: Authorizer) -> tuple[Plugin, ...]:
    """In the real server's order; expressions may ask the authorizer."""

    def rights() -> Rights:
        from fakekube.admission.expressions.authorizing import Rights

        return Rights(authorizer)

    def mutating_policies() -> Plugin:
        from fakekube.admission.policies import MutatingPolicies

        return MutatingPolicies(store, forms, rights())

    def mutating_webhooks() -> Plugin:
        from fakekube.admission.webhooks import MutatingWebhooks

        return MutatingWebhooks(store, callouts, forms, rights())

    def validating_policies() -> Plugin:
        from fakekube.admission.policies import ValidatingPolicies

        return ValidatingPolicies(store, forms, rights())

    def validating_webhooks() -> Plugin:
        from fakekube.admission.webhooks import ValidatingWebhooks

        return ValidatingWebhooks(store, callouts, forms, rights())

    rows = (
        ("MutatingAdmissionPolicy", "mutatingadmissionpolicybindings", mutating_policies, NOT_FOR_POLICIES),
        ("MutatingAdmissionWebhook", "mutatingwebhookconfigurations", mutating_webhooks, NOT_FOR_WEBHOOKS),
        ("ValidatingAdmissionPolicy", "validatingadmissionpolicybindings", validating_policies, NOT_FOR_POLICIES),
        ("ValidatingAdmissionWebhook", "validatingwebhookconfigurations", validating_webhooks, NOT_FOR_WEBHOOKS),
    )
    return tuple(
        (_Mutating if name.startswith("Mutating") else _Validating)(name, store, configured_by, make, exempt)
        for name, configured_by, make, exempt in rows
    )
