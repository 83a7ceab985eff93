"""Reads expressions: quickly where nothing is wrong; where the syntax is, `recovery` finds the words for it."""

from __future__ import annotations

from collections.abc import Callable

from fakekube.schema.cel import macros
from fakekube.schema.cel.depth import room
from fakekube.schema.cel.faults import NOWHERE, CompileError, Fault
from fakekube.schema.cel.lexing import END, LiteralError, bytes_of, text_of, words
from fakekube.schema.cel.syntax import Call, Ident, ListOf, Literal, MapOf, Message, Node, Select
from fakekube.schema.cel.values import Uint

LENGTH_LIMIT = 100_000
DEPTH_LIMIT = 250
INT_RANGE = range(-(1 << 63), 1 << 63)
RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"),
        *("package", "namespace", "null", "return", "true", "var", "void", "while"),
    )
)
_POWERS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">=", ">", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
"""How close operators hold what stands beside them."""
_FUNCTIONS = {sign: f"_{sign}_" for sign in _POWERS} | {"in": "@in"}
_CONSTANTS = {"true": True, "false": False, "null": None}


class _Unreadable(Exception):
    """The syntax is wrong somewhere."""


class _TooDeep(Exception):
    """There is more within each other than may be."""


def parse(source: str) -> Node:
    """The tree of an expression; CompileError if it is none."""
    if len(source) > LENGTH_LIMIT:
        text = f"expression code point size exceeds limit: size: {len(source)}, limit {LENGTH_LIMIT}"
        raise CompileError(source, [Fault(NOWHERE, text)])
    try:
        reader = _Reader(source)
        tree = reader.whole()
    except _Unreadable:
        from fakekube.schema.cel.recovery import syntax_faults  # few expressions are wrong

        with room():
            faults = syntax_faults(source)
        raise CompileError(source, faults) from None
    except _TooDeep as error:
        raise CompileError(source, [Fault(NOWHERE, str(error))]) from None
    if reader.faults:
        raise CompileError(source, reader.faults)
    return tree


