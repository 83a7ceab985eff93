"""Quantities keep their amount exactly and come out in the real server's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakekube.core import quantity
from fakekube.core.quantity import canonical, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("0Mi", "0"),
        ("1.5", "1500m"),
        ("0.1", "100m"),
        ("1000m", "1"),
        ("1000", "1k"),
        ("2048", "2048"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("1.1Ki", "1126400m"),
        ("0.0001m", "100n"),
        ("0.1n", "1n"),
        ("-1.5Gi", "-1536Mi"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("1e5", "100e3"),
        ("100Ei", "9223372036854775807"),
        ("1000E", "1"),
        ("1.500", "1.500"),
        ("+5", "+5"),
        (" 1Gi ", "1Gi"),
        (3, "3"),
        (1000, "1k"),
        (0.5, "500m"),
        (None, "0"),
    ],
)
def test_canonical_text(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize("text", ["", "lots", "1Gb", "1 Gi", "1.2.3", "1MiB", True, {}, []])
def test_what_is_no_quantity(text):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        canonical(text)


@pytest.mark.parametrize(("text", "words"), [("1K", "suffix"), ("1e", "suffix"), ("1Ki5", "suffix"), ("Ei", "numeric")])
def test_parts_that_cannot_be_read(text, words):
    with pytest.raises(ValueError, match=words):
        canonical(text)


def test_amounts_compare_across_forms():
    assert parse("1Ki") == parse("1024")
    assert parse("999m") < parse("1")
    assert parse("1G") < parse("1Gi")


def test_sums_keep_the_form_of_the_first_that_is_not_zero():
    assert str(parse("512Mi") + parse("1Gi")) == "1536Mi"
    assert str(parse("0") + parse("1Gi")) == "1Gi"
    assert quantity.add_lists({"cpu": "500m", "memory": "1Gi"}, {"cpu": 1, "pods": "3"}) == {
        "cpu": "1500m",
        "memory": "1Gi",
        "pods": "3",
    }


def test_rounding_is_away_from_zero():
    assert (parse("1.1").value(), parse("-1.1").value()) == (2, -2)
    assert parse("0.1m").milli() == 1
    assert str(parse("1.5u").rounded_to_milli()) == "1m"
    assert str(quantity.from_milli(1500)) == "1500m"


@given(st.integers(-(10**9), 10**9), st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2"]))
def test_canonical_text_means_the_same_amount(number, suffix):
    read = parse(f"{number}{suffix}")
    again = parse(str(read))
    assert again == read
    assert canonical(str(again)) == str(again)
