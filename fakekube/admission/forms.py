"""The objects of a request in the versions that webhooks and policies ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fakekube.admission.chain import Attributes
from fakekube.core.meta import Obj, split_api_version

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.storage.values import Stored

Kind = tuple[str, str, str]
"""Group, version and kind."""


class Forms(Protocol):
    """What is handed in to convert objects and to read changed ones."""

    async def convert(self, source: Resource, target: Resource, obj: Obj) -> Obj:
        """An object (given away) of one resource as the other, another version of it, shows it."""
        ...

    async def show(self, resource: Resource, stored: Stored) -> Obj:
        """A stored object in the version of this resource; shared."""
        ...

    def read(self, resource: Resource, subresource: str, value: object, *, strict: bool = False) -> Obj:
        """What a webhook or a policy made of an object of this resource: canonical, with defaults.

        ValueError (in the words of Go's decoder) if it cannot be read; strict: or has fields that are not known.
        """
        ...

    def merge(self, resource: Resource, subresource: str, obj: Obj, configuration: Obj) -> Obj:
        """The object with what an apply configuration states, nobody's ownership considered; ValueError."""
        ...

    def copy(self, obj: Obj) -> Obj:
        """A private copy."""
        ...


class Versioned:
    """The objects of one request in one version at a time, while webhooks change the new one."""

    __slots__ = ("_attributes", "_forms", "_own", "changed", "obj", "old", "resource")

    def __init__(self, attributes: Attributes, forms: Forms) -> None:
        self._attributes = attributes
        self._forms = forms
        self._own = attributes.resource
        self.resource = attributes.resource
        self.obj = attributes.obj
        self.old = attributes.old
        self.changed = False

    async def show_as(self, resource: Resource) -> None:
        """Have both objects in the version of this resource."""
        if resource is self.resource:
            return
        await self.give_back()
        self.obj = await self._shown(self._attributes.obj, resource)
        self.old = await self._shown(self._attributes.old, resource)
        self.resource = resource

    async def _shown(self, obj: Obj | None, resource: Resource) -> Obj | None:
        if obj is None or resource is self._own or not _is_of(obj, self._own):
            return obj
        return await self._forms.convert(self._own, resource, self._forms.copy(obj))

    def put(self, obj: Obj) -> None:
        """This is what has become of the new object."""
        self.obj = obj
        self.changed = True

    async def give_back(self) -> None:
        """Put a changed object where the plugins that follow look for it."""
        if not self.changed or self.obj is None:
            return
        self.changed = False
        obj = self.obj
        if self.resource is not self._own and _is_of(obj, self.resource):
            obj = await self._forms.convert(self.resource, self._own, self._forms.copy(obj))
        self._attributes.obj = obj


def kind_for(attributes: Attributes, resource: Resource) -> Kind:
    """What a request's object is called as this resource: a subresource may have a kind of its own."""
    below = resource.subresources.get(attributes.subresource) if attributes.subresource else None
    return resource.gvk if below is None else (below.group, below.version, below.kind)


def _is_of(obj: Obj, resource: Resource) -> bool:
    """Whether it is an object of the resource itself, and not of a subresource with a kind of its own."""
    return (*split_api_version(obj["apiVersion"]), obj["kind"]) == resource.gvk