class _Reader:
    """Goes over the words once; `kind` is that of the next."""

    __slots__ = ("_depth", "_kinds", "_next", "_places", "_texts", "faults", "kind")

    def __init__(self, source: str) -> None:
        found = words(source)
        if found is None:
            raise _Unreadable
        self._kinds, self._texts, self._places = found
        self._next = self._depth = 0
        self.kind = self._kinds[0]
        self.faults: list[Fault] = []

    def _advance(self) -> int:
        """Go on to the next word; where the one before it stands."""
        place = self._next
        self._next = place + 1
        self.kind = self._kinds[place + 1]
        return self._places[place]

    def _expect(self, kind: str) -> None:
        if self.kind != kind:
            raise _Unreadable
        self._advance()

    def _skip(self, kind: str) -> bool:
        if self.kind != kind:
            return False
        self._advance()
        return True

    def whole(self) -> Node:
        """The whole expression."""
        tree = self._expression()
        if self.kind != END:
            raise _Unreadable
        return tree

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise _TooDeep(f"expression recursion limit exceeded: {DEPTH_LIMIT}")
        found = self._operation(1)
        if self.kind == "?":
            offset = self._advance()
            second = self._operation(1)
            self._expect(":")
            found = Call(offset, "_?_:_", [found, second, self._expression()])
        self._depth -= 1
        return found

    def _operation(self, lowest: int) -> Node:
        found = self._unary()
        steps = 0
        while (power := _POWERS.get(self.kind, 0)) >= lowest:
            kind = self.kind
            offset = self._advance()
            parts = [found, self._operation(power + 1)]
            while power < 3 and self.kind == kind:
                self._advance()
                parts.append(self._operation(power + 1))
            found = Call(offset, _FUNCTIONS[kind], parts)
            steps = self._further(steps, power > _POWERS["&&"])
        return found

    def _further(self, steps: int, counts: bool = True) -> int:
        """One step more of those that stand within each other though they are written one after the other."""
        if steps + self._depth >= DEPTH_LIMIT:
            raise _TooDeep("max recursion depth exceeded")
        return steps + counts

    def _unary(self) -> Node:
        sign = self.kind
        if sign not in ("!", "-") or (sign == "-" and self._kinds[self._next + 1] in ("NUM_INT", "NUM_FLOAT")):
            return self._member()
        offset, count = self._places[self._next], 0
        while self._skip(sign):
            count += 1
        operand = self._member()
        return operand if count % 2 == 0 else Call(offset, f"{sign}_", [operand])

    # --- members

    def _member(self) -> Node:
        found = self._primary()
        steps = 0
        while True:
            steps = self._further(steps)
            if self.kind == ".":
                found = self._selected(found, self._advance())
            elif self.kind == "[":
                offset = self._advance()
                function = "_[?_]" if self._skip("?") else "_[_]"
                index = self._expression()
                self._expect("]")
                found = Call(offset, function, [found, index])
            else:
                return found

    def _selected(self, operand: Node, dot: int) -> Node:
        optional = self._skip("?")
        if self.kind == "ESC_IDENTIFIER":
            self.faults.append(Fault(self._places[self._next], "unsupported syntax: '`'"))
        elif self.kind != "IDENTIFIER":
            raise _Unreadable
        text = self._texts[self._next]
        offset = self._advance()
        if optional:
            return Call(dot, "_?._", [operand, Literal(offset, text)])
        if self.kind == "(":
            offset = self._advance()
            return self._expanded(offset, text, operand, self._arguments())
        return Select(dot, operand, text)

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        if self._skip(")"):
            return found
        found.append(self._expression())
        while self._skip(","):
            found.append(self._expression())
        self._expect(")")
        return found

    def _expanded(self, offset: int, function: str, target: Node | None, args: list[Node]) -> Node:
        """A call, or what the macro of that name makes of it."""
        try:
            found = macros.expand(offset, function, target, args)
        except macros.MacroError as error:
            self.faults.append(Fault(error.offset, str(error)))
            return Literal(offset, True)
        return found or Call(offset, function, args, target)

    def _primary(self) -> Node:
        kind = self.kind
        if kind == "IDENTIFIER" or kind == ".":
            return self._named()
        text = self._texts[self._next]
        offset = self._advance()
        if kind in _CONSTANTS:
            return Literal(offset, _CONSTANTS[kind])
        match kind:
            case "(":
                found = self._expression()
                self._expect(")")
                return found
            case "[":
                return self._list(offset)
            case "{":
                return MapOf(offset, self._entries())
            case "-":
                self._advance()
                return self._number(offset, self._kinds[self._next - 1], "-" + self._texts[self._next - 1])
            case "NUM_INT" | "NUM_FLOAT" | "NUM_UINT":
                return self._number(offset, kind, text)
            case "STRING" | "BYTES":
                return self._text(offset, kind, text)
        raise _Unreadable

    # --- names

    def _named(self) -> Node:
        start = self._places[self._next]
        dot = self._skip(".")
        if self.kind != "IDENTIFIER":
            raise _Unreadable
        text = self._texts[self._next]
        offset = self._advance()
        if self._is_message():
            return self._message(text, dot)
        if text in RESERVED:
            self.faults.append(Fault(start, f"reserved identifier: {text}"))
        name = f".{text}" if dot else text
        if self.kind == "(":
            offset = self._advance()
            return self._expanded(offset, name, None, self._arguments())
        return Ident(offset, name)

    def _is_message(self) -> bool:
        """Whether the name goes on to a brace."""
        if self.kind not in (".", "{"):
            return False
        place, kinds = self._next, self._kinds
        while kinds[place] == "." and kinds[place + 1] == "IDENTIFIER":
            place += 2
        return kinds[place] == "{"

    def _message(self, first: str, dot: bool) -> Node:
        name = ("." if dot else "") + first
        while self._skip("."):
            name += "." + self._texts[self._next]
            self._advance()
        offset = self._advance()
        fields: list[tuple[str, Node]] = []
        self._skip_lone_comma("}")
        while not self._skip("}"):
            self._skip("?")
            if self.kind not in ("IDENTIFIER", "ESC_IDENTIFIER"):
                raise _Unreadable
            field = self._texts[self._next]
            self._advance()
            self._expect(":")
            fields.append((field, self._expression()))
            if self.kind != "}":
                self._expect(",")
        return Message(offset, name, fields)

    # --- lists, maps, constants

    def _skip_lone_comma(self, closing: str) -> None:
        """A comma may stand at the end even if there is nothing else."""
        if self.kind == "," and self._kinds[self._next + 1] == closing:
            self._advance()

    def _list(self, offset: int) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        self._skip_lone_comma("]")
        while not self._skip("]"):
            if self._skip("?"):
                optional.add(len(elements))
            elements.append(self._expression())
            if self.kind != "]":
                self._expect(",")
        return ListOf(offset, elements, frozenset(optional))

    def _entries(self) -> list[tuple[Node, Node, bool]]:
        entries: list[tuple[Node, Node, bool]] = []
        self._skip_lone_comma("}")
        while not self._skip("}"):
            optional = self._skip("?")
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression(), optional))
            if self.kind != "}":
                self._expect(",")
        return entries

    def _number(self, offset: int, kind: str, text: str) -> Node:
        return self._constant(offset, *_numbers[kind](text))

    def _constant(self, offset: int, value: float, fault: str) -> Node:
        if fault:
            self.faults.append(Fault(offset, fault))
        return Literal(offset, value)

    def _text(self, offset: int, kind: str, text: str) -> Node:
        try:
            return Literal(offset, text_of(text) if kind == "STRING" else bytes_of(text[1:]))
        except LiteralError as error:
            self.faults.append(Fault(offset, str(error)))
            return Literal(offset, None)


def _whole(text: str) -> tuple[int, str]:
    value = int(text, 16 if "x" in text else 10)
    return value, "" if value in INT_RANGE else "invalid int literal"


def _unsigned(text: str) -> tuple[Uint, str]:
    value = int(text[:-1], 16 if "x" in text else 10)
    return Uint(value), "" if 0 <= value < 1 << 64 else "invalid uint literal"


def _floating(text: str) -> tuple[float, str]:
    value = float(text)
    return value, "invalid double literal" if value in (float("inf"), float("-inf")) else ""


_numbers: dict[str, Callable[[str], tuple[float, str]]] = {
    "NUM_INT": _whole,
    "NUM_UINT": _unsigned,
    "NUM_FLOAT": _floating,
}


def literal_fault(kind: str, text: str) -> str:
    """What is wrong with a constant; '' if nothing is."""
    if kind in _numbers:
        return _numbers[kind](text)[1]
    try:
        text_of(text) if kind == "STRING" else bytes_of(text[1:])
    except LiteralError as error:
        return str(error)
    return ""
