"""The verbs over an empty store, without controllers and admission: what a kind does by itself."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.access.authentication import Authenticator
from fakekube.admission.chain import Chain
from fakekube.core.clock import FixedClock
from fakekube.core.errors import StatusError
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.registry.backend import Backend
from fakekube.registry.client import Client
from fakekube.registry.incoming import Body
from fakekube.registry.verbs import Registry
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store

SCHEME = Scheme.for_version()
NAMESPACE = "ns"


def merged(one: Any, other: Any) -> Any:
    """A merge patch, in a test's arguments; null stays null."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{key: merged(one.get(key), value) for key, value in other.items()}}


class Api(Client):
    """A client that names objects itself and tells refusals as short texts."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.store = Store()
        self.backend = Backend(self.store, SCHEME, self.clock, Ids(1), Chain())
        super().__init__(Registry(self.backend, Authenticator(self.clock, b"secret")))

    async def make(self, resource: str, name: str = "x", **parts: Any) -> Obj:
        """Create an object from its parts."""
        metadata = {"name": name, **parts.pop("metadata", {})}
        return await self.create(resource, NAMESPACE, {"metadata": metadata, **parts})

    async def try_out(self, resource: str, name: str = "x", **parts: Any) -> Obj:
        """Create an object in a dry run."""
        request = self._request("create", resource, NAMESPACE)
        request.dry_run = True
        body: Obj = {"metadata": {"name": name}, **parts}
        return (await self._registry.create(request, Body(body, b""))).obj

    async def change(self, resource: str, name: str = "x", *, subresource: str = "", **patch: Any) -> Obj:
        """Merge-patch an object."""
        return await self.patch(resource, NAMESPACE, name, patch, subresource=subresource)

    async def gone(self, resource: str, name: str = "x") -> bool:
        """Whether there is no such object."""
        try:
            await self.get(resource, NAMESPACE, name)
        except StatusError as error:
            return error.code == 404
        return False

    async def refused(self, resource: str, name: str = "x", **parts: Any) -> list[str]:
        """The faults of an object that cannot be created."""
        with pytest.raises(StatusError) as caught:
            await self.make(resource, name, **parts)
        return faults(caught.value)

    async def refused_change(self, resource: str, name: str = "x", *, subresource: str = "", **patch: Any) -> list[str]:
        """The faults of a change that cannot be made."""
        with pytest.raises(StatusError) as caught:
            await self.change(resource, name, subresource=subresource, **patch)
        return faults(caught.value)


def faults(error: StatusError) -> list[str]:
    """'field: message' of each cause; the message if there are none."""
    causes = (error.details or {}).get("causes") or ()
    return [f"{each['field']}: {each['message']}" for each in causes if "field" in each] or [error.message]


@pytest.fixture
def api() -> Api:
    return Api()
