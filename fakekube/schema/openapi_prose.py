"""Descriptions of kinds and fields, read from the source of the installed official client when they are first needed.

Importing the client's 800 models would take seconds; their source says the same in milliseconds. Without the client, or
with one of another make, there are no descriptions.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_LITERAL = r'("(?:[^"\\]|\\.)*")'
_MODEL = re.compile(r'^ +"(\w+)": "\.(\w+)",$', re.MULTILINE)
_CLASS, _ATTRIBUTES, _END = '(BaseModel):\n    """\n    ', "\n\n    Attributes:", "    openapi_types: "
_DESCRIPTION = re.compile(rf"description={_LITERAL}")
_ALIAS = re.compile(r'serialization_alias="([^"]+)"')
_PARAMETER = re.compile(rf"^ +(\w+): Annotated\[.*Field\(description={_LITERAL}\)\]", re.MULTILINE)

_UNTOLD = "No description provided"

_PARAMETERS_OF_ALL = "coordination_v1_api.py"
"""A small module whose calls take the parameters that all kinds share."""

_PARAMETERS_OF_SOME = "core_v1_api.py"
_CALLS_OF_SOME = (
    "read_namespaced_pod_log",
    "connect_get_namespaced_pod_exec",
    "connect_get_namespaced_pod_attach",
    "connect_get_namespaced_pod_portforward",
    "connect_get_namespaced_pod_proxy",
)


class ClientProse:
    """What the client in this directory says; each model is read once."""

    def __init__(self, client: Path) -> None:
        self._client = client
        index = (client / "models" / "__init__.py").read_text("utf-8")
        self._modules: dict[str, str] = dict(_MODEL.findall(index))
        self._models: dict[str, tuple[str, dict[str, str]]] = {}
        self._parameters: dict[str, str] = {}

    def kind(self, name: str) -> str:
        """The description of a schema, by its OpenAPI name."""
        return self._model(name)[0]

    def field(self, name: str, field: str) -> str:
        """The description of a property."""
        return self._model(name)[1].get(field, "")

    def parameter(self, name: str) -> str:
        """The description of a query parameter."""
        if not self._parameters:
            self._parameters = self._read_parameters()
        return self._parameters.get(name.lower(), "")

    def _model(self, name: str) -> tuple[str, dict[str, str]]:
        found = self._models.get(name)
        if found is None:
            module = self._module(name)
            source = (self._client / "models" / f"{module}.py").read_text("utf-8") if module else ""
            found = self._models[name] = _read_model(source)
        return found

    def _module(self, name: str) -> str:
        """io.k8s.api.core.v1.Event -> core_v1_event, as core is one of several groups that have an Event."""
        *_, group, version, kind = name.split(".")
        plain = version.capitalize() + kind
        return self._modules.get(group.capitalize() + plain) or self._modules.get(plain, "")

    def _read_parameters(self) -> dict[str, str]:
        source = (self._client / "api" / _PARAMETERS_OF_SOME).read_text("utf-8")
        found: dict[str, str] = {}
        for call in _CALLS_OF_SOME:
            start = source.find(f"def {call}(")
            found |= _read_parameters(source[start : source.find(" -> ", start)])
        return found | _read_parameters((self._client / "api" / _PARAMETERS_OF_ALL).read_text("utf-8"))


def _read_model(source: str) -> tuple[str, dict[str, str]]:
    """The docstring of the model's class, and the description of each field that has one, by its name in JSON."""
    _, _, body = source.partition(_CLASS)
    told, _, rest = body.partition(_ATTRIBUTES)
    fields = {}
    for line in rest.partition(_END)[0].split("\n"):
        described = _DESCRIPTION.search(line)
        if described:
            alias = _ALIAS.search(line)
            fields[alias[1] if alias else line.partition(":")[0].strip().removeprefix("var_")] = _value(described[1])
    return "" if told.startswith(_UNTOLD) else " ".join(told.split("\n    ")), fields


def _read_parameters(source: str) -> dict[str, str]:
    """Name (lower case, without underscores) -> description; the client joins paragraphs by two spaces."""
    found: dict[str, str] = {}
    for name, literal in _PARAMETER.findall(source):
        found.setdefault(name.replace("_", ""), _value(literal).replace("  ", "\n\n"))
    return found


def _value(literal: str) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    value: str = ast.literal_eval(literal)
    return value


@cache
def installed() -> ClientProse | None:
    """The prose of the installed client; None without one that can be read so."""
    found = find_spec("kubernetes")
    if found is None or not found.submodule_search_locations:
        return None
    client = Path(next(iter(found.submodule_search_locations))) / "client"
    needed = [
        client / "models" / "__init__.py",
        client / "api" / _PARAMETERS_OF_ALL,
        client / "api" / _PARAMETERS_OF_SOME,
    ]
    return ClientProse(client) if all(path.exists() for path in needed) else None
