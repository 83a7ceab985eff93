"""Finds the words for what is wrong with expressions that cannot be read: those of cel-go's parser (made by ANTLR)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from fakekube.schema.cel import macros
from fakekube.schema.cel.faults import Fault
from fakekube.schema.cel.lexing import LiteralError, Token, bytes_of, text_of, tokens
from fakekube.schema.cel.parsing import DEPTH_LIMIT, INT_RANGE, RESERVED
from fakekube.schema.cel.syntax import Call, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.values import Uint

_PRIMARY = ("'['", "'{'", "'('", "'.'", "'-'", "'!'", "'true'", "'false'", "'null'")
_LITERALS = ("NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER")
STARTS = (*_PRIMARY, *_LITERALS)
"""What an expression may begin with, in the order of the grammar's words."""
_RELATIONS = ("==", "!=", "in", "<", "<=", ">=", ">")
_SIGNS = ("[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "true", "false", "null")
_ORDER = {
    word: index for index, word in enumerate(("<EOF>", *(f"'{sign}'" for sign in _SIGNS), *_LITERALS, "ESC_IDENTIFIER"))
}
_GOES_ON = frozenset(
    {*_RELATIONS, "&&", "||", "[", "]", "}", ")", ".", ",", "-", "?", ":", "+", "*", "/", "%", "<EOF>"}
)
"""What may follow a bracket that closes."""


class _Stop(Exception):
    """The first fault of syntax; what follows it is not read."""


def syntax_faults(source: str) -> list[Fault]:
    """What is wrong with an expression that cannot be read."""
    words, faults = tokens(source)
    with suppress(_Stop):
        _Parser(words, faults).whole()
    return faults


class _Parser:
    def __init__(self, words: list[Token], faults: list[Fault]) -> None:
        self._words, self._faults, self._next = words, faults, 0
        self._depth = 0

    # --- words

    @property
    def _word(self) -> Token:
        return self._words[self._next]

    def _take(self) -> Token:
        word = self._words[self._next]
        self._next += word.kind != "<EOF>"
        return word

    def _skip(self, kind: str) -> bool:
        if self._word.kind != kind:
            return False
        self._next += 1
        return True

    def _stop(self, message: str, at: Token | None = None) -> _Stop:
        self._faults.append(Fault((at or self._word).offset, f"Syntax error: {message}"))
        return _Stop()

    def _mismatched(self, expected: Iterable[str]) -> _Stop:
        return self._stop(f"mismatched input '{self._word.text}' expecting {_set(expected)}")

    @property
    def _following(self) -> Token:
        return self._words[min(self._next + 1, len(self._words) - 1)]

    def _extraneous(self, expected: Iterable[str]) -> None:
        """Tell of a word too many, and go on after it."""
        word = self._word
        text = f"Syntax error: extraneous input '{word.text}' expecting {_set(expected)}"
        self._faults.append(Fault(word.offset, text))
        self._next += 1

    def _close(self, kind: str) -> None:
        """The sign that ends something, unless a word stands before it that is too many, or it is missing."""
        if self._skip(kind):
            return
        if self._following.kind == kind and self._word.kind != "<EOF>":
            self._extraneous((f"'{kind}'",))
            self._next += 1
        elif self._word.kind in _GOES_ON and (self._word.kind != "," or kind != ")"):
            self._faults.append(Fault(self._word.offset, f"Syntax error: missing '{kind}' at '{self._word.text}'"))
        else:
            raise self._mismatched((f"'{kind}'",))

    def whole(self) -> Node:
        """The whole expression."""
        tree = self._expr()
        if self._word.kind != "<EOF>":
            if self._following.kind != "<EOF>":
                raise self._mismatched(("<EOF>",))
            self._extraneous(("<EOF>",))
        return tree

    # --- operators

    def _expr(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self._faults.append(Fault(0, f"expression recursion limit exceeded: {DEPTH_LIMIT}"))
            raise _Stop
        first = self._logic("||", lambda: self._logic("&&", self._relation))
        if self._word.kind == "?":
            offset = self._take().offset
            second = self._logic("||", lambda: self._logic("&&", self._relation))
            if not self._skip(":"):
                raise self._mismatched(("':'",))
            first = Call(offset, "_?_:_", [first, second, self._expr()])
        self._depth -= 1
        return first

    def _logic(self, sign: str, part: Callable[[], Node]) -> Node:
        found = part()
        if self._word.kind != sign:
            return found
        offset, parts = self._word.offset, [found]
        while self._skip(sign):
            parts.append(part())
        return Call(offset, f"_{sign}_", parts)

    def _relation(self) -> Node:
        found = self._sum()
        while self._word.kind in _RELATIONS:
            word = self._take()
            name = "@in" if word.kind == "in" else f"_{word.kind}_"
            found = Call(word.offset, name, [found, self._sum()])
        return found

    def _sum(self) -> Node:
        found = self._product()
        while self._word.kind in ("+", "-"):
            word = self._take()
            found = Call(word.offset, f"_{word.kind}_", [found, self._product()])
        return found

    def _product(self) -> Node:
        found = self._unary()
        while self._word.kind in ("*", "/", "%"):
            word = self._take()
            found = Call(word.offset, f"_{word.kind}_", [found, self._unary()])
        return found

    def _unary(self) -> Node:
        word = self._word
        if word.kind == "-" and self._words[self._next + 1].kind in ("NUM_INT", "NUM_FLOAT"):
            return self._member()
        if word.kind not in ("!", "-"):
            return self._member()
        count = 0
        while self._skip(word.kind):
            count += 1
        if self._word.kind == "<EOF>":
            if word.kind == "!":
                raise self._stop(f"extraneous input '<EOF>' expecting {_set(STARTS)}")
            self._faults.append(Fault(self._word.offset, "Syntax error: no viable alternative at input '-'"))
        operand = self._member()
        return operand if count % 2 == 0 else Call(word.offset, f"{word.kind}_", [operand])

    # --- members

    def _member(self) -> Node:
        found = self._primary()
        while True:
            word = self._word
            if word.kind == ".":
                found = self._selected(found, self._take())
            elif word.kind == "[":
                self._take()
                function = "_[?_]" if self._skip("?") else "_[_]"
                if self._word.kind == "<EOF>":
                    raise self._mismatched((*STARTS, "'?'"))
                index = self._expr()
                self._close("]")
                found = Call(word.offset, function, [found, index])
            else:
                return found

    def _selected(self, operand: Node, dot: Token) -> Node:
        optional = self._skip("?")
        word = self._word
        if word.kind == "ESC_IDENTIFIER":
            self._faults.append(Fault(word.offset, "unsupported syntax: '`'"))
            raise _Stop
        if word.kind != "IDENTIFIER":
            if word.kind in ("true", "false", "null"):
                raise self._stop(f"mismatched input '{word.kind}' expecting IDENTIFIER")
            if optional:
                raise self._mismatched(("IDENTIFIER", "ESC_IDENTIFIER"))
            raise self._stop(f"no viable alternative at input '.{'' if word.kind == '<EOF>' else word.text}'")
        self._take()
        if optional:
            return Call(dot.offset, "_?._", [operand, Literal(word.offset, word.text)])
        if self._word.kind == "(":
            opening = self._take()
            return self._expanded(opening.offset, word.text, operand, self._arguments())
        return Select(dot.offset, operand, word.text)

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        if self._skip(")"):
            return found
        if not self._begins():
            self._drop((*STARTS, "')'"))
            if self._skip(")"):
                return found
        found.append(self._expr())
        while self._skip(","):
            found.append(self._expr())
        self._close(")")
        return found

    def _drop(self, expected: Iterable[str]) -> None:
        """Go on after a word that nothing begins with, if what follows does."""
        following, listed = self._following.kind, tuple(expected)
        fits = following in listed or f"'{following}'" in listed
        if self._word.kind == "<EOF>" or not fits:
            raise self._mismatched(expected)
        self._extraneous(listed)

    def _begins(self) -> bool:
        """Whether an expression may begin here."""
        kind = self._word.kind
        return kind in _LITERALS or f"'{kind}'" in _PRIMARY

    def _expanded(self, offset: int, function: str, target: Node | None, args: list[Node]) -> Node:
        """A call, or what the macro of that name makes of it."""
        try:
            found = macros.expand(offset, function, target, args)
        except macros.MacroError as error:
            self._faults.append(Fault(error.offset, str(error)))
            return Literal(offset, True)
        return found or Call(offset, function, args, target)

    def _primary(self) -> Node:
        word = self._word
        if word.kind in ("IDENTIFIER", "."):
            return self._named()
        if not self._begins() or word.kind == "!":
            self._drop(STARTS)
            return self._unary()
        self._take()
        match word.kind:
            case "(":
                found = self._expr()
                self._close(")")
                return found
            case "[":
                return self._list(word.offset)
            case "{":
                return MapOf(word.offset, self._entries())
            case "true" | "false":
                return Literal(word.offset, word.kind == "true")
            case "null":
                return Literal(word.offset, None)
        return self._literal(word)

    def _named(self) -> Node:
        dot = self._skip(".")
        word = self._word
        if word.kind != "IDENTIFIER":
            raise self._mismatched(("IDENTIFIER",))
        self._take()
        if self._is_message():
            return self._message(word, dot)
        if word.text in RESERVED:
            start = self._words[self._next - 2].offset if dot else word.offset
            self._faults.append(Fault(start, f"reserved identifier: {word.text}"))
            if self._word.kind == "(":
                self._take()
                self._arguments()
            return Ident(word.offset, word.text)
        name = f".{word.text}" if dot else word.text
        if self._word.kind == "(":
            opening = self._take()
            return self._expanded(opening.offset, name, None, self._arguments())
        return Ident(word.offset, name)

    def _is_message(self) -> bool:
        """Whether the name goes on to a brace."""
        place = self._next
        while self._words[place].kind == "." and self._words[place + 1].kind == "IDENTIFIER":
            place += 2
        return self._words[place].kind == "{"

    def _message(self, first: Token, dot: bool) -> Node:
        name = ("." if dot else "") + first.text
        while self._skip("."):
            name += "." + self._take().text
        opening = self._take()
        fields: list[tuple[str, Node]] = []
        while not self._skip("}"):
            self._skip("?")
            field = self._take()
            if field.kind not in ("IDENTIFIER", "ESC_IDENTIFIER") or not self._skip(":"):
                raise self._stop(f"extraneous input '{field.text}' expecting {{'}}', ',', '?', IDENTIFIER}}", field)
            fields.append((field.text, self._expr()))
            if not self._skip(",") and self._word.kind != "}":
                raise self._mismatched(("'}'", "','"))
        return Message(opening.offset, name, fields)

    def _list(self, offset: int) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        while not self._skip("]"):
            if elements and not self._comma("]"):
                break
            if self._skip("]"):
                break
            if self._skip("?"):
                optional.add(len(elements))
            elif not self._begins():
                raise self._mismatched(("']'",) if elements else (*STARTS, "']'", "','", "'?'"))
            elements.append(self._expr())
        return ListOf(offset, elements, frozenset(optional))

    def _entries(self) -> list[tuple[Node, Node, bool]]:
        entries: list[tuple[Node, Node, bool]] = []
        while not self._skip("}"):
            if entries and not self._comma("}"):
                break
            if self._skip("}"):
                break
            optional = self._skip("?")
            key = self._expr()
            if not self._skip(":"):
                raise self._mismatched(("':'",))
            entries.append((key, self._expr(), optional))
        return entries

    def _comma(self, closing: str) -> bool:
        """Whether something follows; False if the end was found after a word too many."""
        if self._skip(","):
            return True
        if self._following.kind != closing:
            raise self._mismatched((f"'{closing}'", "','"))
        self._extraneous((f"'{closing}'", "','"))
        self._next += 1
        return False

    def _literal(self, word: Token) -> Node:
        sign, start = "", word.offset
        if word.kind == "-":
            sign, word = "-", self._take()
        try:
            match word.kind:
                case "NUM_INT":
                    value = int(sign + word.text, 16 if word.text.startswith("0x") else 10)
                    if value not in INT_RANGE:
                        raise LiteralError("invalid int literal")
                    return Literal(start, value)
                case "NUM_UINT":
                    text = word.text[:-1]
                    value = int(text, 16 if text.startswith("0x") else 10)
                    if value >= 1 << 64:
                        raise LiteralError("invalid uint literal")
                    return Literal(start, Uint(value))
                case "NUM_FLOAT":
                    number = float(sign + word.text)
                    if number in (float("inf"), float("-inf")):
                        raise LiteralError("invalid double literal")
                    return Literal(start, number)
                case "STRING":
                    return Literal(start, text_of(word.text))
            return Literal(start, bytes_of(word.text[1:]))
        except LiteralError as error:
            self._faults.append(Fault(start, str(error)))
            return Literal(start, None)


def _set(expected: Iterable[str]) -> str:
    """The words that would have done, in the grammar's order."""
    listed = list(dict.fromkeys(expected))
    listed.sort(key=_ORDER.__getitem__)
    return listed[0] if len(listed) == 1 else "{" + ", ".join(listed) + "}"
