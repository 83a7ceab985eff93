"""Custom objects: what the quick check of a schema lets through, the thorough one does too."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from fakekube.schema.custom import judging
from fakekube.schema.custom.fitting import fits_of

NAMES = some.sampled_from(["a", "b", "c"])
SCALARS = some.none() | some.booleans() | some.integers(-5, 300) | some.floats(-3, 3) | some.text("ab1.", max_size=4)
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def _limits(kind: str) -> some.SearchStrategy[dict[str, Any]]:
    small = some.integers(0, 3)
    match kind:
        case "string":
            fields = {
                "minLength": small,
                "maxLength": small,
                "pattern": some.sampled_from(["^a", "b$", "[0-9]"]),
                "format": some.sampled_from(["date", "ipv4", "nobody"]),
            }
        case "integer" | "number":
            fields = {
                "minimum": small,
                "maximum": small,
                "exclusiveMinimum": some.booleans(),
                "multipleOf": some.sampled_from([2, 0.5]),
                "format": some.sampled_from(["int32", "double"]),
            }
        case "array":
            fields = {"minItems": small, "maxItems": small}
        case _:
            fields = {"minProperties": small, "maxProperties": small, "required": some.lists(NAMES, max_size=2)}
    return some.fixed_dictionaries({}, optional=fields)


def _scalar() -> some.SearchStrategy[dict[str, Any]]:
    kinds = some.sampled_from(["string", "integer", "number", "boolean"])
    return kinds.flatmap(lambda kind: _limits(kind).map(lambda limits: {"type": kind, **limits})) | some.just(
        {"x-kubernetes-int-or-string": True}
    )


def _whole(inner: some.SearchStrategy[dict[str, Any]]) -> some.SearchStrategy[dict[str, Any]]:
    lists = some.builds(lambda items, limits: {"type": "array", "items": items, **limits}, inner, _limits("array"))
    objects = some.builds(
        lambda properties, limits: {"type": "object", "properties": properties, **limits},
        some.dictionaries(NAMES, inner, max_size=3),
        _limits("object"),
    )
    maps = inner.map(lambda part: {"type": "object", "additionalProperties": part})
    either = some.builds(lambda part, word, parts: {**part, word: parts}, inner, _WORDS, some.lists(_PART, max_size=2))
    return lists | objects | maps | either | inner.map(lambda part: {**part, "nullable": True})


_WORDS = some.sampled_from(["allOf", "anyOf", "oneOf"])
_PART = some.sampled_from(
    [{"minimum": 2}, {"maxLength": 1}, {"enum": [1, "a", None]}, {"required": ["a"]}, {"not": {"enum": ["b", 1]}}]
)
SCHEMAS = some.recursive(_scalar(), _whole, max_leaves=4)


@given(SCHEMAS, VALUES)
def test_what_fits_has_no_faults(schema: dict[str, Any], value: Any) -> None:
    if fits_of(schema)(value):
        assert judging.errors(schema, value, "") == []
