"""Templates: parsed into closures, which print into a list."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from fakekube.nodes.templates import library
from fakekube.nodes.templates.lexing import Piece, Token, pieces
from fakekube.nodes.templates.values import TemplateError, field, text, truth

Functions = Mapping[str, Callable[..., Any]]


class Scope:
    """Where a template is: its dot, the variables in reach, the functions of this rendering, and what is printed."""

    __slots__ = ("dot", "functions", "out", "parent", "variables")

    def __init__(self, dot: Any, functions: Functions, out: list[str], parent: Scope | None = None) -> None:
        self.dot = dot
        self.functions = functions
        self.out = out
        self.parent = parent
        self.variables: dict[str, Any] = {}

    def within(self, dot: Any) -> Scope:
        """A scope within this one."""
        return Scope(dot, self.functions, self.out, self)

    def holder(self, name: str) -> dict[str, Any]:
        """The variables of the scope in which the name was declared."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables
            scope = scope.parent
        raise TemplateError(f"undefined variable {name!r}")


Value = Callable[[Scope], Any]
Node = Callable[[Scope], None]
LAZY: dict[str, bool] = {"and": False, "or": True}
"""These look at their operands one by one, and stop at the first that counts as this."""
_ENDS = ("end", "else", "break", "continue", "define", "template", "block")


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Template:
    """A template that can be rendered; TemplateError if it cannot be read. `known`: functions that renderings bring."""

    def __init__(self, source: str, known: Collection[str] = ()) -> None:
        parser = _Parser(pieces(source.strip()), frozenset(known))
        self._nodes, ending = parser.nodes(frozenset())
        assert not ending

    def render(self, data: Any, functions: Functions | None = None) -> str:
        """The text for this data; TemplateError if it cannot be made."""
        out: list[str] = []
        scope = Scope(data, functions or {}, out)
        scope.variables["$"] = data
        _run(self._nodes, scope)
        return "".join(out)


def _run(nodes: Iterable[Node], scope: Scope) -> None:
    for node in nodes:
        node(scope)


