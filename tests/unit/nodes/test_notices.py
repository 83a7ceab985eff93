"""Annotations that nobody understands."""

from __future__ import annotations

import pytest

from fakekube.nodes.notices import notice


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("fakekube/exit-code", "3", ""),
        ("fakekube/exit-after", "0.5", ""),
        ("fakekube/ready", "false", ""),
        ("fakekube/files", "{}", ""),
        ("fakekube/exit-code", "three", "annotation fakekube/exit-code: 'three' is not a whole number, 0 or more"),
        ("fakekube/ready", "maybe", "annotation fakekube/ready: 'maybe' is not true or false"),
        ("fakekube/exitcode", "3", "unknown annotation fakekube/exitcode; known are: fakekube/evict-after, "),
    ],
)
def test_notices(name: str, text: str, told: str) -> None:
    found = notice(name, text)
    assert found.startswith(told) if told else found == ""
