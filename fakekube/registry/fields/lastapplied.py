"""kubectl's annotation of client-side apply: server-side apply by the manager "kubectl" honours and refreshes it."""

from __future__ import annotations

from typing import Any

import orjson

from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.fields import sets
from fakekube.registry.fields.compare import compare
from fakekube.registry.fields.elements import go_json
from fakekube.registry.fields.extract import mentioned
from fakekube.registry.fields.nodes import Record, UnkeyedError
from fakekube.registry.fields.sets import Set
from fakekube.registry.fields.validate import fits

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
MANAGER = "kubectl"
MOST_ANNOTATION_BYTES = 256 * 1024


def settled_fields(node: Record, live: Obj, version: str) -> Set | None:
    """The fields that client-side apply set and that still are as it set them; None if nothing can be told."""
    text = annotations_of(live).get(ANNOTATION)
    if not text:
        return None
    last = _read(text)
    if not isinstance(last, dict) or last.get("apiVersion") != version or not fits(node, last):
        return None
    try:
        changes = compare(node, last, live)
        fields = mentioned(node, last)
    except UnkeyedError:
        return None
    for changed in changes:
        fields = sets.difference(fields, changed)
    return fields


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def refresh(obj: Obj, config: Obj) -> None:
    """Write the configuration into the annotation, if the object has one; take it off where it would be too long."""
    annotations = annotations_of(obj)
    if not annotations.get(ANNOTATION):
        return
    found = {**annotations, ANNOTATION: _text(config)}
    if sum(len(name.encode()) + len(value.encode()) for name, value in found.items()) > MOST_ANNOTATION_BYTES:
        del found[ANNOTATION]
    obj["metadata"] = {**obj["metadata"], "annotations": found}


def _text(config: Obj) -> str:
    """The configuration without the annotation itself, as kubectl writes it."""
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        rest = {name: value for name, value in metadata["annotations"].items() if name != ANNOTATION}
        config = {**config, "metadata": {**metadata, "annotations": rest}}
    return go_json(config) + "\n"
