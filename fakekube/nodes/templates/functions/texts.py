"""sprig's functions on texts. Lengths and places count bytes, as Go's do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.values import go_quoted, go_text, printed, truth

SPACE = " \t\n\v\f\r\x85\xa0"


def on_bytes(function: Callable[..., bytes]) -> Callable[..., str]:
    """A function on bytes as one on texts; what is cut amid a character is shown as Go shows it."""

    def call(*given: Any) -> str:
        *rest, value = given
        return function(*rest, value.encode()).decode("utf-8", "replace")

    return call


def trimmed(count: int, value: bytes) -> bytes:
    """trunc: the first so many bytes, or the last."""
    if count < 0:
        return value[count:] if len(value) + count > 0 else value
    return value[:count]


def _part(begin: int, end: int, value: bytes) -> bytes:
    if begin < 0:
        return value[: _within(end, value)]
    if end < 0 or end > len(value):
        return value[_within(begin, value) :]
    if begin > end:
        raise ValueError(f"slice bounds out of range [{begin}:{end}]")
    return value[begin:end]


def _within(place: int, value: bytes) -> int:
    if not 0 <= place <= len(value):
        raise ValueError(f"slice bounds out of range [:{place}] with length {len(value)}")
    return place


def indented(count: int, value: str) -> str:
    """Each line so many spaces in."""
    pad = " " * count
    return pad + value.replace("\n", "\n" + pad)


def _title(value: str) -> str:
    """Go's strings.Title: letters after what is no letter, digit or underscore."""
    made, before = [], " "
    for sign in value:
        made.append(sign.upper() if not (before.isalnum() or before in "_'") and len(sign.upper()) == 1 else sign)
        before = sign
    return "".join(made)


def _words_changed(value: str, change: Callable[[str], str]) -> str:
    made, begins = [], True
    for sign in value:
        made.append(change(sign) if begins and not sign.isspace() else sign)
        begins = sign.isspace()
    return "".join(made)


def _swapped(value: str) -> str:
    return "".join(sign.lower() if sign.isupper() else sign.upper() if sign.islower() else sign for sign in value)


def _initials(value: str) -> str:
    return "".join(word[0] for word in value.split())


def _shortened(width: int, value: bytes) -> bytes:
    return _shortened_both(0, width, value) if width >= 4 else value


def _shortened_both(begin: int, width: int, value: bytes) -> bytes:
    """abbrevboth: dots where something was left out, at the end or on both sides."""
    if width < 4 or (begin > 0 and width < 7) or len(value) <= width:
        return value
    begin = min(begin, len(value))
    if len(value) - begin < width - 3:
        begin = len(value) - (width - 3)
    if begin <= 4:
        return value[: width - 3] + b"..."
    if begin + width - 3 < len(value):
        return b"..." + _shortened_both(0, width - 3, value[begin:])
    return b"..." + value[len(value) - (width - 3) :]


def _wrapped(width: int, separator: str, value: str) -> str:
    """wrapWith: lines broken at spaces, and within words that are too long."""
    width, made = max(width, 1), []
    while len(value) > width:
        if value[0] == " ":
            value = value[1:]
            continue
        space = value.rfind(" ", 0, width + 1)
        made.append(value[: space if space >= 0 else width])
        value = value[space + 1 if space >= 0 else width :]
    return (separator or "\n").join([*made, value])


# --- the cases of names


def _sort(sign: str) -> str:
    if sign in "-_ " or sign.isspace():
        return "connector"
    if unicodedata.category(sign).startswith("P"):
        return "punctuation"
    if sign.isupper():
        return "upper"
    if sign.isalpha():
        return "letter"
    return "number" if unicodedata.category(sign).startswith("N") else "other"


def _pieces(value: str) -> Iterator[tuple[str, str]]:
    """The words of a name, each with its sort: HTTPStatus is HTTP and Status."""
    while value:
        sort = _sort(value[0])
        end = 1
        if sort == "upper":
            end = _upper_end(value)
        else:
            while end < len(value) and _sort(value[end]) == sort:
                end += 1
        yield sort, value[:end]
        value = value[end:]


def _upper_end(value: str) -> int:
    end = 1
    if end < len(value) and _sort(value[end]) == "upper":
        while end < len(value) and _sort(value[end]) == "upper":
            end += 1
        return end - 1 if end < len(value) and _sort(value[end]) == "letter" else end
    while end < len(value) and _sort(value[end]) == "letter":
        end += 1
    return end


def _joined(value: str, connector: str) -> str:
    """snakecase and kebabcase: words in small letters with a connector between them."""
    words = list(_pieces(value))
    made: list[str] = []
    at = 0
    while at < len(words):
        sort, word = words[at]
        at += 1
        if sort == "connector":
            made.append(connector * len(word))
            continue
        made.append(word.lower())
        if sort == "punctuation":
            continue
        if sort == "number":
            while at < len(words) and words[at][0] in ("letter", "number"):
                made.append(words[at][1].lower())
                at += 1
        elif at < len(words) and words[at][0] == "number":
            at = _with_number(words, at, made, connector)
        if at < len(words) and words[at][0] not in ("connector", "punctuation"):
            made.append(connector)
    return "".join(made)