class _Parser:
    """Reads pieces into nodes; knows which variables are declared where."""

    def __init__(self, found: Iterable[Piece], known: frozenset[str]) -> None:
        self._pieces = iter(found)
        self._known = known
        self._declared: list[set[str]] = [{"$"}]
        self._loops = 0
        self._line = 0

    def fault(self, message: str) -> TemplateError:
        """The error, with the line it is in."""
        return TemplateError(f"line {self._line}: {message}")

    # --- blocks

    def nodes(self, until: frozenset[str]) -> tuple[list[Node], list[Token]]:
        """The nodes up to an action that begins with one of these words, and the tokens of that action."""
        found: list[Node] = []
        for piece in self._pieces:
            self._line = piece.line
            if piece.tokens is None:
                found.append(_print(piece.text))
                continue
            if not piece.tokens:
                raise self.fault("missing value for command")
            word = piece.tokens[0].text if piece.tokens[0].kind == "word" else ""
            if word in until:
                return found, piece.tokens
            found.append(self._node(word, piece.tokens))
        if until:
            raise self.fault("unexpected EOF")
        return found, []

    def _node(self, word: str, tokens: list[Token]) -> Node:
        if word in ("if", "with", "range"):
            return self._block(word, tokens[1:])
        if word in ("break", "continue"):
            if not self._loops:
                raise self.fault(f"{{{{{word}}}}} outside {{{{range}}}}")
            return _break if word == "break" else _continue
        if word in _ENDS:
            raise self.fault(f"unexpected {{{{{word}}}}}" if word in ("end", "else") else f"{word!r} is not supported")
        names, assigns, value = self._pipeline(_Tokens(tokens, self))
        if not names:
            return lambda scope: scope.out.append(text(value(scope)))
        if len(names) > 1:
            raise self.fault("too many declarations in command")
        return _assign(names[0], value) if assigns else _declare(names[0], value)

    def _block(self, word: str, tokens: list[Token]) -> Node:
        self._declared.append(set())
        names, assigns, value = self._pipeline(_Tokens(tokens, self), several=word == "range")
        if assigns:
            raise self.fault(f"{word} declares its variables by :=")
        self._loops += word == "range"
        body, ending = self.nodes(frozenset({"end", "else"}))
        self._loops -= word == "range"
        otherwise = self._otherwise(ending)
        self._declared.pop()
        return _BLOCKS[word](names, value, body, otherwise)

    def _otherwise(self, ending: list[Token]) -> list[Node]:
        """What stands after {{else}}, which may go on as {{else if ...}} or {{else with ...}}."""
        if ending[0].text == "end":
            return []
        if len(ending) > 1:
            if ending[1].text not in ("if", "with"):
                raise self.fault(f"unexpected {ending[1].text!r} after else")
            return [self._block(ending[1].text, ending[2:])]
        self._declared.append(set())
        body, _ = self.nodes(frozenset({"end"}))
        self._declared.pop()
        return body

    # --- pipelines

    def _pipeline(self, tokens: _Tokens, *, several: bool = False) -> tuple[list[str], bool, Value]:
        """Names that are declared (or assigned), whether they are assigned, and the value."""
        names, assigns = tokens.names(several)
        value = self._commands(tokens)
        tokens.done()
        if assigns:
            self.check_variable(names[0])
        else:
            self._declared[-1].update(names)
        return names, assigns, value

    def _commands(self, tokens: _Tokens) -> Value:
        value = self._command(tokens, None)
        while tokens.take("|"):
            value = self._command(tokens, value)
        return value

    def _command(self, tokens: _Tokens, piped: Value | None) -> Value:
        """A function with its operands, or a value; what is piped into it is its last operand."""
        token = tokens.peek()
        if token is None:
            raise self.fault("missing value for command")
        if token.kind == "word" and token.text not in _CONSTANTS:
            tokens.next()
            return self._call(token.text, [*self._operands(tokens), *([piped] if piped else [])])
        value = self._operand(tokens)
        if piped is not None or tokens.begins_operand():
            raise self.fault(f"can't give argument to non-function {token.text}")
        return value

    def _operands(self, tokens: _Tokens) -> list[Value]:
        found = []
        while tokens.begins_operand():
            found.append(self._operand(tokens))
        return found

    def _call(self, name: str, operands: list[Value]) -> Value:
        if name in LAZY:
            if not operands:
                raise self.fault(f"wrong number of args for {name}: want at least 1 got 0")
            return _lazy(operands, LAZY[name])
        if name in self._known:
            return lambda scope: _called(name, scope.functions[name], operands, scope)
        function = library.FUNCTIONS.get(name)
        if function is None:
            raise self.fault(f"function {name!r} not defined")
        return lambda scope: _called(name, function, operands, scope)

    def _operand(self, tokens: _Tokens) -> Value:
        """A value, and the fields that follow it without space."""
        value = self._plain(tokens)
        while (token := tokens.peek()) is not None and token.kind == "field" and token.glued:
            tokens.next()
            value = _field(value, token.text[1:])
        return value

    def _plain(self, tokens: _Tokens) -> Value:
        token = tokens.next()
        match token.kind:
            case "field":
                return _field(_dot, token.text[1:])
            case "dot":
                return _dot
            case "variable":
                return self._variable(token.text)
            case "string" | "number":
                return self._literal(token)
        if token.text == "(":
            value = self._commands(tokens)
            if not tokens.take(")"):
                raise self.fault("unclosed left paren")
            return value
        if token.text in _CONSTANTS:
            constant = _CONSTANTS[token.text]
            return lambda scope: constant
        if token.kind == "word":
            return self._call(token.text, [])
        raise self.fault(f"unexpected {token.text!r} in operand")

    def _variable(self, name: str) -> Value:
        self.check_variable(name)
        return lambda scope: scope.holder(name)[name]

    def check_variable(self, name: str) -> None:
        """TemplateError if there is no such variable here."""
        if not any(name in names for names in self._declared):
            raise self.fault(f"undefined variable {name!r}")

    def _literal(self, token: Token) -> Value:
        raw = token.text
        try:
            if raw.startswith("`"):
                value: Any = raw[1:-1]
            elif token.kind == "string":
                value = ast.literal_eval(raw)
                value = ord(value) if raw.startswith("'") else value
            else:
                value = int(raw, 0) if raw.lstrip("+-").isdigit() and raw.lstrip("+-")[:1] != "0" else _number(raw)
        except (ValueError, SyntaxError, TypeError) as error:
            raise self.fault(f"{raw} is no literal") from error
        return lambda scope: value


