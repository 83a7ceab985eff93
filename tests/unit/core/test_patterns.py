"""Regular expressions as Go has them: RE2."""

import pytest

from fakekube.core.patterns import PatternError, compiled, matcher


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("^[a-z]+$", "abc\n", False),  # Python's $ would match before the line's end
        (r"\d", "\u0663", False),  # digits of ASCII alone
        (r"^\pL+$", "Grüße", True),
        ("(?i)ABC", "abc", True),
        ("", "", True),
    ],
)
def test_a_match_is_found_anywhere(pattern: str, text: str, found: bool) -> None:
    assert matcher(pattern)(text) is found
    assert (compiled(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "error parsing regexp: missing closing ): `(`"),
        ("[b-a]", "error parsing regexp: invalid character class range: `b-a`"),
        ("a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
    ],
)
def test_faults_are_worded_like_go_words_them(pattern: str, why: str) -> None:
    with pytest.raises(PatternError) as caught:
        compiled(pattern)
    assert str(caught.value) == why
