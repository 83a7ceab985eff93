"""Regular expressions as Go's regexp package reads and matches them: RE2's syntax, in linear time.

RE2 itself does the work (google-re2), so that a pattern means here what it means to the API server: no lookaround, `$`
is the end of the text alone, classes are ASCII. Its complaints are put into Go's words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

KEPT_PATTERNS = 4096
"""Compiled patterns that are remembered, over all schemas."""

_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid UTF-8": "invalid UTF-8",
    "invalid named capture group": "invalid named capture",
    "trailing \\ at end of expression": "trailing backslash at end of expression",
    "pattern too large - compile failed": "expression too large",
}
"""RE2's complaints whose words are other than Go's."""


@lru_cache(maxsize=1)
def _engine() -> tuple[Any, Any]:
    """RE2 and our options; it is loaded when the first pattern is read, which few clusters have."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2, options


class PatternError(ValueError):
    """A pattern that cannot be read; the message is Go's."""


@lru_cache(maxsize=KEPT_PATTERNS)
def compiled(pattern: str) -> Any:
    """The compiled pattern; PatternError if it cannot be read."""
    re2, options = _engine()
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(_in_go_words(pattern, error)) from None


@lru_cache(maxsize=KEPT_PATTERNS)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text holds a match of the pattern; PatternError if it cannot be read."""
    whole = compiled(pattern)
    re2, options = _engine()
    search = re2.Set.SearchSet(options)  # of one pattern: the quickest way to a yes or no
    search.Add(pattern)
    try:
        search.Compile()
    except re2.error:  # too large for a set
        return lambda text: whole.search(text) is not None
    find = search.Match
    return lambda text: bool(find(text))


def _in_go_words(pattern: str, error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    code, colon, part = text.partition(": ")
    if code == "unexpected )" or code == "missing )":
        part = pattern  # Go shows the whole
    code = _GO_WORDS.get(code, code)
    return f"error parsing regexp: {code}: `{part}`" if colon else f"error parsing regexp: {code}"
