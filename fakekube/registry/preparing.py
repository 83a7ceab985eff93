"""Between what a client sent and what is stored: what a path may not touch, what the server keeps, what is wrong."""

from __future__ import annotations

from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import FieldError, go_quote, invalid, invalid_object
from fakekube.core.meta import Obj
from fakekube.registry import objectmeta
from fakekube.registry.refusals import conflict
from fakekube.registry.request import Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.decoding import encode_zero
from fakekube.storage.values import Stored

NEVER_GIVEN = frozenset({"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "uid", "creationTimestamp"})
"""What nobody can give a new object's metadata."""


_TWINS = (
    "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your "
    "requests"
)


def drop_never_given(meta: Obj) -> None:
    """Take out of a new object's metadata what the server alone gives."""
    if not NEVER_GIVEN.isdisjoint(meta):
        for name in NEVER_GIVEN:
            meta.pop(name, None)


def drop_twin_owners(request: Request, meta: Obj, *, admitted: bool) -> None:
    """Take out owner references that are there twice, with a warning; `admitted`: admission has seen the object."""
    references = meta.get("ownerReferences")
    if not references or len(references) < 2:
        return
    kept: list[Obj] = []
    for reference in references:
        if reference not in kept:
            kept.append(reference)
    if len(kept) == len(references):
        return
    twins = [each.get("uid") or "" for index, each in enumerate(references) if each in references[:index]]
    when = " after mutating admission happens" if admitted else ""
    told = f"{_TWINS}; duplicate UID(s) observed: {', '.join(twins)}"
    request.warn(f".metadata.ownerReferences contains duplicate entries{when}; {told}")
    meta["ownerReferences"] = kept


# --- create


def drops_status(request: Request, strategy: Strategy) -> bool:
    """Whether nobody can give a new object its status."""
    drops = strategy.has_status and not strategy.create_keeps_status
    return drops and "status" in request.resource.subresources


def empty_status(request: Request, obj: Obj) -> None:
    """The status as if none had been sent: what the kind writes even so, or none."""
    obj.pop("status", None)
    if request.resource.custom:
        return
    member = request.resource.type.fields.get("status")
    if member is not None and not member.omitzero and not member.pointer:
        zero = encode_zero(member.type)
        if zero is not None:
            obj["status"] = zero


def prepare_create(strategy: Strategy, context: Context, obj: Obj) -> None:
    """What the server alone writes into a new object, and what its kind does."""
    if strategy.generation_fields is not None:
        obj["metadata"]["generation"] = 1
    strategy.prepare_for_create(context, obj)


def judge_create(request: Request, strategy: Strategy, context: Context, obj: Obj) -> None:
    """Raise the 422 with everything that is wrong with a new object."""
    resource = request.resource
    found = objectmeta.validate_create(resource, strategy, obj["metadata"])
    found += strategy.validate_create(context, obj)
    found = found or objectmeta.path_segment_errors(obj["metadata"])
    if found:
        raise invalid_object(resource.group, resource.kind, obj["metadata"].get("name") or "", found)


def refuse_version(meta: Obj) -> None:
    """A new object has no resourceVersion yet: 500 if it names one."""
    version = meta.pop("resourceVersion", "")
    if version.isdecimal() and int(version):
        raise StatusError(500, "", "resourceVersion should not be set on objects to be created")


# --- update


def reset(request: Request, strategy: Strategy, old: Obj, obj: Obj) -> None:
    """Take from `old` what a write through this path may not touch."""
    meta, then = obj["metadata"], old["metadata"]
    if request.subresource == "status":
        for name in [name for name in obj if name not in ("metadata", "status", "kind", "apiVersion")]:
            if name not in old:
                del obj[name]
        obj.update({name: value for name, value in old.items() if name not in ("metadata", "status")})
        for name in strategy.status_keeps:
            keep(meta, then, name)
    elif strategy.has_status and "status" in request.resource.subresources and not request.subresource:
        keep(obj, old, "status")


def check_version(request: Request, strategy: Strategy, stored: Stored, obj: Obj) -> None:
    """409 if the object was read at another version than is stored; 422 if it must name one and does not."""
    version = obj["metadata"].get("resourceVersion") or ""
    if version in ("", "0"):
        if strategy.unconditional_update or request.subresource:
            return
        resource = request.resource
        found = invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid_object(resource.group, resource.plural, request.name, [found])
    if not version.isdecimal():
        raise StatusError(500, "", f"strconv.ParseUint: parsing {go_quote(version)}: invalid syntax")
    if int(version) != stored.revision:
        raise conflict(request)


def prepare_update(request: Request, strategy: Strategy, context: Context, obj: Obj, old: Obj) -> None:
    """Keep what the server alone writes, and let the kind prepare; the generation moves with what is asked for."""
    meta, then = obj["metadata"], old["metadata"]
    keep(meta, then, "generation")
    meta.pop("selfLink", None)
    if request.subresource == "status":
        strategy.prepare_for_status(context, obj, old)
    else:
        strategy.prepare_for_update(context, obj, old)
        if _generation_moves(strategy, obj, old):
            meta["generation"] = (then.get("generation") or 0) + 1
    meta.setdefault("uid", then["uid"])
    meta["creationTimestamp"] = then["creationTimestamp"]
    if "deletionTimestamp" in then:
        meta["deletionTimestamp"] = then["deletionTimestamp"]
    if "deletionGracePeriodSeconds" not in meta:
        keep(meta, then, "deletionGracePeriodSeconds")


def _generation_moves(strategy: Strategy, obj: Obj, old: Obj) -> bool:
    watched = strategy.generation_fields
    if watched is None:
        return False
    if any(obj.get(name) != old.get(name) for name in watched):
        return True
    meta, then = obj["metadata"], old["metadata"]
    return any(meta.get(name) != then.get(name) for name in strategy.generation_counts_metadata)


def judge_update(request: Request, strategy: Strategy, context: Context, obj: Obj, old: Obj) -> None:
    """Raise the 422 with everything that is wrong with a change."""
    resource = request.resource
    found: list[FieldError] = objectmeta.update_errors(resource, obj["metadata"], old["metadata"])
    if request.subresource == "status":
        found += strategy.validate_status(context, obj, old)
    else:
        found += [
            invalid(".".join(path), _at(obj, path), objectmeta.IMMUTABLE)
            for path in strategy.immutable_fields
            if _at(obj, path) != _at(old, path)
        ]
        found += strategy.validate_update(context, obj, old)
    if found:
        raise invalid_object(resource.group, resource.kind, obj["metadata"].get("name") or "", found)


def emptied(obj: Obj) -> bool:
    """Whether a deletion has been asked for, its grace is over, and nothing holds the object any more."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    return not meta.get("deletionGracePeriodSeconds")


def keep(new: Obj, old: Obj, name: str) -> None:
    """Make a member as it was, or absent as it was."""
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)


def _at(obj: Obj, path: tuple[str, ...]) -> object:
    found: object = obj
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found
