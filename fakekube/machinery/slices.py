"""Packing endpoints into EndpointSlices with few writes: slices that exist are kept, changed and used again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.machinery.plan import Change, Create, Delete, Update
from fakekube.machinery.serving import SLICES, TRIGGER_TIME
from fakekube.storage.values import Key

ENDPOINTS_PER_SLICE = 100


class Packing:
    """What is to be done to slices. `keep`: untouched so far."""

    __slots__ = ("create", "delete", "keep", "update")

    def __init__(self, create: Iterable[Obj] = (), delete: Iterable[Obj] = ()) -> None:
        self.create = list(create)
        self.update: list[Obj] = []
        self.delete = list(delete)
        self.keep: list[Obj] = []

    def recycle(self) -> None:
        """Turn pairs of a deletion and a creation of one address type into updates."""
        left: list[Obj] = []
        for old in self.delete:
            at = next((i for i, each in enumerate(self.create) if each["addressType"] == old["addressType"]), None)
            if at is None:
                left.append(old)
                continue
            made = self.create.pop(at)
            kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "generateName")
            meta = {name: old["metadata"][name] for name in kept if name in old["metadata"]}
            new = {name: value for name, value in made["metadata"].items() if name not in kept}
            self.update.append({**made, "metadata": {**meta, **new}})
        self.delete = left

    def changes(self, trigger: str = "", *, timed: bool = True) -> list[Change]:
        """The writes: creations, updates, deletions."""
        stamped = (lambda each: with_trigger(each, trigger)) if timed else (lambda each: each)
        found: list[Change] = [Create(SLICES, stamped(each)) for each in self.create]
        found += [Update(SLICES, stamped(each)) for each in self.update]
        found += [Delete(Key(SLICES, each["metadata"]["namespace"], each["metadata"]["name"])) for each in self.delete]
        return found


def with_trigger(piece: Obj, trigger: str) -> Obj:
    """The slice with the time of the change that it follows, if that is a new one."""
    annotations = dict(piece["metadata"].get("annotations") or {})
    if trigger > annotations.pop(TRIGGER_TIME, ""):
        annotations[TRIGGER_TIME] = trigger
    meta = {name: value for name, value in piece["metadata"].items() if name != "annotations"}
    if annotations:
        meta["annotations"] = annotations
    return {**piece, "metadata": meta}


def port_key(ports: Iterable[Obj] | None) -> bytes:
    """Equal for equal sets of ports."""
    return orjson.dumps(sorted(orjson.dumps(port, option=orjson.OPT_SORT_KEYS).decode() for port in ports or ()))


def endpoint_key(endpoint: Obj) -> tuple[Any, ...]:
    """Which endpoint it is, whatever its condition: address, host name and target."""
    target = endpoint.get("targetRef") or {}
    return tuple(endpoint.get("addresses") or ()), endpoint.get("hostname"), target.get("uid"), target.get("name")


def filled(piece: Obj, endpoints: list[Obj]) -> Obj:
    """The slice with these endpoints; none is written as null."""
    return {**piece, "endpoints": endpoints or None}


def pack(
    existing: list[Obj], wanted: dict[tuple[Any, ...], Obj], labels: dict[str, str], new: Obj, most: int
) -> Packing:
    """Bring the slices of one set of ports to the wanted endpoints. `new`: an empty slice to make others of.

    Slices that change anyway are filled first, then one unchanged slice with just enough room, then new ones.
    """
    packing = Packing()
    left = dict(wanted)
    for piece in existing:
        _keep_wanted(packing, piece, left, labels)
    packing.update.sort(key=lambda piece: -len(piece["endpoints"] or ()))
    packing.update = [_fill(piece, left, most) for piece in packing.update]
    while left:
        roomy = _with_room(packing, len(left), most) if len(left) < most else None
        if roomy is not None:
            packing.update.append(_fill({**roomy, "metadata": {**roomy["metadata"], "labels": labels}}, left, most))
        else:
            packing.create.append(_fill(new, left, most))
    return packing


def _keep_wanted(packing: Packing, piece: Obj, left: dict[tuple[Any, ...], Obj], labels: dict[str, str]) -> None:
    old = piece.get("endpoints") or []
    kept = [left.pop(key) for each in old if (key := endpoint_key(each)) in left]
    if kept == old and piece["metadata"].get("labels") == labels:
        packing.keep.append(piece)
    elif not kept and (old or left):
        packing.delete.append(piece)
    else:
        meta = {**piece["metadata"], "labels": labels}
        packing.update.append(filled({**piece, "metadata": meta}, kept))


def _fill(piece: Obj, left: dict[tuple[Any, ...], Obj], most: int) -> Obj:
    endpoints = list(piece.get("endpoints") or ())
    while left and len(endpoints) < most:
        endpoints.append(left.pop(next(iter(left))))
    return filled(piece, endpoints)


def _with_room(packing: Packing, count: int, most: int) -> Obj | None:
    """The unchanged slice that these would fill best."""
    fitting = [each for each in packing.keep if len(each.get("endpoints") or ()) + count <= most]
    fitting = [each for each in fitting if each.get("endpoints")]
    if not fitting:
        return None
    found = max(fitting, key=lambda each: len(each["endpoints"]))
    packing.keep.remove(found)
    return found
