"""The scale of custom objects."""

from __future__ import annotations

import pytest

from fakekube.registry.custom.scale import PlaceError, number_at, put, spec_errors, status_errors, text_at
from fakekube.schema.crds import ScalePaths

PATHS = ScalePaths(".spec.size.count", ".status.count", ".status.selector")


def test_numbers_and_texts_at_paths() -> None:
    obj = {"spec": {"size": {"count": 3}}, "status": {"selector": "a=b"}}
    assert number_at(obj, ".spec.size.count") == 3
    assert number_at({}, ".spec.size.count") is None
    assert text_at(obj, ".status.selector") == "a=b"
    assert text_at(obj, "") == ""
    put(obj, ".spec.size.count", 5)
    assert obj["spec"] == {"size": {"count": 5}}


@pytest.mark.parametrize("obj", [{"spec": {"size": {"count": "3"}}}, {"spec": {"size": 3}}, {"spec": [1]}])
def test_what_is_in_the_way(obj: dict[str, object]) -> None:
    with pytest.raises(PlaceError):
        number_at(obj, ".spec.size.count")


def test_faults() -> None:
    assert [error.field for error in spec_errors(PATHS, {"spec": {"size": {"count": -1}}})] == [".spec.size.count"]
    assert spec_errors(PATHS, {}) == []
    assert [error.field for error in status_errors(PATHS, {"status": {"selector": 5}})] == [".status.selector"]
    assert spec_errors(None, {"spec": 1}) == []
