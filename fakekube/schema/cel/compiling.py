"""From text to a program: read, checked, and its constants judged."""

from __future__ import annotations

from fakekube.core.patterns import PatternError, compiled
from fakekube.schema.cel import values
from fakekube.schema.cel.checking import Environment, check
from fakekube.schema.cel.evaluating import Program
from fakekube.schema.cel.faults import CompileError, Fault
from fakekube.schema.cel.parsing import parse
from fakekube.schema.cel.syntax import Call, Literal, Node


class Compiled:
    """An expression that was found right: its tree, its type, and the program to evaluate it."""

    __slots__ = ("_program", "_variables", "names", "tree", "type")

    def __init__(self, tree: Node, names: frozenset[str], variables: tuple[str, ...]) -> None:
        self.tree, self.type = tree, tree.type
        self.names = names
        """The variables that it refers to."""
        self._variables = variables
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """It at work; made when first needed."""
        if self._program is None:
            self._program = Program(self.tree, self._variables)
        return self._program


def compile(source: str, environment: Environment) -> Compiled:
    """The program of an expression; CompileError with all that is wrong."""
    tree = parse(source)
    checked = check(source, tree, environment)
    faults = [fault for call in checked.literals for fault in _literal_faults(call)]
    if faults:
        raise CompileError(source, faults)
    return Compiled(tree, checked.names, tuple(environment.variables))


def _literal_faults(node: Call) -> list[Fault]:
    """Constants that are no regular expression, time or duration."""
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
