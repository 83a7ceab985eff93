"""scale: an autoscaling/v1 Scale made of any object that has replicas, and the number of replicas taken back from
it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fakekube.core import fielderrors as field
from fakekube.core import selectors
from fakekube.core.meta import Obj
from fakekube.registry.request import Request
from fakekube.registry.subresources.handler import Handler

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry
    from fakekube.schema.resources import Resource

SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


class Places(NamedTuple):
    """Where an object keeps what its Scale shows; each a path of names. `selector` is text in custom resources."""

    replicas: tuple[str, ...] = ("spec", "replicas")
    status: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("spec", "selector")
    selector_is_text: bool = False


BUILT_IN = Places()


def places_of(registry: Registry, resource: Resource) -> Places:
    """Where this resource keeps its number of replicas: custom ones say so in their definition."""
    found = registry.scale_places.get(resource.id, {}) if resource.custom else {}
    return found.get(resource.version, BUILT_IN)


def at(obj: Obj, path: tuple[str, ...]) -> Any:
    """The value at a path, None if there is none."""
    found: Any = obj
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def put(obj: Obj, path: tuple[str, ...], value: Any) -> None:
    """Set the value at a path, making the objects on the way."""
    *above, last = path
    for part in above:
        obj = obj.setdefault(part, {})
    obj[last] = value


def selector_text(obj: Obj, places: Places) -> str:
    """The selector as a Scale's status shows it."""
    found = at(obj, places.selector) if places.selector else None
    if isinstance(found, str):
        return found
    if not isinstance(found, dict):
        return ""
    if "matchLabels" in found or "matchExpressions" in found:
        return str(selectors.from_object(found))
    return str(selectors.exactly(found))


class ScaleHandler(Handler):
    """Reads and writes the number of replicas."""

    def shown(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        resource = request.resource
        places = places_of(registry, resource)
        replicas, selector = at(obj, places.replicas), selector_text(obj, places)
        status: Obj = {"replicas": at(obj, places.status) or 0}
        if selector:
            status["selector"] = selector
        meta = obj["metadata"]
        found: Obj = {name: meta[name] for name in SHOWN_METADATA if name in meta}
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": found,
            "spec": {"replicas": replicas} if replicas else {},
            "status": status,
        }

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        replicas = (changed.get("spec") or {}).get("replicas") or 0
        if replicas < 0:
            detail = "must be greater than or equal to 0"
            found = [field.invalid("spec.replicas", replicas, detail)]
            raise field.invalid_object("autoscaling", "Scale", request.name, found)
        put(obj, places_of(registry, request.resource).replicas, replicas)
        version = changed["metadata"].get("resourceVersion")
        if version:
            obj["metadata"]["resourceVersion"] = version
        else:
            obj["metadata"].pop("resourceVersion", None)
        return obj


ROWS: dict[tuple[str, str], Handler] = {("*", "scale"): ScaleHandler()}
