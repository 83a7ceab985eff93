"""Of two definitions that want one name, the first has it."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.schema.definitions.naming import naming, same_names, with_condition
from fakekube.schema.definitions.paths import PathError, follow

NAMES = {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"}


def definition(accepted: bool = False, **names: Any) -> dict[str, Any]:
    wanted = {**NAMES, **names}
    return {"spec": {"names": wanted}, "status": {"acceptedNames": wanted} if accepted else {}}


def test_free_names_are_accepted() -> None:
    found = naming(definition(shortNames=["c"]), [])
    assert found.names == {**NAMES, "shortNames": ["c"]}
    assert (found.accepted["status"], found.accepted["reason"]) == ("True", "NoConflicts")
    assert (found.established["status"], found.established["reason"]) == ("False", "Installing")
    assert same_names(found.names, {**NAMES, "shortNames": ["c"]})


@pytest.mark.parametrize(
    ("names", "reason", "message"),
    [
        ({"plural": "x", "singular": "cart", "kind": "X", "listKind": "XL"}, "SingularConflict", '"cart"'),
        ({"plural": "x", "singular": "y", "kind": "X", "listKind": "Cart"}, "ListKindConflict", '"Cart"'),
        (
            {"plural": "x", "singular": "y", "kind": "X", "listKind": "XL", "shortNames": ["carts", "free"]},
            "ShortNamesConflict",
            '"carts"',
        ),
    ],
)
def test_taken_names_are_not(names: dict[str, Any], reason: str, message: str) -> None:
    found = naming(definition(**names), [definition(accepted=True)])
    assert found.accepted["status"] == "False"
    assert (found.accepted["reason"], found.accepted["message"]) == (reason, f"{message} is already in use")
    assert (found.established["status"], found.established["reason"]) == ("False", "NotAccepted")


def test_conditions_keep_their_time_while_they_stay() -> None:
    first = with_condition({}, {"type": "T", "status": "True", "reason": "a", "message": ""}, "1")
    second = with_condition(first, {"type": "T", "status": "True", "reason": "b", "message": ""}, "2")
    assert second["conditions"][0]["lastTransitionTime"] == "1"
    assert second["conditions"][0]["reason"] == "b"


SCHEMA: dict[str, Any] = {
    "properties": {"spec": {"properties": {"a.b": {"additionalProperties": {"type": "string"}}}}},
}


def test_paths_are_followed() -> None:
    place = follow(".spec['a.b']['x']", SCHEMA)
    assert (place.root, place.text, place.schema) == ("spec", "spec.a.b[x]", {"type": "string"})


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".nowhere", "does not refer to a valid field"),
        ("spec", "expected [ or . but got: spec"),
        (".spec[a]", "expected single quoted string but got a"),
        (".spec['a.b'", "unexpected end of JSON path"),
    ],
)
def test_paths_that_lead_nowhere(path: str, why: str) -> None:
    with pytest.raises(PathError, match=why.replace("[", r"\[")):
        follow(path, SCHEMA)
