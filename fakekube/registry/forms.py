"""What webhooks and policies are shown of an object, and how what they make of it is read."""

from __future__ import annotations

from fakekube.core.callouts import Callouts
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.registry import conversion, custom
from fakekube.registry.fields.configured import stated_over
from fakekube.registry.incoming import complete, expected_of
from fakekube.registry.kinds import strategy_of
from fakekube.registry.request import Request
from fakekube.registry.versions import private
from fakekube.registry.writing import copied
from fakekube.schema import decoding
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import Resource
from fakekube.storage.values import Stored


class Forms:
    """See fakekube.admission.forms.Forms."""

    def __init__(self, callouts: Callouts, ids: Ids) -> None:
        self.callouts = callouts
        self.ids = ids

    async def convert(self, source: Resource, target: Resource, obj: Obj) -> Obj:
        if isinstance(target, CustomResource):
            return (await custom.conversion.convert(self, [obj], target))[0]
        return conversion.convert(source, target, obj)

    async def show(self, resource: Resource, stored: Stored) -> Obj:
        if isinstance(resource, CustomResource):
            await custom.reading.ready(self, resource, (stored,))
            return custom.reading.shown(resource, stored)
        return stored.view if resource is resource.storage else private(resource, stored)

    def read(self, resource: Resource, subresource: str, value: object, *, strict: bool = False) -> Obj:
        if not isinstance(value, dict):
            raise ValueError("Object 'Kind' is missing")
        expected = expected_of(Request("update", resource, subresource=subresource))
        try:
            if expected.custom is not None:
                return complete(expected, custom.decode(expected.custom, value, b"")[0])
            decoded = decoding.decode(expected.type, value)
            if strict and decoded.strict:
                raise ValueError("strict decoding error: " + ", ".join(decoded.strict))
            found = complete(expected, decoded.value)
        except decoding.DecodeError as error:
            raise ValueError(str(error)) from None
        if (expected.group, expected.version, expected.kind) == resource.gvk:
            strategy_of(resource.id).default(found)
        return found

    def merge(self, resource: Resource, subresource: str, obj: Obj, configuration: Obj) -> Obj:
        expected = expected_of(Request("update", resource, subresource=subresource))
        return stated_over(expected.type, obj, configuration)

    def copy(self, obj: Obj) -> Obj:
        return copied(obj)
