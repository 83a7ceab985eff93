"""Whoever scales takes the number of replicas, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakekube.core.errors import StatusError
from fakekube.registry.fields import apply, from_scale, scaled, to_scale, update
from fakekube.schema.resources import Resource

PLACES = {"apps/v1": ("f:spec", "f:replicas")}
NOW = "2026-01-01T00:00:00Z"


def entry(manager: str, operation: str, *fields: str, subresource: str = "") -> dict[str, Any]:
    found = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "time": NOW,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {f"f:{field}": {} for field in fields}},
    }
    return {**found, "subresource": subresource} if subresource else found


def scale(replicas: int) -> dict[str, Any]:
    metadata = {"name": "d", "uid": "u"}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}


def update_scale(deployments: Resource, managed: list[dict[str, Any]], old: int, new: int) -> list[dict[str, Any]]:
    """The managedFields of the object once its scale was changed."""
    before, after = scale(old), scale(new)
    before["metadata"]["managedFields"] = to_scale(managed, PLACES)
    update(scaled(deployments), before, after, "s", "scale", NOW)
    return from_scale(managed, after["metadata"].get("managedFields"), "apps/v1", PLACES)


@pytest.fixture
def deployments(resource: Callable[[str], Resource]) -> Resource:
    return resource("deployments.apps")


def test_a_scale_shows_who_owns_the_replicas() -> None:
    managed = [entry("a", "Apply", "paused"), entry("b", "Apply", "replicas")]
    (found,) = to_scale(managed, PLACES)
    assert (found["manager"], found["apiVersion"]) == ("b", "autoscaling/v1")


def test_scaling_takes_the_replicas(deployments: Resource) -> None:
    managed = [entry("a", "Apply", "paused", "replicas")]
    found = update_scale(deployments, managed, 1, 2)
    new = entry("s", "Update", "replicas", subresource="scale")
    del new["time"]
    assert found == [entry("a", "Apply", "paused"), new]
    again = update_scale(deployments, found, 2, 3)
    assert again == found


def test_nobody_owns_what_nobody_kept_book_of(deployments: Resource) -> None:
    managed = [entry("a", "Apply", "paused")]
    assert update_scale(deployments, managed, 1, 2) == managed


def test_a_scale_is_applied(deployments: Resource) -> None:
    managed = [entry("a", "Apply", "replicas")]
    live = scale(1)
    live["metadata"]["managedFields"] = to_scale(managed, PLACES)
    config = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 2}}
    with pytest.raises(StatusError):
        apply(scaled(deployments), live, config, "s", "scale", False, NOW)
    done = apply(scaled(deployments), live, config, "s", "scale", True, NOW)
    (found,) = from_scale(managed, done["metadata"]["managedFields"], "apps/v1", PLACES)
    assert (found["manager"], found["operation"], found["subresource"]) == ("s", "Apply", "scale")


def test_versions_without_a_scale_keep_their_entries() -> None:
    other = {**entry("a", "Apply", "paused"), "apiVersion": "apps/v2"}
    gone = {**entry("b", "Apply", "paused"), "apiVersion": "apps/v0"}
    assert from_scale([other, gone], [], "apps/v1", {**PLACES, "apps/v2": None}) == [other]
