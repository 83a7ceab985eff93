"""Custom objects between the versions of their definition: apiVersion alone is changed, or a webhook is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from fakekube.core.callouts import CalloutError, Callouts
from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import FieldError, go_quote
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj, split_api_version
from fakekube.core.reviews import Form, Unreadable
from fakekube.registry import objectmeta
from fakekube.registry.fields.validate import go_type
from fakekube.schema.crds import CustomResource

TIMEOUT_SECONDS = 30
FORM = Form(
    "apiextensions.k8s.io",
    "ConversionReview",
    "ConversionResponse",
    (("uid", str, "types.UID"), ("convertedObjects", list, "[]runtime.RawExtension"), ("result", dict, "v1.Status")),
)


class Surroundings(Protocol):
    """What a conversion needs of the cluster."""

    callouts: Callouts
    ids: Ids


def relabel(obj: Obj, source: CustomResource, target: CustomResource) -> Obj:
    """The object (a private copy) in another version without asking anyone; what that version lacks is dropped."""
    if source is not target:
        obj["apiVersion"] = target.api_version
        target.model.prune(obj)
    return obj


async def convert(around: Surroundings, objs: Sequence[Obj], target: CustomResource) -> list[Obj]:
    """The objects (private copies, in versions of one definition) in the version of `target`. StatusError 500."""
    if target.conversion is None:
        return [relabel(obj, _source(obj, target), target) for obj in objs]
    found = await unpruned(around, objs, target)
    for obj in found:
        target.model.prune(obj)
    return found


async def unpruned(around: Surroundings, objs: Sequence[Obj], target: CustomResource) -> list[Obj]:
    """The objects as the webhook of `target` gives them. StatusError 500."""
    others = [obj for obj in objs if obj["apiVersion"] != target.api_version]
    answered = iter(await _ask(around, others, target) if others else ())
    return [obj if obj["apiVersion"] == target.api_version else next(answered) for obj in objs]


def _source(obj: Obj, target: CustomResource) -> CustomResource:
    return target.family.get(obj["apiVersion"].rpartition("/")[2], target)


class _Failure(Exception):
    """Why the webhook's answer is of no use."""


async def _ask(around: Surroundings, objs: list[Obj], target: CustomResource) -> list[Obj]:
    start = f"conversion webhook for {_version_kind(objs[0])}"
    version = next(
        (each for each in (target.conversion or {})["conversionReviewVersions"] if each in FORM.versions), None
    )
    if version is None:
        raise StatusError(500, "", "no supported conversion review versions")
    try:
        answer = await _review(around, objs, target, version)
    except (CalloutError, Unreadable, _Failure) as error:
        raise StatusError(500, "", f"{start} failed: {error}") from None
    if len(answer) != len(objs):
        raise StatusError(500, "", f"{start} returned {len(answer)} objects, expected {len(objs)}")
    try:
        return [_checked(before, after, target) for before, after in zip(objs, answer, strict=True)]
    except _Failure as error:
        raise StatusError(500, "", f"{start} returned invalid {error}") from None


async def _review(around: Surroundings, objs: list[Obj], target: CustomResource, version: str) -> list[Any]:
    uid = around.ids.uid()
    request = {"uid": uid, "desiredAPIVersion": target.api_version, "objects": objs}
    empty: Obj = {"uid": "", "convertedObjects": None, "result": {"metadata": {}}}
    review = {"kind": FORM.kind, "apiVersion": f"{FORM.group}/{version}", "request": request, "response": empty}
    client = (target.conversion or {}).get("clientConfig") or {}
    raw = await around.callouts.post(client, orjson.dumps(review), TIMEOUT_SECONDS)
    return _converted(FORM.read(raw, version), version, uid)


def _converted(answer: Obj, version: str, uid: str) -> list[Any]:
    response = answer.get("response")
    if version == "v1":
        wanted, got = f"{FORM.group}/v1, Kind={FORM.kind}", _version_kind(answer)
        if got != wanted:
            raise _Failure(f"expected webhook response of {wanted}, got {got}")
    if response is None:
        raise _Failure("no response provided")
    answered = response.get("uid") or ""
    if version == "v1" and answered != uid:
        raise _Failure(f"expected response.uid={go_quote(uid)}, got {go_quote(answered)}")
    result = response.get("result") or {}
    if result.get("status") != "Success":
        said = result.get("message")
        raise _Failure(said or f"response.result.status was '{result.get('status') or ''}', not 'Success'")
    return response.get("convertedObjects") or []


def _version_kind(obj: Obj) -> str:
    group, version = split_api_version(obj.get("apiVersion") or "")
    return f"{group}/{version}, Kind={obj.get('kind') or ''}"


def _checked(before: Obj, after: Any, target: CustomResource) -> Obj:
    """The converted object with the metadata of the original, but for labels and annotations."""
    if not isinstance(after, dict) or not after.get("kind"):
        raise StatusError(500, "", f"Object 'Kind' is missing in '{orjson.dumps(after).decode()}'")
    version = str(after.get("apiVersion") or "")
    if version != target.api_version:
        why = f"invalid groupVersion (expected {target.api_version}, received {version})"
        raise _Failure(f"object at index 0: {why}")
    if after["kind"] != before["kind"]:
        raise _Failure(f"object at index 0: invalid kind (expected {before['kind']}, received {after['kind']})")
    meta, had = after.get("metadata"), before.get("metadata") or {}
    named = meta if isinstance(meta, dict) else {}
    for name, words in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        then, now = had.get(name) or "", named.get(name) or ""
        if then != now:
            raise _Failure(f"object: must have the same {words}: {then} != {now}")
    if "metadata" not in after:
        raise _Failure("metadata: missing metadata in converted object")
    if meta is not named:
        raise _Failure(f"metadata: invalid metadata of type {go_type(meta)} in converted object")
    return {**after, "metadata": _restored(had, named)}


_CHECKED = (
    ("labels", "metadata.labels", objectmeta.label_errors),
    ("annotations", "metadata.annotation", objectmeta.annotation_errors),
)
"""What a webhook may change of metadata, where messages say that it is, and what finds its faults."""


def _restored(before: Obj, after: Obj) -> Obj:
    found = dict(before)
    for name, path, check in _CHECKED:
        stated = after.get(name)
        if stated is None:
            found.pop(name, None)
            continue
        if not isinstance(stated, dict):
            raise _Failure(f"metadata: invalid metadata.{name} of type {go_type(stated)} in converted object")
        for key, value in stated.items():
            if not isinstance(value, str):
                why = f"must be a string, but is {go_type(value)} in converted object"
                raise _Failure(f"metadata: metadata.{name}[{key}] {why}")
        faults: list[FieldError] = check(stated, path) if stated != (before.get(name) or {}) else []
        if faults:
            told = ", ".join(dict.fromkeys(map(str, faults)))
            raise _Failure(f"metadata: {told if len(faults) == 1 else f'[{told}]'}")
        found[name] = stated
    return found
