"""Kinds that are answered and never stored: reviews, bindings, and the statuses of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core import errors
from fakekube.core.meta import Obj
from fakekube.registry.request import Outcome, Request
from fakekube.registry.reviews import ROWS as REVIEWS
from fakekube.registry.reviews import Virtual
from fakekube.registry.subresources.pods import Bindings
from fakekube.schema.resources import Resource

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


class Unknown(Virtual):
    """A kind that this server does not answer yet."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        raise errors.not_implemented(f"creating {request.resource.plural}", "this kind is not answered yet")


_UNKNOWN = Unknown()
_ROWS: dict[str, Virtual] = {**REVIEWS, "bindings": Bindings()}


def handler_of(resource: Resource) -> Virtual | None:
    """The row of a kind that is not stored; None for those that are."""
    found = _ROWS.get(resource.id)
    if found is None and "watch" not in resource.verbs and not resource.custom:
        return _UNKNOWN
    return found
