"""From text to a program: read, checked, and its constants judged."""

from __future__ import annotations

from fakekube.schema.cel.checking import Environment, check
from fakekube.schema.cel.depth import is_deep, room
from fakekube.schema.cel.evaluating import DeepProgram, Program
from fakekube.schema.cel.faults import CompileError, InstantiationError
from fakekube.schema.cel.parsing import parse
from fakekube.schema.cel.syntax import Node
from fakekube.schema.cel.values import EvaluationError


class Compiled:
    """An expression that was found right: its tree, its type, and the program to evaluate it."""

    __slots__ = ("_program", "_variables", "deep", "names", "tree", "type")

    def __init__(self, tree: Node, names: frozenset[str], variables: tuple[str, ...], *, deep: bool = False) -> None:
        self.tree, self.type = tree, tree.type
        self.names = names
        """The variables that it refers to."""
        self.deep = deep
        """Whether it may be nested deeply."""
        self._variables = variables
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """It at work; made when first needed."""
        if self._program is None:
            if self.deep:
                with room():
                    self._program = DeepProgram(self.tree, self._variables)
            else:
                self._program = Program(self.tree, self._variables)
        return self._program


def compile(source: str, environment: Environment) -> Compiled:
    """The program of an expression; CompileError with all that is wrong."""
    if not is_deep(source):
        return _compiled(source, environment, deep=False)
    with room():
        return _compiled(source, environment, deep=True)


def _compiled(source: str, environment: Environment, *, deep: bool) -> Compiled:
    tree = parse(source)
    checked = check(source, tree, environment)
    faults = [fault for node, judge in checked.to_judge for fault in judge(node)]
    if faults:
        raise CompileError(source, faults)
    found = Compiled(tree, checked.names, tuple(environment.variables), deep=deep)
    if checked.converts:
        try:
            _ = found.program
        except EvaluationError as error:
            raise InstantiationError(str(error)) from None
    return found
