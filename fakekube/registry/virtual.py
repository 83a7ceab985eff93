"""Kinds that are answered and never stored: reviews, and the statuses of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core import errors
from fakekube.core.meta import Obj
from fakekube.registry.request import Outcome, Request
from fakekube.schema.resources import Resource

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


class Virtual:
    """A kind without storage."""

    def get(self, registry: Registry, request: Request) -> Obj:
        """The object of a name."""
        raise errors.not_found(request.resource.group, request.resource.plural, request.name)

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        """The answer to a posted object."""
        raise errors.not_implemented(f"creating {request.resource.plural}", "this kind is not answered yet")


_ROWS: dict[str, Virtual] = {}


def register(resource_id: str, handler: Virtual) -> None:
    """Add a row."""
    _ROWS[resource_id] = handler


def handler_of(resource: Resource) -> Virtual | None:
    """The row of a kind that is not stored; None for those that are."""
    found = _ROWS.get(resource.id)
    if found is None and "watch" not in resource.verbs and not resource.custom:
        return _UNKNOWN
    return found


_UNKNOWN = Virtual()
