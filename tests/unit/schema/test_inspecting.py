from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from fakekube.schema import inspecting

TEXTS = some.text(alphabet='ab"\\: \n', max_size=4)
VALUES = some.recursive(
    TEXTS | some.none() | some.integers(-9, 9),
    lambda parts: some.lists(parts, max_size=3) | some.dictionaries(TEXTS, parts, max_size=3),
    max_leaves=8,
)


@given(VALUES, some.booleans())
def test_texts_without_repetitions_are_told_apart_quickly(value: Any, pretty: bool) -> None:
    raw = orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None)
    assert not inspecting.may_repeat_keys(raw, value)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"a":1,"a":2}', ["a"]),
        (b'{"a" : {"b":1,"c":[{"d":1,"d" :2}]}}', ["a.c[0].d"]),
        (b'{"a":"\\u0022","b":1,"\\u0062":2}', ["b"]),
        (b'{"a\\\\":1,"a\\\\" :1}', ["a\\\\"]),
        (b'{"a":1,"b":{"a":2}}', []),
    ],
)
def test_repeated_keys_are_told_with_their_paths(raw: bytes, found: list[str]) -> None:
    assert inspecting.duplicates(raw, orjson.loads(raw)) == [f'duplicate field "{path}"' for path in found]
