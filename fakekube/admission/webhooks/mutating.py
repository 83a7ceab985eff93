"""MutatingAdmissionWebhook: webhooks are asked one after the other, and each sees what those before it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.admission.expressions.authorizing import Authorizer
from fakekube.admission.forms import Forms, Versioned
from fakekube.admission.webhooks.calls import Caller, CallFailed, show
from fakekube.admission.webhooks.hooks import Hook, Hooks
from fakekube.admission.webhooks.review import Answer, rejection
from fakekube.core import errors
from fakekube.core.callouts import Callouts
from fakekube.core.fielderrors import go_quote
from fakekube.core.gojson import syntax_error
from fakekube.core.meta import Obj
from fakekube.core.patches import PatchRefused, patched

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.storage.store import Store

CONFIGURATIONS = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
PATCH = "patch.webhook.admission.k8s.io"
MUTATION = "mutation.webhook.admission.k8s.io"


@dataclass(slots=True)
class _Rounds:
    """Which webhooks are to be called again in the second round."""

    called: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    last: bytes = b""

    def need_another(self) -> None:
        """Something changed the object: those called before it, if they asked for that, are called again."""
        self.again |= self.called
        self.called = set()


class MutatingWebhooks(Plugin):
    name = "MutatingAdmissionWebhook"

    def __init__(self, store: Store, callouts: Callouts, forms: Forms, rights: Authorizer) -> None:
        self._hooks = Hooks(store, CONFIGURATIONS)
        self._caller = Caller(callouts, rights)
        self._forms = forms

    async def admit(self, attributes: Attributes, context: Context) -> None:
        rounds: _Rounds = attributes.kept.setdefault(self.name, _Rounds())
        if attributes.again and rounds.last != _image(attributes.obj):
            rounds.need_another()
        shown = Versioned(attributes, self._forms)
        for index, hook in enumerate(self._hooks):
            resource = await self._caller.wanted(hook, attributes, shown, context)
            if resource is None or (attributes.again and hook.id not in rounds.again):
                continue
            await show(shown, resource)
            changed = await self._call(_Call(hook, index, resource, attributes, shown), context)
            if changed:
                rounds.need_another()
                attributes.wants_another_round = True
            if hook.reinvoked:
                rounds.called.add(hook.id)
        await shown.give_back()
        if any(hook.reinvoked for hook in self._hooks):
            rounds.last = _image(attributes.obj)

    async def _call(self, call: _Call, context: Context) -> bool:
        """Ask one webhook and do as it says; whether that changed the object."""
        changed = False
        try:
            hook, shown = call.hook, call.shown
            answer = await self._caller.ask(hook, call.attributes, call.resource, shown, context, mutating=True)
            if not answer.allowed:
                raise rejection(hook.name, answer.status)
            changed = self._apply(call, answer)
        except CallFailed as failure:
            if not call.hook.ignores_failures:
                raise errors.internal(str(failure)) from None
            call.annotate(f"failed-open.{MUTATION}", call.hook.name)
        finally:
            call.annotate(MUTATION, call.told(mutated=changed))
        return changed

    def _apply(self, call: _Call, answer: Answer) -> bool:
        if not answer.patch:
            return False
        operations = _operations(call.hook, answer)
        if not operations:
            return False
        before = call.shown.obj
        if before is None:
            why = f"admission webhook {go_quote(call.hook.name)} attempted to modify the object, which is not supported"
            raise errors.internal(f"{why} for this operation")
        if answer.patch_type != "JSONPatch":
            raise CallFailed(call.hook, f"unsupported patch type {go_quote(answer.patch_type)}")
        try:
            found = patched(self._forms.copy(before), operations)
            after = self._forms.read(call.resource, call.attributes.subresource, found)
        except (PatchRefused, ValueError) as error:
            raise errors.internal(str(error)) from None
        call.annotate(PATCH, call.told(patch=operations, patchType="JSONPatch"))
        call.shown.put(after)
        return after != before


@dataclass(frozen=True, slots=True)
class _Call:
    """A webhook that is being called for a request."""

    hook: Hook
    index: int
    resource: Resource
    attributes: Attributes
    shown: Versioned

    def annotate(self, prefix: str, value: str) -> None:
        self.attributes.annotate(f"{prefix}/round_{int(self.attributes.again)}_index_{self.index}", value)

    def told(self, **more: Any) -> str:
        found = {"configuration": self.hook.configuration, "webhook": self.hook.name, **more}
        return orjson.dumps(found).decode()


def _operations(hook: Hook, answer: Answer) -> list[Obj]:
    """The patch as a list of operations."""
    start = "received undecodable patch in webhook response: "
    try:
        found = orjson.loads(answer.patch)
    except orjson.JSONDecodeError:
        raise CallFailed(hook, start + syntax_error(answer.patch)) from None
    if found is None:
        return []
    if not isinstance(found, list):
        raise CallFailed(hook, f"{start}{_mismatch(found, 'jsonpatch.Patch')}")
    for each in found:
        if not isinstance(each, dict):
            raise CallFailed(hook, f"{start}{_mismatch(each, 'jsonpatch.Operation')}")
    return found


def _mismatch(value: object, go: str) -> str:
    kind = {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value), "number")
    return f"json: cannot unmarshal {kind} into Go value of type {go}"


def _image(obj: Obj | None) -> bytes:
    return b"" if obj is None else orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)
