"""Values are printed as Go prints them."""

import pytest

from fakekube.core.gotext import go_string, go_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, "x", None], "a": {"c": True}}, "map[a:map[c:true] b:[1 x <nil>]]"),
        (1000000.0, "1e+06"),
        (123456.75, "123456.75"),
        (0.00001, "1e-05"),
        (10**12, "1000000000000"),
        (None, "<nil>"),
    ],
)
def test_plain(value, text):
    assert go_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (5, "%!s(int64=5)"), (None, "%!s(<nil>)"), ([True, "y", None], "[%!s(bool=true) y <nil>]")],
)
def test_as_text(value, text):
    assert go_string(value) == text
