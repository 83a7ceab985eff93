"""Faults of fields, in the words of the API server."""

from __future__ import annotations

from fakekube.core import fielderrors


def test_one_and_many() -> None:
    assert fielderrors.too_long("a", 1).message == "Too long: may not be more than 1 byte"
    assert fielderrors.too_long("a", 2).message == "Too long: may not be more than 2 bytes"
    assert fielderrors.too_many("a", 3, 1).message == "Too many: 3: must have at most 1 item"
    assert fielderrors.too_many("a", 3, 0).message == "Too many: 3: must have at most 0 items"
