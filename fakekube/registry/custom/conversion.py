"""Custom objects between the versions of their definition: apiVersion alone is changed, or a webhook is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from fakekube.core.callouts import CalloutError, Callouts
from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import FieldError, go_quote
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.registry import objectmeta
from fakekube.schema.crds import CustomResource

TIMEOUT_SECONDS = 30
REVIEW_VERSIONS = ("v1", "v1beta1")
GROUP = "apiextensions.k8s.io"


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
    webhook = target.conversion
    others = [obj for obj in objs if obj["apiVersion"] != target.api_version]
    if webhook is None or not others:
        return [relabel(obj, _source(obj, target), target) for obj in objs]
    answered = iter(await _ask(around, webhook, others, target))
    found = [obj if obj["apiVersion"] == target.api_version else next(answered) for obj in objs]
    for obj in found:
        target.model.prune(obj)
    return found


def _source(obj: Obj, target: CustomResource) -> CustomResource:
    return target.family.get(obj["apiVersion"].rpartition("/")[2], target)


class _Failure(Exception):
    """Why the webhook's answer is of no use."""


async def _ask(around: Surroundings, webhook: Obj, objs: list[Obj], target: CustomResource) -> list[Obj]:
    group, version = objs[0]["apiVersion"].split("/")
    start = f"conversion webhook for {group}/{version}, Kind={objs[0]['kind']}"
    try:
        answer = await _review(around, webhook, objs, target)
    except (CalloutError, _Failure) as error:
        raise StatusError(500, "", f"{start} failed: {error}") from None
    if len(answer) != len(objs):
        raise StatusError(500, "", f"{start} returned {len(answer)} objects, expected {len(objs)}")
    try:
        return [_checked(before, after, target) for before, after in zip(objs, answer, strict=True)]
    except _Failure as error:
        raise StatusError(500, "", f"{start} returned invalid {error}") from None


async def _review(around: Surroundings, webhook: Obj, objs: list[Obj], target: CustomResource) -> list[Any]:
    stated = webhook.get("conversionReviewVersions") or ()
    version = next((each for each in stated if each in REVIEW_VERSIONS), None)
    if version is None:
        raise _Failure("no supported conversion review versions")
    uid = around.ids.uid()
    request = {"uid": uid, "desiredAPIVersion": target.api_version, "objects": objs}
    empty: Obj = {"uid": "", "convertedObjects": None, "result": {"metadata": {}}}
    review = {"kind": "ConversionReview", "apiVersion": f"{GROUP}/{version}", "request": request, "response": empty}
    raw = await around.callouts.post(webhook.get("clientConfig") or {}, orjson.dumps(review), TIMEOUT_SECONDS)
    try:
        answer = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _Failure(str(error)) from None
    return _converted(answer, version, uid)


def _converted(answer: Any, version: str, uid: str) -> list[Any]:
    answer = answer if isinstance(answer, dict) else {}
    response = answer.get("response")
    if version == "v1":
        stated = (answer.get("apiVersion"), answer.get("kind"))
        if stated != (f"{GROUP}/v1", "ConversionReview"):
            got = f"{stated[0] or ''}, Kind={stated[1] or ''}"
            raise _Failure(f"expected webhook response of {GROUP}/v1, Kind=ConversionReview, got {got}")
    if not isinstance(response, dict):
        raise _Failure("no response provided")
    if version == "v1" and response.get("uid") != uid:
        raise _Failure(f"expected response.uid={go_quote(uid)}, got {go_quote(str(response.get('uid') or ''))}")
    result = response.get("result") or {}
    if result.get("status") != "Success":
        said = result.get("message")
        raise _Failure(said or f"response.result.status was '{result.get('status') or ''}', not 'Success'")
    return response.get("convertedObjects") or []


def _checked(before: Obj, after: Any, target: CustomResource) -> Obj:
    """The converted object with the metadata of the original, but for labels and annotations."""
    after = after if isinstance(after, dict) else {}
    version = str(after.get("apiVersion") or "")
    if version != target.api_version:
        why = f"invalid groupVersion (expected {target.api_version}, received {version})"
        raise _Failure(f"object at index 0: {why}")
    if after.get("kind") != before["kind"]:
        why = f"invalid kind (expected {before['kind']}, received {after.get('kind') or ''})"
        raise _Failure(f"object at index 0: {why}")
    meta = after.get("metadata")
    if not isinstance(meta, dict):
        raise _Failure("metadata: missing metadata in converted object")
    for name, words in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        then, now = before["metadata"].get(name) or "", meta.get(name) or ""
        if then != now:
            raise _Failure(f"object: must have the same {words}: {then} != {now}")
    return {**after, "metadata": _restored(before["metadata"], meta)}


def _restored(before: Obj, after: Obj) -> Obj:
    found = dict(before)
    for name, check in (("labels", objectmeta.label_errors), ("annotations", objectmeta.annotation_errors)):
        stated = after.get(name)
        if stated is None:
            found.pop(name, None)
            continue
        if not isinstance(stated, dict):
            raise _Failure(f"metadata: invalid metadata.{name} in converted object")
        wrong = next((key for key, value in stated.items() if not isinstance(value, str)), None)
        if wrong is not None:
            raise _Failure(f"metadata: metadata.{name}[{wrong}] must be a string in converted object")
        if stated != before.get(name):
            faults: list[FieldError] = check(stated, f"metadata.{name}")
            if faults:
                raise _Failure("metadata: " + ", ".join(map(str, faults)))
        found[name] = stated
    return found
