"""Empty lists that Go always writes read back as null."""

from typing import Any

import pytest

from fakekube.schema.empties import null_empty_lists
from fakekube.schema.scheme import Scheme

SCHEME = Scheme.for_version()


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (("rbac.authorization.k8s.io", "v1", "Role"), {"rules": []}, {"rules": None}),
        (("rbac.authorization.k8s.io", "v1", "Role"), {"rules": [{"verbs": []}]}, {"rules": [{"verbs": None}]}),
        (("", "v1", "LimitRange"), {"spec": {"limits": []}}, {"spec": {"limits": None}}),
        (
            ("apps", "v1", "Deployment"),
            {"spec": {"template": {"spec": {"containers": []}}}},
            {"spec": {"template": {"spec": {"containers": None}}}},
        ),
        (("", "v1", "ConfigMap"), {"data": {"a": "b"}}, {"data": {"a": "b"}}),
    ],
)
def test_only_lists_that_are_always_written_become_null(
    kind: tuple[str, str, str], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    resource = SCHEME.by_kind(*kind)
    assert resource is not None
    null_empty_lists(resource.type, given)
    assert given == expected
