"""Pod specs that have been judged: most are copies of a template, and a copy need not be judged again.

A spec is known by its text. The volume that the ServiceAccount plugin adds has another name in each pod; any name of
its form is as good as another, so all of them are one to the text.
"""

from __future__ import annotations

from collections.abc import Hashable

import orjson

from fakekube.core.meta import Obj

MOST_SPECS = 512
"""Specs kept; past that all are forgotten, and judged when they come again."""

_TOKEN_VOLUME = b'"kube-api-access-'
_SUFFIX_LENGTH = 5
_ANY_TOKEN_VOLUME = b'"\0"'
"""What stands for the name of the volume; no JSON text holds it."""


def text_of(spec: Obj) -> bytes:
    """The text that a spec is known by."""
    text = orjson.dumps(spec)
    begin = text.find(_TOKEN_VOLUME)
    if begin < 0:
        return text
    end = begin + len(_TOKEN_VOLUME) + _SUFFIX_LENGTH
    suffix = text[end - _SUFFIX_LENGTH : end]
    if text[end : end + 1] != b'"' or not suffix.isalnum() or suffix != suffix.lower():
        return text
    return text.replace(text[begin : end + 1], _ANY_TOKEN_VOLUME)


class Known:
    """Those of which a judge had nothing to say."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def add(self, key: Hashable) -> None:
        if len(self._known) >= MOST_SPECS:
            self._known.clear()
        self._known.add(key)
