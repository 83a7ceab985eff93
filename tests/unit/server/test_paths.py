"""Paths taken apart: what names an object, a list, a subresource, a discovery document; and what names none."""

from __future__ import annotations

import pytest

from fakekube.server.paths import parse

# path -> group, version, namespace, plural, name, subresource, watch, rest
PATHS = {
    "/api": ("", "", "", "", "", "", False, ""),
    "/api/": ("", "", "", "", "", "", False, ""),
    "/api/v1": ("", "v1", "", "", "", "", False, ""),
    "/api/v1/": ("", "v1", "", "", "", "", False, ""),
    "/apis/apps": ("apps", "", "", "", "", "", False, ""),
    "/apis/apps/v1": ("apps", "v1", "", "", "", "", False, ""),
    "/api/v1/nodes": ("", "v1", "", "nodes", "", "", False, ""),
    "/api/v1/nodes/n": ("", "v1", "", "nodes", "n", "", False, ""),
    "/api/v1/nodes/n/status": ("", "v1", "", "nodes", "n", "status", False, ""),
    "/api/v1/namespaces": ("", "v1", "", "namespaces", "", "", False, ""),
    "/api/v1/namespaces/a": ("", "v1", "", "namespaces", "a", "", False, ""),
    "/api/v1/namespaces/a/status": ("", "v1", "", "namespaces", "a", "status", False, ""),
    "/api/v1/namespaces/a/finalize": ("", "v1", "", "namespaces", "a", "finalize", False, ""),
    "/api/v1/namespaces/a/pods": ("", "v1", "a", "pods", "", "", False, ""),
    "/api/v1/namespaces/a/pods/": ("", "v1", "a", "pods", "", "", False, ""),
    "/api/v1/namespaces/a/pods/p/status": ("", "v1", "a", "pods", "p", "status", False, ""),
    "/api/v1/namespaces/a/services/s/proxy/x/y": ("", "v1", "a", "services", "s", "proxy", False, "x/y"),
    "/apis/apps/v1/namespaces/a/deployments/d": ("apps", "v1", "a", "deployments", "d", "", False, ""),
    "/apis/apps/v1/deployments": ("apps", "v1", "", "deployments", "", "", False, ""),
    "/api/v1/watch/pods": ("", "v1", "", "pods", "", "", True, ""),
    "/api/v1/watch/namespaces/a/pods/p": ("", "v1", "a", "pods", "p", "", True, ""),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_the_api(path: str) -> None:
    found = parse(path)
    assert found is not None
    assert tuple(found) == PATHS[path]


@pytest.mark.parametrize("path", ["", "/", "/version", "/apis", "/apis/", "/apiserver", "/openapi/v3/api/v1", "api/v1"])
def test_a_path_of_something_else(path: str) -> None:
    assert parse(path) is None
