"""Who owns which field of custom objects whose versions differ: entries speak of the fields of their own version."""

from __future__ import annotations

import orjson

from fakekube.core.meta import Obj
from fakekube.registry.custom.conversion import Surroundings, convert
from fakekube.registry.fields.versions import Convert
from fakekube.schema.crds import CustomResource
from fakekube.schema.typed import Struct


async def views(around: Surroundings, resource: CustomResource, old: Obj, new: Obj) -> Convert | None:
    """Shows both objects in the versions that their managers wrote in; None if all versions have the same fields."""
    if resource.conversion is None:
        return None
    entries = old["metadata"].get("managedFields") or ()
    written = {entry.get("apiVersion") or "" for entry in entries} - {resource.api_version}
    seen: dict[str, tuple[CustomResource, Obj, Obj]] = {}
    for version in sorted(written):
        target = resource.family.get(version.rpartition("/")[2])
        if target is not None and target.api_version == version:
            before, after = await convert(around, [_bare(old), _bare(new)], target)
            seen[version] = (target, before, after)

    def view(obj: Obj, version: str) -> tuple[Struct, Obj] | None:
        if version == resource.api_version:
            return resource.type, obj
        if version not in seen:
            return None
        target, before, after = seen[version]
        found = before if _same(obj, old) else after
        return target.type, {**found, "metadata": {**obj["metadata"]}}

    return view


def _bare(obj: Obj) -> Obj:
    """A private copy without its book of owners."""
    found: Obj = orjson.loads(orjson.dumps(obj))
    found["metadata"].pop("managedFields", None)
    return found


def _same(one: Obj, other: Obj) -> bool:
    return all(one.get(name) == other.get(name) for name in one.keys() | other.keys() if name != "metadata")
