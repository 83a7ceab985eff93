"""One call of one webhook: whether it is for the request, what it is asked, and what its answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes, Context
from fakekube.admission.conditions import ConditionError
from fakekube.admission.expressions import Inputs
from fakekube.admission.expressions.authorizing import Authorizer
from fakekube.admission.forms import Versioned
from fakekube.admission.matching import Equivalents, chosen, missing_namespace
from fakekube.admission.requests import request_of
from fakekube.admission.webhooks import review
from fakekube.admission.webhooks.hooks import Hook
from fakekube.core import errors
from fakekube.core.callouts import CalloutError, Callouts, NoClientError
from fakekube.core.fielderrors import go_quote

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource


class CallFailed(Exception):
    """A webhook could not be asked, or gave no answer: its failurePolicy says what that means."""

    def __init__(self, hook: Hook, why: str) -> None:
        super().__init__(f"failed calling webhook {go_quote(hook.name)}: {why}")


async def show(shown: Versioned, resource: Resource) -> None:
    """Have the object in the version of this resource; 500 if it cannot be converted."""
    try:
        await shown.show_as(resource)
    except errors.StatusError as error:
        raise errors.internal(error.message) from None


class Caller:
    """Asks webhooks."""

    def __init__(self, callouts: Callouts, rights: Authorizer) -> None:
        self._callouts = callouts
        self._rights = rights
        self._equivalents: Equivalents | None = None

    async def wanted(self, hook: Hook, attributes: Attributes, shown: Versioned, context: Context) -> Resource | None:
        """The resource as which the webhook is to see the object; None if it is not to be called. StatusError if
        that cannot be told."""
        selected = hook.selection.matches(attributes, shown.obj, context.store)
        if selected is False:
            return None
        resource = chosen(hook.rules, attributes, self._others(context), equivalent=hook.equivalent)
        if resource is None:
            return None
        if selected is None:
            raise missing_namespace(attributes)
        if not hook.conditions:
            return resource
        await show(shown, resource)
        try:
            met = hook.conditions.are_met(Inputs(attributes, resource, shown, self._rights))
        except ConditionError as error:
            asked = attributes.asked
            raise errors.forbidden(asked.group, asked.plural, attributes.name, str(error)) from None
        return resource if met else None

    def _others(self, context: Context) -> Equivalents:
        if self._equivalents is None:
            self._equivalents = Equivalents(context.scheme)
        return self._equivalents

    async def ask(
        self,
        hook: Hook,
        attributes: Attributes,
        resource: Resource,
        shown: Versioned,
        context: Context,
        *,
        mutating: bool,
    ) -> review.Answer:
        """The webhook's answer, its warnings and annotations told. CallFailed if there is none."""
        if attributes.dry_run and not hook.harmless:
            raise errors.bad_request(f"admission webhook {go_quote(hook.name)} does not support dry run")
        version = next((each for each in hook.review_versions if each in review.VERSIONS), None)
        if version is None:
            known = ", ".join(review.VERSIONS)
            why = f"webhook does not accept known AdmissionReview versions ({known})"
            raise CallFailed(hook, f"could not create admission objects: {why}")
        uid = context.ids.uid()
        body = review.encode(request_of(attributes, resource, shown, uid), version)
        try:
            raw = await self._callouts.post(hook.client, body, hook.timeout_seconds)
            found = review.decode(raw, version)
        except NoClientError as error:
            raise CallFailed(hook, f"could not get REST client: {error}") from None
        except (CalloutError, review.Invalid) as error:
            raise CallFailed(hook, f"failed to call webhook: {error}") from None
        try:
            answer = review.verify(found, version, uid, mutating=mutating)
        except review.Invalid as error:
            raise CallFailed(hook, f"received invalid webhook response: {error}") from None
        for key, value in answer.annotations.items():
            attributes.annotate(f"{hook.name}/{key}", value)
        for text in answer.warnings:
            context.warn(text)
        return answer
