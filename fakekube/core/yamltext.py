"""YAML as Kubernetes reads it. PyYAML and the rules for scalars come in with the first document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any


class YamlError(ValueError):
    """Text that is not YAML; the message says where."""


def documents(text: str | bytes) -> Iterator[Any]:
    """The documents of a stream, one after another; an empty one is None. Raises YamlError on reaching a fault."""
    for value, _ in _read(text):
        yield value


def first_document(text: str | bytes) -> tuple[Any, list[str]]:
    """The first document, and what Go says of keys given twice in it; None for an empty stream. Raises YamlError."""
    return next(_read(text), (None, []))


def _read(text: str | bytes) -> Iterator[tuple[Any, list[str]]]:
    from yaml import YAMLError

    from fakekube.core.yamlscalars import Loader

    try:
        with closing(Loader(text)) as loader:
            while loader.check_data():
                loader.repeated = []
                yield loader.get_data(), loader.repeated
    except (YAMLError, ValueError) as error:
        raise YamlError(_go_text(error)) from error


def _go_text(error: Exception) -> str:
    """The fault as goyaml.v2 words it; it is the same parser, but counts lines in a way of its own."""
    from yaml.scanner import ScannerError

    problem = getattr(error, "problem", None)
    if problem is None:
        return "yaml: " + " ".join(str(error).split())
    marks = (getattr(error, "context_mark", None), getattr(error, "problem_mark", None))
    line = next((mark.line for mark in marks if mark is not None and mark.line), 0)
    if line and isinstance(error, ScannerError):
        line += 1
    return f"yaml: line {line}: {problem}" if line else f"yaml: {problem}"
