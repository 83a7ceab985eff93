"""Admission of what is posted and not stored: bindings, evictions, token requests, reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.admission.chain import CREATE
from fakekube.core.meta import Obj
from fakekube.registry.attributes import attributes_of
from fakekube.registry.request import Request

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


async def admitted(registry: Registry, request: Request, obj: Obj) -> Obj:
    """The posted object as admission lets it pass; StatusError if it does not."""
    context, admission = registry.backend.context(request), registry.backend.admission
    attributes = attributes_of(request, CREATE, obj, None)
    await admission.admit(attributes, context)
    await admission.validate(attributes, context)
    return attributes.obj or obj
