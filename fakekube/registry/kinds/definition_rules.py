"""What a CustomResourceDefinition says of conversion and of its approval, and the formats that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fakekube.core import bundles, names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds.webhook_clients import client_faults
from fakekube.schema.custom import formats
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.definitions import approval, structural

REVIEWS = ("v1", "v1beta1")
STRATEGIES = ("None", "Webhook")

_NOT_WITHOUT_WEBHOOK = "should not be set when strategy is not set to Webhook"


def conversion_errors(spec: Obj, *, known_review: bool = True, good_bundle: bool = False) -> Iterator[FieldError]:
    """What is wrong with spec.conversion; `known_review`: one of the versions of reviews is one that is sent,
    `good_bundle`: certificate authorities that are stated can be read."""
    conversion = spec.get("conversion") or {}
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook") or {}
    client, reviews = webhook.get("clientConfig"), webhook.get("conversionReviewVersions")
    path, client_path, reviews_path = (
        f"spec.conversion{rest}" for rest in ("", ".webhookClientConfig", ".conversionReviewVersions")
    )
    if not strategy:
        yield required(f"{path}.strategy")
    elif strategy not in STRATEGIES:
        yield not_supported(f"{path}.strategy", strategy, STRATEGIES)
    if strategy == "Webhook":
        if client is None:
            yield required(client_path, "required when strategy is set to Webhook")
        else:
            yield from client_faults(client_path, client)
            if good_bundle and (fault := bundles.fault(client.get("caBundle") or "")):
                yield invalid(f"{client_path}.caBundle", client["caBundle"], fault)
        yield from _reviews(reviews, reviews_path, known_review)
        return
    if client is not None:
        yield forbidden(client_path, _NOT_WITHOUT_WEBHOOK)
    if reviews:
        yield forbidden(reviews_path, _NOT_WITHOUT_WEBHOOK)


def _reviews(versions: Sequence[str] | None, path: str, known: bool) -> Iterator[FieldError]:
    if not versions:
        yield required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        for message in names.dns1035_label(version):
            yield invalid(f"{path}[{index}]", version, message)
    if known and not knows_review(versions):
        text = f"Invalid value: {bad_value(versions)}: must include at least one of {', '.join(REVIEWS)}"
        yield FieldError("FieldValueInvalid", path, text)


def knows_review(versions: Sequence[str] | None) -> bool:
    """Whether a version of reviews is one that is sent (or none is stated)."""
    return not versions or any(version in REVIEWS for version in versions)


def approval_errors(obj: Obj, old: Obj | None) -> list[FieldError]:
    """Groups of the Kubernetes community need an annotation that says where the API was approved."""
    if not approval.is_protected((obj.get("spec") or {}).get("group") or ""):
        return []
    found = approval.state(obj)
    if old is not None and approval.state(old).reason == found.reason:
        return []
    path = f"metadata.annotations[{approval.APPROVAL}]"
    match found.reason:
        case "MissingAnnotation":
            return [required(path, found.message)]
        case "InvalidAnnotation":
            return [invalid(path, annotations_of(obj)[approval.APPROVAL], found.message)]
    return []


def unknown_formats(obj: Obj) -> list[str]:
    """The formats in the definition's schemas that nobody checks."""
    versions = (obj.get("spec") or {}).get("versions") or ()
    schemas = [(version.get("schema") or {}).get("openAPIV3Schema") for version in versions]
    if schemas and all(schema == schemas[0] for schema in schemas[1:]):
        del schemas[1:]  # they are one and the same schema to the real server
    return [
        node["format"]
        for schema in schemas
        if schema
        for node in structural.everything(schema)
        if node.get("format") and not formats.known(node["format"], node.get("type") or "")
    ]
