"""The documents by which clients discover what is served, legacy and aggregated, as pure functions of the scheme."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.core.meta import Obj
from fakekube.schema.crds import TERMINATING_VERBS, CustomResource
from fakekube.schema.resources import Resource, Subresource, api_version
from fakekube.schema.scheme import Scheme

AGGREGATED_VERSION = "apidiscovery.k8s.io/v2"

_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
"""Custom resources have their verbs listed in this order; all else has them sorted."""


def core_versions(address: str) -> Obj:
    """GET /api; `address` is the server's host:port."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(scheme: Scheme) -> Obj:
    """GET /apis."""
    groups = [_group(scheme, group) for group in scheme.groups() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(scheme: Scheme, name: str) -> Obj | None:
    """GET /apis/NAME; None if there is no such group."""
    if not name or not scheme.versions(name):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(scheme, name)}


def resource_list(scheme: Scheme, name: str, version: str) -> Obj | None:
    """GET /api/v1 or /apis/NAME/VERSION; None if that is not served."""
    if version not in scheme.versions(name):
        return None
    rows: list[Obj] = []
    for resource in scheme.resources_of(name, version):
        rows.append(_resource(resource))
        rows += [_subresource(resource, sub) for sub in resource.subresources.values()]
    found: Obj = {"kind": "APIResourceList"}
    if name:  # the core group's list has none
        found["apiVersion"] = "v1"
    return {**found, "groupVersion": api_version(name, version), "resources": rows}


def aggregated(scheme: Scheme, *, core: bool) -> Obj:
    """GET /api (core) or /apis as an APIGroupDiscoveryList."""
    groups = [""] if core else [group for group in scheme.groups() if group]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": AGGREGATED_VERSION,
        "metadata": {},
        "items": [_aggregated_group(scheme, group) for group in groups],
    }


def _group(scheme: Scheme, name: str) -> Obj:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in scheme.versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resource(resource: Resource) -> Obj:
    row: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _verbs(resource),
        **_names(resource),
    }
    if resource.storage_hash:
        row["storageVersionHash"] = resource.storage_hash
    return row


def _subresource(resource: Resource, sub: Subresource) -> Obj:
    row: Obj = {"name": f"{resource.plural}/{sub.name}", "singularName": "", "namespaced": resource.namespaced}
    if not _own(resource, sub):
        row |= {"group": sub.group, "version": sub.version}
    return {**row, "kind": sub.kind, "verbs": sorted(sub.verbs)}


def _names(resource: Resource) -> Obj:
    """Short names and categories, where there are any."""
    found: Obj = {}
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    return found


def _verbs(resource: Resource) -> list[str]:
    if resource.custom:
        goes = isinstance(resource, CustomResource) and resource.terminating
        verbs = TERMINATING_VERBS if goes else resource.verbs
        return [verb for verb in _CUSTOM_VERBS if verb in verbs]
    return sorted(resource.verbs)


def _own(resource: Resource, sub: Subresource) -> bool:
    """Whether the subresource's kind is of the resource's own group and version."""
    return (sub.group, sub.version) == (resource.group, resource.version)


def _aggregated_group(scheme: Scheme, name: str) -> Obj:
    versions = [
        {
            "version": version,
            "resources": [_aggregated_resource(resource) for resource in scheme.resources_of(name, version)],
            "freshness": "Current",
        }
        for version in scheme.versions(name)
    ]
    return {"metadata": {"name": name} if name else {}, "versions": versions}


def _aggregated_resource(resource: Resource) -> Obj:
    row: Obj = {
        "resource": resource.plural,
        "responseKind": _kind(resource.gvk, told=resource.custom),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": _verbs(resource),
        **_names(resource),
    }
    subresources = list(_aggregated_subresources(resource))
    if subresources:
        row["subresources"] = subresources
    return row


def _aggregated_subresources(resource: Resource) -> Iterable[Obj]:
    for sub in resource.subresources.values():
        told = resource.custom or not _own(resource, sub)
        kind = _kind((sub.group, sub.version, sub.kind), told=told)
        yield {"subresource": sub.name, "responseKind": kind, "verbs": sorted(sub.verbs)}


def _kind(gvk: tuple[str, str, str], *, told: bool) -> dict[str, Any]:
    """A response kind; built-in resources leave out a group and version that are their own."""
    group, version, kind = gvk
    return {"group": group if told else "", "version": version if told else "", "kind": kind}
