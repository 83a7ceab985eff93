"""Objects seen in the versions that managers wrote in: entries speak of the fields of their own version."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fakekube.core.meta import Obj
from fakekube.registry.fields.compare import Changes, compare
from fakekube.registry.fields.extract import created, whole
from fakekube.registry.fields.nodes import Record
from fakekube.registry.fields.resets import Resets
from fakekube.registry.fields.sets import SELF, Set
from fakekube.registry.fields.typemodel import record
from fakekube.schema.typed import Struct

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

Convert = Callable[[Obj, str], "tuple[Struct, Obj] | None"]
"""An object and an apiVersion to the type and the object of that version; None if nothing of its kind is served in it,
so that the entries of that version are dropped. Raises Unseen, or Unconverted.

Without one, all versions of a resource are taken to have the same fields."""


class Unseen(Exception):
    """The object cannot be shown in a version that is there: then nothing can be told of who owns what."""


class Unconverted(Exception):
    """Somebody must be asked for a conversion first: await `settle`, then begin anew."""

    async def settle(self) -> None:
        """Ask, and remember the answer."""
        raise NotImplementedError


T = TypeVar("T")


async def resolved(make: Callable[[], T]) -> T:
    """What `make` makes once all conversions that it needs are known; it is called again after each."""
    while True:
        try:
            return make()
        except Unconverted as missing:
            await missing.settle()


class Versions:
    """A resource's versions, with the fields that a path sets back."""

    def __init__(self, resource: Resource, resets: Resets, convert: Convert | None) -> None:
        self.version = resource.api_version
        self.node = record(resource.type)
        self.custom = resource.custom
        self.resets = resets
        self.convert = convert

    def view(self, obj: Obj, version: str, doing: str = "") -> tuple[Record, Obj] | None:
        """The object as that version shows it, with its node; `doing`: what a fault begins with."""
        if self.convert is None or (version == self.version and obj.get("apiVersion") == version):
            return self.node, obj
        try:
            found = self.convert(obj, version)
        except Unseen as error:
            raise Unseen(f"{doing}: {error}" if doing else str(error)) from None
        return None if found is None else (record(found[0]), found[1])

    def changes(self, version: str, old: Obj | None, new: Obj) -> Changes | None:
        """What a write changes that its path may change, as that version sees it; None: there is no such version."""
        before = self.view(old, version, "failed to convert old object") if old is not None else None
        after = self.view(new, version, "failed to convert new object")
        if after is None:
            return None
        if old is None:
            return Changes({}, self.resets.filtered(self._created(*after)))
        if before is None:
            return None
        removed, written = compare(after[0], before[1], after[1])
        return Changes(self.resets.filtered(removed), self.resets.filtered(written))

    def _created(self, node: Record, obj: Obj) -> Set:
        if not self.custom:
            return created(node, obj)
        return {element: below for element, below in whole(node, obj).items() if element != SELF}


class ChangesByVersion:
    """The changes of one write, looked at in each version when first asked for."""

    def __init__(self, versions: Versions, old: Obj | None, new: Obj) -> None:
        self.versions = versions
        self.old, self.new = old, new
        self._found: dict[str, Changes | None] = {}

    def __getitem__(self, version: str) -> Changes | None:
        key = version if self.versions.convert is not None else ""
        if key in self._found:
            return self._found[key]
        found = self._found[key] = self.versions.changes(version, self.old, self.new)
        return found
