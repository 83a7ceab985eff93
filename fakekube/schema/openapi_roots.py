"""The documents of what lies around the group versions: lists of versions and groups, keys, the server's version."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core.meta import Obj
from fakekube.schema.openapi_operations import JSON, MEDIA, TEXT, Operation, group_id, identifier
from fakekube.schema.openapi_schemas import MACHINERY, META

VERSION_INFO = MACHINERY + "version.Info"

_REQUIRED = (
    "major",
    "minor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
)
_OPTIONAL = ("emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor")

VERSION_SCHEMA: Obj = {
    "description": "Info contains versioning information. how we'll want to distribute that information.",
    "type": "object",
    "required": list(_REQUIRED),
    "properties": {name: {"type": "string"} for name in sorted(_REQUIRED + _OPTIONAL)},
}


class Root(NamedTuple):
    """A document with one operation: its name in the index, its tag, the operation."""

    name: str
    tag: str
    operation: Operation


def _root(tag: str, path: str, id: str, description: str, answer: str, produces: tuple[str, ...] = MEDIA) -> Root:
    return Root(path.strip("/"), tag, Operation(path, "get", "", id, description, (), answer, produces))


ROOTS = (
    _root(
        "WellKnown",
        "/.well-known/openid-configuration/",
        "getServiceAccountIssuerOpenIDConfiguration",
        "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
        TEXT,
        (JSON,),
    ),
    _root("core", "/api/", "getCoreAPIVersions", "get available API versions", META + "APIVersions"),
    _root("apis", "/apis/", "getAPIVersions", "get available API versions", META + "APIGroupList"),
    _root(
        "openid",
        "/openid/v1/jwks/",
        "getServiceAccountIssuerOpenIDKeyset",
        "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
        TEXT,
        ("application/jwk-set+json",),
    ),
    _root(
        "version",
        "/version/",
        "getCodeVersion",
        "get the version information for this server",
        VERSION_INFO,
        (JSON,),
    ),
)


def group_root(group: str) -> Root:
    """The document of a built-in group."""
    id = identifier(group_id(group), capital=True)
    tag = identifier(group_id(group), capital=False)
    return _root(tag, f"/apis/{group}/", f"get{id}APIGroup", "get information of a group", META + "APIGroup")
