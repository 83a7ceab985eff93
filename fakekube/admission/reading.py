"""What plugins read of the cluster, and how they refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes
from fakekube.core import errors
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, metadata
from fakekube.storage.values import Key

if TYPE_CHECKING:
    from fakekube.storage.store import Store


def lookup(store: Store, resource_id: str, namespace: str, name: str) -> Obj | None:
    """The stored object, shared: nobody may change it. None if there is none."""
    found = store.get(Key(resource_id, namespace, name))
    return None if found is None else found.view


def listed(store: Store, resource_id: str, namespace: str | None = None) -> list[Obj]:
    """The stored objects in order of namespace and name, shared."""
    return [found.view for found in store.list(resource_id, namespace)]


def refused(attributes: Attributes, why: str, causes: Iterable[Obj] = ()) -> StatusError:
    """403 for the object of this request; one without a name yet is called by its generateName."""
    meta = metadata(attributes.obj or {})
    name = attributes.name or meta.get("name") or meta.get("generateName") or "Unknown"
    return errors.forbidden(attributes.asked.group, attributes.asked.plural, name, why, causes)


def aggregate(messages: Iterable[str]) -> str:
    """Several complaints as one, as Go's error lists tell them: in brackets, each once."""
    found = list(dict.fromkeys(messages))
    return found[0] if len(found) == 1 else "[" + ", ".join(found) + "]"
