"""Warnings of one answer, as headers."""

from __future__ import annotations

from fakekube.server.responses import WARNING_LETTERS, WARNINGS_LETTERS, warning_header, warning_headers


def test_a_few_warnings_are_sent_whole() -> None:
    texts = ["a" * (WARNINGS_LETTERS - 1), "b"]
    assert warning_headers(texts) == [warning_header(text) for text in texts]


def test_too_many_are_cut_and_the_last_left_out() -> None:
    found = warning_headers(f"{number:03}" + "x" * 400 for number in range(100))
    assert len(found) == WARNINGS_LETTERS // WARNING_LETTERS
    assert found[0] == warning_header("000" + "x" * (WARNING_LETTERS - 3))


def test_those_before_the_one_that_was_too_much_are_all_sent() -> None:
    assert len(warning_headers([*("x" * 200 for _ in range(20)), "y" * 200, "z"])) == 21
