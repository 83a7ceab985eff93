"""The verbs for those in this process: controllers, and the tests that own the cluster. Objects in, objects out."""

from __future__ import annotations

from typing import Any

import orjson

from fakekube.access.users import ADMIN, User
from fakekube.core import errors, selectors
from fakekube.core.meta import Obj
from fakekube.registry import patching
from fakekube.registry.incoming import Body, status_alone
from fakekube.registry.request import Outcome, Request
from fakekube.registry.verbs import Registry
from fakekube.schema.resources import Resource
from fakekube.storage.values import Key

PATCH_TYPES = {
    "json": patching.JSON_PATCH,
    "merge": patching.MERGE_PATCH,
    "strategic": patching.STRATEGIC_PATCH,
    "apply": patching.APPLY_PATCH,
}


class Client:
    """One user's access to the verbs, under one field manager. Raises StatusError.

    Answers are private copies; with `shared` those of writes are the store's own, which nobody may change, and an
    object that is written to its status is one of the store's with another status.
    """

    def __init__(
        self, registry: Registry, user: User = ADMIN, manager: str = "fakekube", *, shared: bool = False
    ) -> None:
        self._registry = registry
        self._user = user
        self._manager = manager
        self._shared = shared

    def resource(self, resource_id: str) -> Resource:
        """The resource with this id in its storage version; 404 if it is not served."""
        found = self._registry.backend.scheme.stored(resource_id)
        if found is None:
            raise errors.no_such_path()
        return found

    def _request(
        self, verb: str, resource: Resource | str, namespace: str, name: str = "", subresource: str = ""
    ) -> Request:
        if isinstance(resource, str):
            resource = self.resource(resource)
        if not resource.namespaced:
            namespace = ""
        return Request(verb, resource, namespace, name, subresource, self._user, field_manager=self._manager)

    async def get(self, resource: Resource | str, namespace: str, name: str, *, subresource: str = "") -> Obj:
        """The object, or 404."""
        found: Obj = orjson.loads(
            await self._registry.get(self._request("get", resource, namespace, name, subresource))
        )
        return found

    def list(self, resource: Resource | str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Obj]:
        """The objects of a namespace ('': of all) that the selectors select."""
        request = self._request("list", resource, namespace)
        if labels:
            request.label_selector = selectors.parse(labels)
        if fields:
            request.field_selector = selectors.parse_fields(fields)
        return [stored.decode() for stored in self._registry.list(request).items]

    async def create(
        self, resource: Resource | str, namespace: str, obj: Obj, *, subresource: str = "", name: str = ""
    ) -> Obj:
        """Create an object, or with a name and subresource post to it (a binding, an eviction)."""
        request = self._request("create", resource, namespace, name, subresource)
        return self._answer(await self._registry.create(request, Body(obj, b"")))

    async def update(
        self, resource: Resource | str, namespace: str, name: str, obj: Obj, *, subresource: str = ""
    ) -> Obj:
        """Replace the object."""
        request = self._request("update", resource, namespace, name, subresource)
        alone = self._shared and subresource == "status" and not request.resource.custom
        body = status_alone(request.resource, obj) if alone else Body(obj, b"")
        return self._answer(await self._registry.update(request, body))

    async def patch(
        self,
        resource: Resource | str,
        namespace: str,
        name: str,
        patch: Any,
        *,
        type: str = "merge",
        subresource: str = "",
        force: bool = False,
    ) -> Obj:
        """Change the object by a merge, strategic or JSON patch, or apply a configuration of it."""
        request = self._request("patch", resource, namespace, name, subresource)
        request.force = force
        if type not in PATCH_TYPES:
            raise ValueError(f"a patch is of type {', '.join(PATCH_TYPES)}, not {type!r}")
        raw = orjson.dumps(patch)
        if type == "apply" and isinstance(patch, dict):
            return self._answer(await self._registry.apply(request, orjson.loads(raw)))
        return self._answer(await self._registry.patch(request, PATCH_TYPES[type], raw))

    async def delete(self, resource: Resource | str, namespace: str, name: str, options: Obj | None = None) -> Obj:
        """Delete the object: the Status, or the object if it stays for a while."""
        request = self._request("delete", resource, namespace, name)
        return self._answer(await self._registry.delete(request, options or {}))

    async def delete_collection(
        self, resource: Resource | str, namespace: str, options: Obj | None = None, *, labels: str = ""
    ) -> None:
        """Delete the objects of a namespace."""
        request = self._request("deletecollection", resource, namespace)
        if labels:
            request.label_selector = selectors.parse(labels)
        await self._registry.delete_collection(request, options or {})

    async def expire(self, key: Key) -> None:
        """Let an object go, without asking anybody; one that is gone already has."""
        store = self._registry.backend.store
        stored = store.get(key)
        if stored is not None:
            await store.commit(key, None, expected=stored.revision)

    def _answer(self, outcome: Outcome) -> Obj:
        if outcome.raw is None or self._shared:
            return outcome.obj
        found: Obj = orjson.loads(outcome.raw)
        return found
