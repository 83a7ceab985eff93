"""ValidatingAdmissionWebhook: all webhooks that are for a request are asked at once; one that denies is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.admission.expressions.authorizing import Authorizer
from fakekube.admission.forms import Forms, Versioned
from fakekube.admission.webhooks.calls import Caller, CallFailed, show
from fakekube.admission.webhooks.hooks import Hook, Hooks
from fakekube.admission.webhooks.review import rejection
from fakekube.core import errors
from fakekube.core.callouts import Callouts
from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.storage.store import Store

CONFIGURATIONS = "validatingwebhookconfigurations.admissionregistration.k8s.io"
FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io"


class ValidatingWebhooks(Plugin):
    name = "ValidatingAdmissionWebhook"

    def __init__(self, store: Store, callouts: Callouts, forms: Forms, rights: Authorizer) -> None:
        self._hooks = Hooks(store, CONFIGURATIONS)
        self._callouts = callouts
        self._caller = Caller(callouts, rights)
        self._forms = forms

    async def validate(self, attributes: Attributes, context: Context) -> None:
        forms: dict[int, Versioned] = {}
        wanted: list[tuple[Hook, Resource, Versioned]] = []
        for hook in self._hooks:
            shown = Versioned(attributes, self._forms)
            resource = await self._caller.wanted(hook, attributes, shown, context)
            if resource is not None:
                kept = forms.setdefault(id(resource), shown)
                await show(kept, resource)
                wanted.append((hook, resource, kept))
        calls = [self._fault(index, *each, attributes, context) for index, each in enumerate(wanted)]
        for fault in await self._callouts.together(calls):
            if fault is not None:
                raise fault

    async def _fault(
        self, index: int, hook: Hook, resource: Resource, shown: Versioned, attributes: Attributes, context: Context
    ) -> StatusError | None:
        """Why the request is refused; None if this webhook lets it pass."""
        try:
            answer = await self._caller.ask(hook, attributes, resource, shown, context, mutating=False)
        except CallFailed as failure:
            if not hook.ignores_failures:
                return errors.internal(str(failure))
            attributes.annotate(f"{FAILED_OPEN}/round_0_index_{index}", hook.name)
            return None
        except StatusError as refusal:
            return refusal
        return None if answer.allowed else rejection(hook.name, answer.status)