def _number(raw: str) -> int | float:
    try:
        return int(raw, 0)
    except ValueError:
        digits = raw.lstrip("+-").replace("_", "")
        if digits.isdigit() and digits.startswith("0"):
            return int(raw, 8)
        return float(raw)


_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "nil": None}


class _Tokens:
    """The tokens of one action, taken one after the other."""

    def __init__(self, tokens: list[Token], parser: _Parser) -> None:
        self._tokens = tokens
        self._at = 0
        self._parser = parser

    def peek(self) -> Token | None:
        """The next token, left in its place."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def next(self) -> Token:
        """The next token; TemplateError if there is none."""
        token = self.peek()
        if token is None:
            raise self._parser.fault("unexpected end of action")
        self._at += 1
        return token

    def take(self, sign: str) -> bool:
        """Whether the next token is this sign, which is then gone."""
        token = self.peek()
        found = token is not None and token.kind == "sign" and token.text == sign
        self._at += found
        return found

    def begins_operand(self) -> bool:
        """Whether the next token begins a value."""
        token = self.peek()
        return token is not None and (token.kind != "sign" or token.text == "(")

    def done(self) -> None:
        """TemplateError if anything is left."""
        token = self.peek()
        if token is not None:
            raise self._parser.fault(f"unexpected {token.text!r} in action")

    def names(self, several: bool) -> tuple[list[str], bool]:
        """The variables before := or =, if this is a declaration or an assignment."""
        begin, names = self._at, []
        while (token := self.peek()) is not None and token.kind == "variable":
            names.append(self.next().text)
            if not (several and len(names) == 1 and self.take(",")):
                break
        if names and self.take(":="):
            return names, False
        if names and self.take("="):
            return names, True
        self._at = begin
        return [], False


# --- what nodes do


def _print(plain: str) -> Node:
    return lambda scope: scope.out.append(plain)


def _dot(scope: Scope) -> Any:
    return scope.dot


def _field(value: Value, name: str) -> Value:
    return lambda scope: field(value(scope), name)


def _break(scope: Scope) -> None:
    raise _Break


def _continue(scope: Scope) -> None:
    raise _Continue


def _declare(name: str, value: Value) -> Node:
    def run(scope: Scope) -> None:
        scope.variables[name] = value(scope)

    return run


def _assign(name: str, value: Value) -> Node:
    def run(scope: Scope) -> None:
        scope.holder(name)[name] = value(scope)

    return run


def _lazy(operands: list[Value], decisive: bool) -> Value:
    def run(scope: Scope) -> Any:
        found = None
        for operand in operands:
            found = operand(scope)
            if truth(found) is decisive:
                break
        return found

    return run


def _called(name: str, function: Callable[..., Any], operands: list[Value], scope: Scope) -> Any:
    try:
        return function(*[operand(scope) for operand in operands])
    except TemplateError as error:
        raise TemplateError(f"error calling {name}: {error}") from error
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise TemplateError(f"error calling {name}: {error}") from error


def _if(names: list[str], value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        inner = scope.within(scope.dot)
        found = value(inner)
        inner.variables.update(dict.fromkeys(names, found))
        _run(body if truth(found) else otherwise, inner.within(scope.dot))

    return run


def _with(names: list[str], value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        inner = scope.within(scope.dot)
        found = value(inner)
        inner.variables.update(dict.fromkeys(names, found))
        _run(body if truth(found) else otherwise, inner.within(found if truth(found) else scope.dot))

    return run


def _range(names: list[str], value: Value, body: list[Node], otherwise: list[Node]) -> Node:
    def run(scope: Scope) -> None:
        found = list(_elements(value(scope)))
        if not found:
            _run(otherwise, scope.within(scope.dot))
        for key, element in found:
            inner = scope.within(element)
            inner.variables.update(zip(names, (element,) if len(names) == 1 else (key, element), strict=False))
            try:
                _run(body, inner)
            except _Break:
                break
            except _Continue:
                continue

    return run


def _elements(value: Any) -> Iterable[tuple[Any, Any]]:
    if value is None:
        return ()
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return ((number, number) for number in range(value))
    raise TemplateError(f"range can't iterate over {text(value)}")


_BLOCKS: dict[str, Callable[[list[str], Value, list[Node], list[Node]], Node]] = {
    "if": _if,
    "with": _with,
    "range": _range,
}
