"""YAML as Kubernetes reads it: the plain scalars of sigs.k8s.io/yaml (goyaml.v2), which differ from PyYAML's.

There `80:80` and `2020-01-01` are text, `1e3` and `0o644` are numbers, and `y`, `on` and their like are booleans.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where PyYAML was built with it

TRUE = frozenset({"y", "yes", "true", "on"})
FALSE = frozenset({"n", "no", "false", "off"})


class Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader with the scalar rules of goyaml.v2; mapping keys become text, as JSON needs them."""

    repeated: list[str]
    """What is said of keys that stand twice in a mapping, in the order of the text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def close(self) -> None:
        """Let go of the parser's memory."""
        self.dispose()


def _spellings(words: frozenset[str]) -> str:
    return "|".join(sorted(spelling for word in words for spelling in {word, word.capitalize(), word.upper()}))


_SCALARS = (  # tag, pattern, the characters it may begin with; the first match counts
    ("bool", f"(?:{_spellings(TRUE | FALSE)})", "yYnNtTfFoO"),
    ("null", "(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("int", "[-+]?(?:0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", "<<", "<"),
)
for _tag, _pattern, _first in _SCALARS:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _bool(loader: Any, node: Any) -> bool:
    return loader.construct_scalar(node).lower() in TRUE


def _int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return int(text, 8) if octal else int(text, 0)


def _float(loader: Any, node: Any) -> int | float:
    """A number; one without a fraction is written without one in JSON, hence an int."""
    number = float(loader.construct_scalar(node).replace("_", ""))
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    lines = [key.start_mark.line + 1 for key, _ in node.value]
    loader.flatten_mapping(node)
    found: dict[str, Any] = {}
    for place, (key, value) in enumerate(loader.construct_pairs(node, deep=True)):
        name = _key(key)
        if name in found and len(lines) == len(node.value):
            loader.repeated.append(f'line {lines[place]}: key "{name}" already set in map')
        found[name] = value
    return found


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


for _tag, _construct in (("bool", _bool), ("int", _int), ("float", _float), ("map", _mapping)):
    Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct)
