"""scale: an autoscaling/v1 Scale made of any object that has replicas, and the number of replicas taken back from
it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakekube.core import errors, selectors
from fakekube.core import fielderrors as field
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry import fields
from fakekube.registry.custom import scale as custom
from fakekube.registry.fields.elements import Path
from fakekube.registry.request import Request
from fakekube.registry.subresources.handler import Handler
from fakekube.schema.crds import CustomResource, ScalePaths
from fakekube.schema.resources import Resource

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry

SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
BUILT_IN = ScalePaths(".spec.replicas", ".status.replicas")
ABSENT = -(1 << 31)
"""The number of replicas that a patch sees where there is none."""


def paths_of(resource: Resource) -> ScalePaths:
    """Where this resource keeps its number of replicas: custom ones say so in their definition."""
    return (resource.scale or BUILT_IN) if isinstance(resource, CustomResource) else BUILT_IN


def places_of(resource: Resource) -> dict[str, Path | None]:
    """Of each apiVersion: the field that holds the number of replicas, for the book of owners; None without a scale."""
    versions = resource.family.values() if isinstance(resource, CustomResource) else (resource,)
    return {each.api_version: _place(each) for each in versions}


def _place(resource: Resource) -> Path | None:
    if "scale" not in resource.subresources:
        return None
    return tuple(f"f:{name}" for name in custom.names_of(paths_of(resource).replicas))


def selector_text(obj: Obj) -> str:
    """A built-in object's selector as a Scale's status shows it."""
    found: Any = (obj.get("spec") or {}).get("selector")
    if not isinstance(found, dict):
        return ""
    if "matchLabels" in found or "matchExpressions" in found:
        return str(selectors.from_object(found))
    return str(selectors.exactly(found))


class ScaleHandler(Handler):
    """Reads and writes the number of replicas."""

    async def get(self, registry: Registry, request: Request) -> Obj:
        found = await super().get(registry, request)
        if request.resource.custom and found["spec"].get("replicas") == ABSENT:
            path = paths_of(request.resource).replicas
            raise errors.internal(f"the spec replicas field {field.go_quote(path)} does not exist")
        return found

    def shown(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        found = self.editable(registry, request, obj)
        if request.verb != "get" and found["spec"].get("replicas") == ABSENT:
            found["spec"] = {}
        return found

    def editable(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """The Scale; of a custom object without a number of replicas it has the one that says so."""
        paths = paths_of(request.resource)
        try:
            replicas = custom.number_at(obj, paths.replicas)
            status: Obj = {"replicas": custom.number_at(obj, paths.status) or 0}
            selector = custom.text_at(obj, paths.selector) if request.resource.custom else selector_text(obj)
        except custom.PlaceError as error:
            raise StatusError(500, "", str(error)) from None
        if replicas is None and request.resource.custom:
            replicas = ABSENT
        if selector:
            status["selector"] = selector
        meta = obj["metadata"]
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {name: meta[name] for name in SHOWN_METADATA if name in meta},
            "spec": {"replicas": replicas} if replicas else {},
            "status": status,
        }

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        replicas = (changed.get("spec") or {}).get("replicas") or 0
        path = paths_of(request.resource).replicas
        if replicas == ABSENT:
            raise errors.bad_request(f"the spec replicas field {field.go_quote(path)} cannot be empty")
        if replicas < 0 and not request.resource.custom:
            found = [field.invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
            raise field.invalid_object("autoscaling", "Scale", request.name, found)
        custom.put(obj, path, replicas)
        version = changed["metadata"].get("resourceVersion")
        if version:
            obj["metadata"]["resourceVersion"] = version
        elif not request.resource.custom:
            obj["metadata"].pop("resourceVersion", None)
        return obj

    def kind(self, request: Request) -> Resource:
        return fields.scaled(request.resource)

    def owned(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        managed = fields.to_scale(obj["metadata"].get("managedFields"), places_of(request.resource))
        scale = self.editable(registry, request, obj)
        if managed:
            scale["metadata"]["managedFields"] = managed
        return scale

    def check_applied(self, registry: Registry, request: Request, present: Obj, applied: Obj) -> None:
        """The real server cannot convert back the scale of a custom resource that an apply changes."""
        if not request.resource.custom or _unowned(present) == _unowned(applied):
            return
        what = f"{request.namespace}/{request.name}; {fields.SCALE_VERSION}, Kind=Scale"
        why = f"request to convert CR to an invalid group/version: {fields.SCALE_VERSION}"
        raise StatusError(500, "", f"failed to convert new object ({what}) to proper version: {why}")

    def book_parent(self, registry: Registry, request: Request, obj: Obj, wanted: Obj, found: Obj) -> None:
        """The replicas of the Scale are those of the object, whoever owns them."""
        resource, managed = request.resource, obj["metadata"].get("managedFields")
        scaled = wanted["metadata"].get("managedFields")
        _set_book(found, fields.from_scale(managed, scaled, resource.api_version, places_of(resource)))


def _set_book(obj: Obj, entries: list[Obj]) -> None:
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _unowned(scale: Obj) -> Obj:
    metadata = {name: value for name, value in scale["metadata"].items() if name != "managedFields"}
    return {**scale, "metadata": metadata}


ROWS: dict[tuple[str, str], Handler] = {("*", "scale"): ScaleHandler()}
