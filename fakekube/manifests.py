"""Manifests, wherever they are written: dicts, YAML or JSON text, files, folders, a stream; always a flat list."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fakekube.core.meta import Obj, split_api_version
from fakekube.core.yamltext import YamlError, documents

Source = Mapping[str, Any] | str | Path
SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"

FIRST = {
    ("", "Namespace"): 0,  # what lies in a namespace needs it
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 0,  # and a custom resource its definition
}


class ManifestError(ValueError):
    """A manifest that cannot be read; the message names the file and the document in it, counted from 1."""


def read(*sources: Source) -> list[Obj]:
    """The objects of all sources, lists opened up. Raises ManifestError.

    A str with a line break or a leading brace is manifest text, '-' is the standard input, any other str is a path.
    """
    return [obj for source in sources for obj in _read(source)]


def in_order(objects: Iterable[Obj]) -> list[Obj]:
    """In the order to apply: namespaces and definitions first, the rest as given."""
    return sorted(objects, key=_rank)


def files(path: Path) -> list[Path]:
    """The manifest files at a path: the file itself, or those below the folder in the order of their names."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    if not found:
        raise ManifestError(f"{path}: no manifest ({', '.join(SUFFIXES)}) in this folder")
    return found


def _rank(obj: Obj) -> int:
    group, _ = split_api_version(obj["apiVersion"])
    return FIRST.get((group, obj["kind"]), 1)


def _read(source: Source) -> Iterator[Obj]:
    match source:
        case Mapping():
            yield from _flat(dict(source), "manifest")
        case Path():
            for file in files(source):
                yield from _parse(_text(file), str(file))
        case "-":
            yield from _parse(sys.stdin.read(), "standard input")
        case str() if "\n" in source or source.lstrip().startswith("{"):
            yield from _parse(source, "manifest")
        case str():
            yield from _read(Path(source))
        case _:
            raise TypeError(f"a manifest is a dict, text or a path, not {type(source).__name__}")


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        hint = " (text is taken for a manifest if it has a line break or begins with a brace)"
        raise ManifestError(f"{file}: {error.strerror}{hint if ': ' in str(file) else ''}") from error
    except OSError as error:
        raise ManifestError(f"{file}: {error.strerror}") from error


def _parse(text: str | bytes, where: str) -> Iterator[Obj]:
    number = 0
    try:
        for number, document in enumerate(documents(text), start=1):
            if document is not None:
                yield from _flat(document, f"{where}, document {number}")
    except YamlError as error:
        raise ManifestError(f"{where}, document {number + 1}: {error}") from error


def _flat(document: Any, where: str) -> Iterator[Obj]:
    """The object itself; of a List its items, which in a PodList and its like need not repeat their kind."""
    if not isinstance(document, dict):
        raise ManifestError(f"{where}: a manifest is a mapping, not {_json_type(document)}")
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            raise ManifestError(f"{where}: {field} is missing")
    kind, items = document["kind"], document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        yield document
        return
    common = {"apiVersion": document["apiVersion"], "kind": kind.removesuffix("List")} if kind != "List" else {}
    for number, item in enumerate(items):
        yield from _flat(common | item if isinstance(item, dict) else item, f"{where}, items[{number}]")


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), type(value).__name__)
