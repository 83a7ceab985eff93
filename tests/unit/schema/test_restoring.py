"""Faults of strategic patches in the converter's words."""

from typing import Any

import pytest

from fakekube.schema.restoring import fault
from fakekube.schema.scheme import Scheme

DEPLOYMENT = Scheme.for_version().by_kind("apps", "v1", "Deployment")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"paused": True, "replicas": 3}, ""),
        ({"paused": "no"}, "unrecognized type: bool"),
        ({"replicas": "3"}, "unrecognized type: int32"),
        ({"replicas": 1.5}, "cannot convert float64 to int32"),
        ({"template": {"spec": {"containers": "none"}}}, "cannot restore slice from string"),
        ({"template": {"spec": {"containers": [{"name": 5}]}}}, "cannot convert int64 to string"),
        ({"template": []}, "cannot restore struct from: slice"),
        ({"selector": {"matchLabels": 1}}, "cannot restore map from int64"),
    ],
)
def test_the_first_fault_is_named_by_go_kinds(spec: dict[str, Any], expected: str) -> None:
    assert DEPLOYMENT is not None
    assert fault(DEPLOYMENT.type, {"spec": spec}) == expected
