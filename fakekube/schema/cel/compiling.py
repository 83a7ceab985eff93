"""From text to a program: read, checked, and its constants judged."""

from __future__ import annotations

from dataclasses import dataclass

from fakekube.core.patterns import PatternError, compiled
from fakekube.schema.cel import values
from fakekube.schema.cel.checking import Environment, check
from fakekube.schema.cel.evaluating import Program
from fakekube.schema.cel.faults import CompileError, Fault
from fakekube.schema.cel.parsing import parse
from fakekube.schema.cel.syntax import Call, Ident, Literal, Node, everything
from fakekube.schema.cel.types import Type


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression that was found right: its tree, its type, and the program to evaluate it."""

    tree: Node
    type: Type
    program: Program

    def names(self, variable: str) -> bool:
        """Whether it refers to the variable."""
        return any(isinstance(node, Ident) and node.name == variable for node in everything(self.tree))


def compile(source: str, environment: Environment) -> Compiled:
    """The program of an expression; CompileError with all that is wrong."""
    tree = parse(source)
    check(source, tree, environment)
    faults = [fault for node in everything(tree) for fault in _literal_faults(node)]
    if faults:
        raise CompileError(source, faults)
    return Compiled(tree, tree.type, Program(tree, tuple(environment.variables)))


def _literal_faults(node: Node) -> list[Fault]:
    """Constants that are no regular expression, time or duration."""
    if not isinstance(node, Call):
        return []
    place = 1 if node.function == "matches" and node.target is None else 0
    if len(node.args) <= place or not isinstance(node.args[place], Literal):
        return []
    literal = node.args[place]
    text = getattr(literal, "value", None)
    if not isinstance(text, str) or _holds(node.function, text):
        return []
    return [Fault(literal.offset, f"invalid {node.function} argument")]


def _holds(function: str, text: str) -> bool:
    match function:
        case "duration":
            return values.parse_duration(text) is not None
        case "timestamp":
            return values.parse_timestamp(text) is not None
        case "matches":
            try:
                compiled(text)
            except PatternError:
                return False
    return True
