"""CustomResourceDefinitions as objects: the names that follow from the kind, and the versions that are stored."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj, is_deleting
from fakekube.registry.kinds import definition_rules as rules
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.definitions import spec as definitions
from fakekube.schema.definitions.naming import has_bad_bundle

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
"""Put on by the controller that clears the instances away when the definition is deleted."""


def _storage(obj: Obj) -> str | None:
    """The version that objects are stored in."""
    versions = (obj.get("spec") or {}).get("versions") or ()
    return next((each.get("name", "") for each in versions if each.get("storage")), None)


def _note_storage(obj: Obj) -> None:
    """The version that objects are stored in belongs to status.storedVersions."""
    name = _storage(obj)
    status = obj["status"]
    stored = status.get("storedVersions") or []
    if name is not None and name not in stored:
        obj["status"] = {**status, "storedVersions": [*stored, name]}


class CustomResourceDefinitionStrategy(Strategy):
    """An update must name its resourceVersion."""

    unconditional_update = False
    standard_finalizers = False

    def default(self, obj: Obj) -> None:
        """Names that follow from the kind, and no conversion."""
        spec = obj.setdefault("spec", {})
        given = spec.setdefault("names", {})
        kind = given.get("kind") or ""
        if not given.get("singular") and kind:
            given["singular"] = kind.lower()
        if not given.get("listKind") and kind:
            given["listKind"] = kind + "List"
        fill(spec, "conversion", {"strategy": "None"})
        conversion = spec["conversion"]
        service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
        if service is not None:
            fill(service, "port", 443)
        if spec.get("preserveUnknownFields") is False:
            del spec["preserveUnknownFields"]
        if (storage := _storage(obj)) is not None:
            status = obj.get("status") or {}
            if not status.get("storedVersions"):
                obj["status"] = {**status, "storedVersions": [storage]}

    def lingers(self, obj: Obj) -> bool:
        """The first deletion only marks; then the finalizer holds."""
        return not is_deleting(obj)

    def mark_deleting(self, context: Context, obj: Obj) -> None:
        """Terminating, held until the instances are gone, with no grace period and no new generation."""
        meta = obj["metadata"]
        meta.pop("deletionGracePeriodSeconds", None)
        if meta.get("generation"):
            meta["generation"] -= 1  # the mark counted one, as for other kinds
        finalizers = meta.get("finalizers") or []
        if CLEANUP_FINALIZER not in finalizers:
            meta["finalizers"] = [*finalizers, CLEANUP_FINALIZER]
        condition = {
            "type": "Terminating",
            "status": "True",
            "lastTransitionTime": timestamp(context.clock),
            "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        }
        status = obj.get("status") or {}
        others = [each for each in status.get("conditions") or () if each.get("type") != "Terminating"]
        obj["status"] = {**status, "conditions": [*others, condition]}

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing is accepted yet."""
        obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}
        _note_storage(obj)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """A new storage version is noted."""
        _note_storage(obj)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """The rules of a new definition."""
        spec = obj["spec"]
        return [
            *_name_errors(obj),
            *definitions.errors(spec),
            *rules.conversion_errors(spec),
            *_status_errors(obj),
            *rules.approval_errors(obj, None),
            *_preserving_errors(spec),
        ]

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """An update is held to the rules that the definition kept before, and leaves alone what names objects."""
        spec, before = obj["spec"], old["spec"]
        established = _is_established(old)
        options = None if spec == before else definitions.for_update(before, spec)
        reviews = ((before.get("conversion") or {}).get("webhook") or {}).get("conversionReviewVersions")
        return [
            *(definitions.errors(spec, options) if options else ()),
            *rules.conversion_errors(
                spec,
                known_review=rules.knows_review(reviews),
                good_bundle=established and not has_bad_bundle(before),
            ),
            *_immutables(spec, before, established),
            *_status_errors(obj),
            *rules.approval_errors(obj, old),
            *(() if before.get("preserveUnknownFields") else _preserving_errors(spec)),
        ]

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The names that were accepted are names."""
        return list(definitions.name_errors(obj["status"].get("acceptedNames") or {}, "status.acceptedNames"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Formats that nobody checks, if they are new."""
        if old is not None and obj["spec"] == old["spec"]:
            return []
        had = rules.unknown_formats(old) if old is not None else ()
        return [f'unrecognized format "{each}"' for each in rules.unknown_formats(obj) if each not in had]


def _name_errors(obj: Obj) -> Iterator[FieldError]:
    spec, name = obj["spec"], obj["metadata"].get("name") or ""
    if name and name != f"{(spec.get('names') or {}).get('plural') or ''}.{spec.get('group') or ''}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _immutables(spec: Obj, before: Obj, established: bool) -> Iterator[FieldError]:
    fields = [("scope",), ("names", "kind")] if established else []
    for path in (*fields, ("group",), ("names", "plural")):
        now, then = spec, before
        for name in path[:-1]:
            now, then = now.get(name) or {}, then.get(name) or {}
        value = now.get(path[-1]) or ""
        if value != (then.get(path[-1]) or ""):
            yield invalid(".".join(("spec", *path)), value, "field is immutable")


def _is_established(obj: Obj) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Established" and each.get("status") == "True" for each in conditions)


def _status_errors(obj: Obj) -> Iterator[FieldError]:
    status = obj.get("status") or {}
    yield from definitions.name_errors(status.get("acceptedNames") or {}, "status.acceptedNames")
    yield from definitions.stored_version_errors(status.get("storedVersions"), obj["spec"].get("versions") or ())


def _preserving_errors(spec: Obj) -> Iterator[FieldError]:
    if spec.get("preserveUnknownFields"):
        text = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield invalid("spec.preserveUnknownFields", True, text)


ROWS = {"customresourcedefinitions.apiextensions.k8s.io": CustomResourceDefinitionStrategy()}
