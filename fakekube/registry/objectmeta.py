"""The rules of metadata that hold for every kind (k8s.io/apimachinery/pkg/api/validation/objectmeta.go)."""

from __future__ import annotations

from fakekube.core import fielderrors as field
from fakekube.core import names
from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.registry.strategy import Strategy
from fakekube.schema.resources import Resource

ANNOTATIONS_BYTES = 256 * 1024
IMMUTABLE = "field is immutable"
ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
STANDARD_FINALIZERS = frozenset({"kubernetes", ORPHAN, FOREGROUND})


def validate_create(resource: Resource, strategy: Strategy, meta: Obj) -> list[FieldError]:
    """What is wrong with a new object's metadata."""
    errors: list[FieldError] = []
    _add_name_errors(errors, strategy, meta)
    _add_namespace_errors(errors, resource, meta)
    errors += content_errors(meta, standard_finalizers=strategy.standard_finalizers)
    return errors


def _add_name_errors(errors: list[FieldError], strategy: Strategy, meta: Obj) -> None:
    prefix, name = meta.get("generateName"), meta.get("name")
    if prefix:
        field.named(errors, strategy.name_messages(prefix, True), prefix, "metadata.generateName")
    if not name:
        errors.append(field.required("metadata.name", "name or generateName is required"))
    else:
        field.named(errors, strategy.name_messages(name, False), name, "metadata.name")


def path_segment_errors(meta: Obj) -> list[FieldError]:
    """What no name may be, because it stands in a path; told only if nothing else is wrong."""
    name = meta.get("name") or ""
    return [field.invalid("metadata.name", name, message) for message in names.path_segment(name)]


def _add_namespace_errors(errors: list[FieldError], resource: Resource, meta: Obj) -> None:
    namespace = meta.get("namespace") or ""
    if not resource.namespaced:
        if namespace:
            errors.append(field.forbidden("metadata.namespace", "not allowed on this type"))
    elif not namespace:
        errors.append(field.required("metadata.namespace"))
    else:
        field.named(errors, names.dns1123_label(namespace), namespace, "metadata.namespace")


def content_errors(meta: Obj, *, standard_finalizers: bool = False) -> list[FieldError]:
    """What is wrong with the rest of metadata; `standard_finalizers`: those without a domain must be known ones."""
    return _content_errors(meta, _shared(meta), standard_finalizers=standard_finalizers)


def _content_errors(meta: Obj, shared: list[FieldError], *, standard_finalizers: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    generation = meta.get("generation")
    if generation is not None and generation < 0:
        errors.append(field.invalid("metadata.generation", generation, "must be greater than or equal to 0"))
    errors += shared
    if finalizers := meta.get("finalizers"):
        errors += _finalizer_errors(finalizers, standard_finalizers)
    return errors


def _shared(meta: Obj) -> list[FieldError]:
    errors: list[FieldError] = []
    if labels := meta.get("labels"):
        errors += label_errors(labels, "metadata.labels")
    if annotations := meta.get("annotations"):
        errors += annotation_errors(annotations, "metadata.annotations")
    if owners := meta.get("ownerReferences"):
        errors += _owner_errors(owners)
    return errors


def label_errors(labels: dict[str, str], path: str) -> list[FieldError]:
    """What is wrong with the keys and values of labels, key by key in their order."""
    errors: list[FieldError] = []
    for key, value in sorted(labels.items()):
        field.named(errors, names.qualified_name(key), key, path)
        field.named(errors, names.label_value(value), value, path)
    return errors


def annotation_errors(annotations: dict[str, str], path: str) -> list[FieldError]:
    """What is wrong with the keys of annotations, and with their size together."""
    errors: list[FieldError] = []
    size = 0
    for key, value in sorted(annotations.items()):
        field.named(errors, names.annotation_key(key), key, path)
        size += len(key.encode()) + len(value.encode())
    if size > ANNOTATIONS_BYTES:
        errors.append(field.too_long(path, ANNOTATIONS_BYTES))
    return errors


_OWNER_PARTS = (
    ("apiVersion", "version must not be empty"),
    ("kind", "must not be empty"),
    ("name", "must not be empty"),
    ("uid", "must not be empty"),
)


def _owner_errors(owners: list[Obj]) -> list[FieldError]:
    path = "metadata.ownerReferences"
    errors = [error for owner in owners for error in _one_owner(owner, path)]
    controllers = [f"{owner.get('kind')}/{owner.get('name')}" for owner in owners if owner.get("controller")]
    for other in controllers[1:]:
        detail = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{controllers[0]} and {other}"
        )
        errors.append(field.invalid(path, owners, detail))
    return errors


