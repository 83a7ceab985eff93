"""Templates: parsed into closures, which print into a list."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from typing import Any

from fakekube.nodes.templates.functions import FUNCTIONS, REFUSED
from fakekube.nodes.templates.lexing import Piece, Token, pieces
from fakekube.nodes.templates.running import (
    CONTROLS,
    LAZY,
    Functions,
    Names,
    Node,
    Scope,
    Value,
    asked,
    assign,
    called,
    declare,
    dot,
    field_of,
    go_on,
    lazy,
    leave,
    nothing,
    print_text,
    run_all,
)
from fakekube.nodes.templates.values import TemplateError, numbered, text

_ENDS = ("end", "else")


class Template:
    """A template that can be rendered; TemplateError if it cannot be read. `known`: functions that renderings bring."""

    def __init__(self, source: str, known: Collection[str] = ()) -> None:
        parser = _Parser(pieces(source.strip()), frozenset(known))
        self._nodes, ending = parser.nodes(frozenset())
        assert not ending
        parser.check_templates()

    def render(self, data: Any, functions: Functions | None = None) -> str:
        """The text for this data; TemplateError if it cannot be made."""
        out: list[str] = []
        dot = numbered(data)
        scope = Scope(dot, functions or {}, out)
        scope.variables["$"] = dot
        run_all(self._nodes, scope)
        return "".join(out)


class _Parser:
    """Reads pieces into nodes; knows which variables are declared where."""

    def __init__(self, found: Iterable[Piece], known: frozenset[str]) -> None:
        self._pieces = iter(found)
        self._known = known
        self._declared: list[set[str]] = [{"$"}]
        self._loops = 0
        self._blocks = 0
        self._line = 0
        self._templates: dict[str, list[Node]] = {}
        self._printed: list[tuple[str, int]] = []

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
                found.append(print_text(piece.text))
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
            return self._control(word, tokens[1:])
        if word in ("break", "continue"):
            if not self._loops:
                raise self.fault(f"{{{{{word}}}}} outside {{{{range}}}}")
            return leave if word == "break" else go_on
        if word in _ENDS:
            raise self.fault(f"unexpected {{{{{word}}}}}")
        if word in _NAMED:
            return _NAMED[word](self, _Tokens(tokens[1:], self))
        names, assigns, value = self._pipeline(_Tokens(tokens, self))
        if not names:
            return lambda scope: scope.out.append(text(value(scope)))
        if len(names) > 1:
            raise self.fault("too many declarations in command")
        return assign(names[0], value) if assigns else declare(names[0], value)

    # --- templates with names

    def _define(self, tokens: _Tokens) -> Node:
        if self._blocks:
            raise self.fault("unexpected {{define}}")
        self._keep(tokens.name("define clause"), tokens)
        return nothing

    def _block(self, tokens: _Tokens) -> Node:
        """{{block}} defines a template and prints it."""
        name = tokens.name("block clause")
        self._declared.append(set())
        _, _, value = self._pipeline(tokens)
        self._declared.pop()
        self._keep(name, tokens)
        return self._print_template(name, value)

    def _template(self, tokens: _Tokens) -> Node:
        name = tokens.name("template clause")
        if tokens.peek() is None:
            return self._print_template(name, lambda scope: None)
        self._declared.append(set())
        _, _, value = self._pipeline(tokens)
        self._declared.pop()
        return self._print_template(name, value)

    def _keep(self, name: str, tokens: _Tokens) -> None:
        """Read the body of a template; one that says nothing gives way to another of its name."""
        tokens.done()
        outer, self._declared, loops, self._loops = self._declared, [{"$"}], self._loops, 0
        self._blocks += 1
        body, ending = self.nodes(frozenset({"end", "else"}))
        if ending[0].text == "else":
            raise self.fault("unexpected {{else}}")
        self._declared, self._loops = outer, loops
        self._blocks -= 1
        if body and self._templates.get(name):
            raise self.fault(f'multiple definition of template "{name}"')
        self._templates[name] = body or self._templates.get(name, [])

    def _print_template(self, name: str, value: Value) -> Node:
        self._printed.append((name, self._line))
        templates = self._templates
        return lambda scope: run_all(templates[name], scope.beside(value(scope)))

    def check_templates(self) -> None:
        """TemplateError if a template is to be printed that is nowhere defined."""
        for name, line in self._printed:
            if name not in self._templates:
                raise TemplateError(f'line {line}: template "{name}" not defined')

    # --- conditions and loops

    def _control(self, word: str, tokens: list[Token]) -> Node:
        self._blocks += 1
        self._declared.append(set())
        names, assigns, value = self._pipeline(_Tokens(tokens, self), several=word == "range")
        self._loops += word == "range"
        body, ending = self.nodes(frozenset({"end", "else"}))
        self._loops -= word == "range"
        otherwise = self._otherwise(ending)
        self._declared.pop()
        self._blocks -= 1
        return CONTROLS[word](Names(names, assigns), value, body, otherwise)

    def _otherwise(self, ending: list[Token]) -> list[Node]:
        """What stands after {{else}}, which may go on as {{else if ...}} or {{else with ...}}."""
        if ending[0].text == "end":
            return []
        if len(ending) > 1:
            if ending[1].text not in ("if", "with"):
                raise self.fault(f"unexpected {ending[1].text!r} after else")
            return [self._control(ending[1].text, ending[2:])]
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
            for name in names:
                self.check_variable(name)
        else:
            self._declared[-1].update(names)
        return names, assigns, value

    def _commands(self, tokens: _Tokens) -> Value:
        value = self._command(tokens, None)
        while tokens.take("|") and not tokens.ends():
            value = self._command(tokens, value)
        return value

    def _command(self, tokens: _Tokens, piped: Value | None) -> Value:
        """A function with its operands, or a value; what is piped into it is its last operand."""
        token = tokens.peek()
        if token is None:
            raise self.fault("missing value for command")
        given = [piped] if piped else []
        if token.kind == "word" and token.text not in _CONSTANTS and not tokens.is_chain():
            tokens.next()
            return self._call(token.text, [*self._operands(tokens), *given])
        if token.kind == "word" and token.text == "nil":
            raise self.fault("nil is not a command")
        owner, names = self._chain(tokens)
        operands = [*self._operands(tokens), *given]
        if operands and not names:
            raise self.fault(f"can't give argument to non-function {token.text}")
        value = owner
        for name in names[:-1]:
            value = field_of(value, name)
        return asked(value, names[-1], operands) if names else value

    def _operands(self, tokens: _Tokens) -> list[Value]:
        found = []
        while tokens.begins_operand():
            found.append(self._operand(tokens))
        return found

    def _call(self, name: str, operands: list[Value]) -> Value:
        if name in LAZY:
            if not operands:
                raise self.fault(f"wrong number of args for {name}: want at least 1 got 0")
            return lazy(operands, LAZY[name])
        if name in self._known:
            return lambda scope: called(name, scope.functions[name], operands, scope)
        function = FUNCTIONS.get(name)
        if function is None:
            why = f" is not supported: {REFUSED[name]}" if name in REFUSED else " not defined"
            raise self.fault(f"function {name!r}{why}")
        return lambda scope: called(name, function, operands, scope)

    def _operand(self, tokens: _Tokens) -> Value:
        """A value, and the fields that follow it without space."""
        value, names = self._chain(tokens)
        for name in names:
            value = field_of(value, name)
        return value

    def _chain(self, tokens: _Tokens) -> tuple[Value, list[str]]:
        """A value, and the names of the fields that follow it without space."""
        first = tokens.peek()
        if first is not None and first.kind == "field":
            value: Value = dot
            names = [tokens.next().text[1:]]
        else:
            value, names = self._plain(tokens), []
        while (token := tokens.peek()) is not None and token.kind == "field" and token.glued:
            names.append(tokens.next().text[1:])
        return value, names

    def _plain(self, tokens: _Tokens) -> Value:
        token = tokens.next()
        match token.kind:
            case "dot":
                return dot
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


_NAMED = {"define": _Parser._define, "block": _Parser._block, "template": _Parser._template}


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

    def is_chain(self) -> bool:
        """Whether a field follows the next token without space."""
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        return following is not None and following.kind == "field" and following.glued

    def name(self, where: str) -> str:
        """The name of a template, which stands in quotes."""
        token = self.peek()
        if token is None or token.kind != "string" or token.text.startswith("'"):
            raise self._parser.fault(f"unexpected {token.text if token else 'end'!r} in {where}")
        self._at += 1
        return token.text[1:-1] if token.text.startswith("`") else str(ast.literal_eval(token.text))

    def ends(self) -> bool:
        """Whether nothing is left of the action, or of the parenthesis."""
        token = self.peek()
        return token is None or (token.kind == "sign" and token.text == ")")

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
