"""Built-in objects in the versions that managers wrote in: entries of versions that are not served are dropped."""

from __future__ import annotations

import orjson

from fakekube.core.meta import Obj, split_api_version
from fakekube.registry.conversion import convert
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import Struct


class Views:
    """Shows objects of a built-in resource in its other versions."""

    def __init__(self, scheme: Scheme, resource: Resource) -> None:
        self._scheme = scheme
        self._resource = resource

    def __call__(self, obj: Obj, version: str) -> tuple[Struct, Obj] | None:
        """See fakekube.registry.fields.versions.Convert."""
        target, source = self._find(version), self._find(obj["apiVersion"])
        if target is None or source is None:
            return None
        if target is source:
            return target.type, obj
        found: Obj = orjson.loads(orjson.dumps(obj))
        if source is not source.storage and target is not target.storage:
            found = convert(source, source.storage, found)
            source = source.storage
        return target.type, convert(source, target, found)

    def _find(self, version: str) -> Resource | None:
        if version == self._resource.api_version:
            return self._resource
        if version.count("/") > 1:
            return None
        found = self._scheme.by_kind(*split_api_version(version), self._resource.kind)
        return found if found is not None and found.storage is self._resource.storage else None