def _one_owner(owner: Obj, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for part, message in _OWNER_PARTS:
        value = owner.get(part) or ""
        if not value or (part == "apiVersion" and (value.count("/") > 1 or value.endswith("/"))):
            errors.append(field.invalid(f"{path}.{part}", value, message))
    if owner.get("apiVersion") == "v1" and owner.get("kind") == "Event":
        errors.append(field.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def _finalizer_errors(finalizers: list[str], standard: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, name in enumerate(finalizers):
        path = f"metadata.finalizers[{index}]"
        messages = names.qualified_name(name)
        errors += [field.invalid("metadata.finalizers", name, message) for message in messages]
        if standard and "/" not in name and name not in STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            errors.append(field.invalid(path, name, detail))
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        detail = f"finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        errors.append(field.invalid("metadata.finalizers", finalizers, detail))
    return errors


RECHECKED = frozenset(
    {
        "configmaps",
        "csistoragecapacities.storage.k8s.io",
        "ipaddresses.networking.k8s.io",
        "jobs.batch",
        "namespaces",
        "nodes",
        "persistentvolumes",
        "resourceclaimtemplates.resource.k8s.io",
        "runtimeclasses.node.k8s.io",
        "secrets",
        "serviceaccounts",
        "services",
        "storageclasses.storage.k8s.io",
    }
)
"""Kinds of which an update passes the rules of a creation as well, so that faults of metadata are told once more."""


def update_errors(resource: Resource, meta: Obj, old: Obj) -> list[FieldError]:
    """What is wrong with changed metadata, as often as the real server tells it: its layers repeat each other."""
    if not _touched(meta, old):
        return []
    shared = _shared(meta)
    changed = _change_errors(meta, old) + shared
    contents = _content_errors(meta, shared, standard_finalizers=not resource.custom)
    again = contents if resource.storage.id in RECHECKED else []
    return changed + contents + changed + again


def _touched(meta: Obj, old: Obj) -> bool:
    """Whether any of what is judged has changed: what was stored has passed already."""
    return [*map(meta.get, _JUDGED)] != [*map(old.get, _JUDGED)]


_JUDGED = (
    "name",
    "namespace",
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)


def _change_errors(meta: Obj, old: Obj) -> list[FieldError]:
    """What is wrong with the change itself."""
    errors: list[FieldError] = []
    if old.get("deletionTimestamp"):
        errors += _new_finalizers(meta, old)
    if (meta.get("generation") or 0) < (old.get("generation") or 0):
        errors.append(field.invalid("metadata.generation", meta.get("generation") or 0, "must not be decremented"))
    for name in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if meta.get(name) != old.get(name):
            errors.append(field.invalid(f"metadata.{name}", meta.get(name), IMMUTABLE))
    return errors


def _new_finalizers(meta: Obj, old: Obj) -> list[FieldError]:
    added = sorted(set(meta.get("finalizers") or ()) - set(old.get("finalizers") or ()))
    if not added:
        return []
    shown = ", ".join(field.go_quote(name) for name in added)
    detail = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}"
    return [field.forbidden("metadata.finalizers", detail)]
