"""What is wrong with a JSON text, in the words of Go's encoding/json scanner."""

from __future__ import annotations

END = "unexpected end of JSON input"
TOO_DEEP = "exceeded max depth"
_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_ESCAPED = b'"\\/bfnrtu'


class _Fault(Exception):
    """The scanner stopped; its text is the message."""


def syntax_error(text: bytes) -> str:
    """The message for a text that is not one JSON value; '' if it is one."""
    try:
        position = _value(text, 0)
        position = _skip(text, position)
        if position < len(text):
            _refuse(text, position, "after top-level value")
    except _Fault as fault:
        return str(fault)
    except RecursionError:
        return TOO_DEEP
    return ""


def _refuse(text: bytes, position: int, context: str) -> None:
    if position >= len(text):
        raise _Fault(END)
    letter = chr(text[position])
    shown = {"'": "'\\''", '"': "'\"'"}.get(letter)
    if shown is None:
        shown = f"'{letter}'" if letter.isprintable() else "'" + letter.encode("unicode_escape").decode() + "'"
    raise _Fault(f"invalid character {shown} {context}")


def _skip(text: bytes, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def _value(text: bytes, position: int) -> int:
    position = _skip(text, position)
    if position >= len(text):
        raise _Fault(END)
    letter = text[position]
    if letter == ord("{"):
        return _object(text, position + 1)
    if letter == ord("["):
        return _array(text, position + 1)
    if letter == ord('"'):
        return _string(text, position + 1)
    if letter in _LITERALS:
        return _literal(text, position, _LITERALS[letter])
    if letter == ord("-") or letter in _DIGITS:
        return _number(text, position)
    _refuse(text, position, "looking for beginning of value")
    raise AssertionError("refused")


def _object(text: bytes, position: int) -> int:
    position = _skip(text, position)
    if position < len(text) and text[position] == ord("}"):
        return position + 1
    while True:
        position = _skip(text, position)
        if position >= len(text) or text[position] != ord('"'):
            _refuse(text, position, "looking for beginning of object key string")
        position = _skip(text, _string(text, position + 1))
        if position >= len(text) or text[position] != ord(":"):
            _refuse(text, position, "after object key")
        position = _skip(text, _value(text, position + 1))
        if position < len(text) and text[position] == ord("}"):
            return position + 1
        if position >= len(text) or text[position] != ord(","):
            _refuse(text, position, "after object key:value pair")
        position += 1


def _array(text: bytes, position: int) -> int:
    position = _skip(text, position)
    if position < len(text) and text[position] == ord("]"):
        return position + 1
    while True:
        position = _skip(text, _value(text, position))
        if position < len(text) and text[position] == ord("]"):
            return position + 1
        if position >= len(text) or text[position] != ord(","):
            _refuse(text, position, "after array element")
        position += 1


def _string(text: bytes, position: int) -> int:
    while position < len(text):
        letter = text[position]
        if letter == ord('"'):
            return position + 1
        if letter < 0x20:
            _refuse(text, position, "in string literal")
        if letter == ord("\\"):
            position += 1
            if position >= len(text) or text[position] not in _ESCAPED:
                _refuse(text, position, "in string escape code")
            if text[position] == ord("u"):
                position = _hex(text, position)
        position += 1
    raise _Fault(END)


def _hex(text: bytes, position: int) -> int:
    for _ in range(4):
        position += 1
        if position >= len(text) or text[position] not in b"0123456789abcdefABCDEF":
            _refuse(text, position, "in \\u hexadecimal character escape")
    return position


def _literal(text: bytes, position: int, word: bytes) -> int:
    for offset in range(1, len(word)):
        at = position + offset
        if at >= len(text) or text[at] != word[offset]:
            _refuse(text, at, f"in literal {word.decode()} (expecting '{chr(word[offset])}')")
    return position + len(word)


def _number(text: bytes, position: int) -> int:
    if text[position] == ord("-"):
        position += 1
        if position >= len(text) or text[position] not in _DIGITS:
            _refuse(text, position, "in numeric literal")
    position = position + 1 if text[position] == ord("0") else _digits(text, position)
    if position < len(text) and text[position] == ord("."):
        if position + 1 >= len(text) or text[position + 1] not in _DIGITS:
            _refuse(text, position + 1, "after decimal point in numeric literal")
        position = _digits(text, position + 1)
    if position < len(text) and text[position] in b"eE":
        position += 1
        if position < len(text) and text[position] in b"+-":
            position += 1
        if position >= len(text) or text[position] not in _DIGITS:
            _refuse(text, position, "in exponent of numeric literal")
        position = _digits(text, position)
    return position


def _digits(text: bytes, position: int) -> int:
    while position < len(text) and text[position] in _DIGITS:
        position += 1
    return position
