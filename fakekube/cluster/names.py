"""Finding a resource by what people call it: plural, singular, short name, kind, with or without its group.

With the version before the group (deployments.v1.apps, as kubectl has it) it is that version of the resource."""

from __future__ import annotations

from fakekube.core import errors
from fakekube.core.meta import split_api_version
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme


def find_resource(scheme: Scheme, name: str, api_version: str = "") -> Resource:
    """The resource called `name`; with an apiVersion `name` is a kind. 404 with a hint if there is none."""
    if api_version:
        group, version = split_api_version(api_version)
        found = scheme.by_kind(group, version, name)
        if found is not None:
            return found
        raise errors.StatusError(404, "NotFound", f'no matches for kind "{name}" in version "{api_version}"')
    found = scheme.stored(name)
    if found is not None:
        return found
    for resource in scheme.resources():
        if name in _names(resource):
            return resource.storage
        if name.endswith(f".{resource.version}.{resource.group}") and name.partition(".")[0] in _plain(resource):
            return resource
    raise errors.StatusError(404, "NotFound", f'the server doesn\'t have a resource type "{name}"')


def _plain(resource: Resource) -> set[str]:
    return {resource.plural, resource.singular, resource.kind, resource.kind.lower(), *resource.short_names}


def _names(resource: Resource) -> set[str]:
    plain = _plain(resource)
    return plain | {f"{each}.{resource.group}" for each in plain if resource.group}
