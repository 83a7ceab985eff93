"""What may be asked of an `authorizer`: known wherever there are expressions, though few are given one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.types import BOOL, STRING, Field, Type

PREFIX = "kubernetes.authorization"
PATH_CHECK = Type("struct", f"{PREFIX}.PathCheck")
GROUP_CHECK = Type("struct", f"{PREFIX}.GroupCheck")
RESOURCE_CHECK = Type("struct", f"{PREFIX}.ResourceCheck")
DECISION = Type("struct", f"{PREFIX}.Decision")
REQUEST_RESOURCE = "requestResource"
AUTHORIZER = Type("struct", f"{PREFIX}.Authorizer", fields={REQUEST_RESOURCE: Field(RESOURCE_CHECK, REQUEST_RESOURCE)})

_ROWS: tuple[tuple[str, str, tuple[Type, ...], Type], ...] = (
    ("path", "authorizer_path", (AUTHORIZER, STRING), PATH_CHECK),
    ("group", "authorizer_group", (AUTHORIZER, STRING), GROUP_CHECK),
    ("serviceAccount", "authorizer_serviceaccount", (AUTHORIZER, STRING, STRING), AUTHORIZER),
    ("resource", "groupcheck_resource", (GROUP_CHECK, STRING), RESOURCE_CHECK),
    *(
        (name, f"resourcecheck_{name.lower()}", (RESOURCE_CHECK, STRING), RESOURCE_CHECK)
        for name in ("subresource", "namespace", "name", "fieldSelector", "labelSelector")
    ),
    ("check", "pathcheck_check", (PATH_CHECK, STRING), DECISION),
    ("check", "resourcecheck_check", (RESOURCE_CHECK, STRING), DECISION),
    ("errored", "decision_errored", (DECISION,), BOOL),
    ("error", "decision_error", (DECISION,), STRING),
    ("allowed", "decision_allowed", (DECISION,), BOOL),
    ("reason", "decision_reason", (DECISION,), STRING),
)


def overloads() -> Iterator[Overload]:
    """The functions: methods of the values that `authorizer` leads to."""
    for function, name, parameters, result in _ROWS:
        yield Overload(name, function, parameters, result, True, (), _asking(function))


def _asking(function: str) -> Callable[..., Any]:
    return lambda value, *given: value.ask(function, *given)