def _with_number(words: list[tuple[str, str]], at: int, made: list[str], connector: str) -> int:
    """A number belongs to the word before it, or to small letters that follow it."""
    number, after = words[at][1], words[at + 1][0] if at + 1 < len(words) else ""
    made.append(connector + number if after == "letter" else number)
    at += 1
    while after == "letter" and at < len(words) and words[at][0] in ("letter", "number"):
        made.append(words[at][1].lower())
        at += 1
    return at


def _pascal(value: str) -> str:
    """camelcase: MixedCaps, the connectors gone but for those at the ends."""
    lead = value[: len(value) - len(value.lstrip("-_ "))]
    found = re.split(r"([-_\s]+)", value[len(lead) :])
    made = [lead]
    for position, part in enumerate(found):
        if position % 2:
            made.append(part[1:] if position + 1 < len(found) and found[position + 1] else part)
        elif part:
            made.append(part[0].upper() + _small_after_capitals(part))
    return "".join(made)


def _small_after_capitals(word: str) -> str:
    """The rest of a word; capitals that follow a capital at its beginning become small."""
    end = 1
    if word[0].isupper():
        while end < len(word) and word[end].isupper():
            end += 1
    return word[1:end].lower() + word[end:]


def text_list(value: Any) -> list[str]:
    """A list as texts, without nil; one value as a list of it."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [go_text(each) for each in values if each is not None]


def _numbered(parts: list[str]) -> dict[str, str]:
    return {f"_{number}": part for number, part in enumerate(parts)}


def _split(separator: str, value: str) -> list[str]:
    return value.split(separator) if separator else list(value)


def _quoted(*values: Any) -> str:
    return " ".join(go_quoted(go_text(value)) for value in values if value is not None)


def _without_space(value: str) -> str:
    return re.sub(rf"[{SPACE}]", "", value)


ROWS: Rows = {
    "abbrev": ("is", on_bytes(_shortened)),
    "abbrevboth": ("iis", on_bytes(_shortened_both)),
    "camelcase": ("s", _pascal),
    "cat": (".*", lambda *values: " ".join(printed(value) for value in values if value is not None)),
    "contains": ("ss", lambda part, value: part in value),
    "hasPrefix": ("ss", lambda prefix, value: value.startswith(prefix)),
    "hasSuffix": ("ss", lambda suffix, value: value.endswith(suffix)),
    "hello": ("", lambda: "Hello!"),
    "indent": ("is", indented),
    "initials": ("s", _initials),
    "join": ("s.", lambda separator, value: separator.join(text_list(value))),
    "kebabcase": ("s", lambda value: _joined(value, "-")),
    "lower": ("s", lambda value: value.lower()),
    "nindent": ("is", lambda count, value: "\n" + indented(count, value)),
    "nospace": ("s", _without_space),
    "plural": ("ssi", lambda one, many, count: one if count == 1 else many),
    "quote": (".*", _quoted),
    "repeat": ("is", lambda count, value: _repeated(count, value)),
    "replace": ("sss", lambda old, new, value: value.replace(old, new)),
    "snakecase": ("s", lambda value: _joined(value, "_")),
    "split": ("ss", lambda separator, value: _numbered(_split(separator, value))),
    "splitList": ("ss", _split),
    "splitn": ("sis", lambda separator, count, value: _numbered(_split_some(separator, count, value))),
    "squote": (".*", lambda *values: " ".join(f"'{printed(value)}'" for value in values if value is not None)),
    "substr": ("iis", on_bytes(_part)),
    "swapcase": ("s", _swapped),
    "title": ("s", _title),
    "toString": (".", go_text),
    "toStrings": (".", text_list),
    "trim": ("s", lambda value: value.strip()),
    "trimAll": ("ss", lambda signs, value: value.strip(signs) if signs else value),
    "trimall": ("ss", lambda signs, value: value.strip(signs) if signs else value),
    "trimPrefix": ("ss", lambda prefix, value: value.removeprefix(prefix)),
    "trimSuffix": ("ss", lambda suffix, value: value.removesuffix(suffix)),
    "trunc": ("is", on_bytes(trimmed)),
    "untitle": ("s", lambda value: _words_changed(value, str.lower)),
    "upper": ("s", lambda value: value.upper()),
    "wrap": ("is", lambda width, value: _wrapped(width, "\n", value)),
    "wrapWith": ("iss", _wrapped),
    "default": ("..?", lambda default, value=None: value if truth(value) else default),
    "coalesce": (".*", lambda *values: next((value for value in values if truth(value)), None)),
    "empty": (".", lambda value: not truth(value)),
    "all": (".*", lambda *values: all(map(truth, values))),
    "any": (".*", lambda *values: any(map(truth, values))),
    "ternary": ("..b", lambda yes, no, test: yes if test else no),
    "fail": ("s", lambda message: _fail(message)),
}


def _split_some(separator: str, count: int, value: str) -> list[str]:
    if count == 0:
        return []
    return value.split(separator, count - 1) if count > 0 else _split(separator, value)


def _repeated(count: int, value: str) -> str:
    if count < 0:
        raise ValueError("strings: negative Repeat count")
    return value * count


def _fail(message: str) -> str:
    raise ValueError(message)
