"""The definition of Stage objects, for those who hand stages to the cluster through its API."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj

GROUP, VERSION, PLURAL = "kwok.x-k8s.io", "v1alpha1", "stages"


def _text(about: str, **more: Any) -> Obj:
    return {"type": "string", "description": about, **more}


def _switch(about: str) -> Obj:
    return {"type": "boolean", "description": about}


def _count(about: str, **more: Any) -> Obj:
    return {"type": "integer", "format": "int64", "minimum": 0, "description": about, **more}


def _object(about: str, *required: str, **properties: Obj) -> Obj:
    made: Obj = {"type": "object", "description": about, "properties": properties}
    return made | {"required": list(required)} if required else made


def _list(about: str, items: Obj) -> Obj:
    return {"type": "array", "description": about, "items": items}


def _texts(about: str) -> Obj:
    return {"type": "object", "description": about, "additionalProperties": {"type": "string"}}


_CEL = _object("An expression in CEL; `self` is the object.", expression=_text("The expression."))
_JQ = _object("An expression in jq.", expression=_text("The expression."))
_OPERATOR = _text("How key and values are compared: In, NotIn, Exists or DoesNotExist.")
_VALUES = _list("What In and NotIn compare with.", {"type": "string"})
_KEY = _text("A path in jq.")
_REQUIREMENT = {"key": _KEY, "operator": _OPERATOR, "values": _VALUES}
_ITEMS = _list("Finalizers.", _object("A finalizer.", value=_text("Its name.")))
_USER = _object("As whom it is written.", "username", username=_text("The user."))
_SUBRESOURCE = _text("The subresource that is written; the object itself when absent.")
_TEMPLATE = _text("A template of Go's that makes YAML.")


def _from(about: str) -> Obj:
    return _object(about, cel=_CEL, jq=_JQ, expressionFrom=_text("An expression in jq, as it was written before."))


_SELECTOR = _object(
    "Which objects the stage is for; all of these must hold. Without a selector it is for none.",
    matchLabels=_texts("Labels that the object has."),
    matchAnnotations=_texts("Annotations that the object has."),
    matchExpressions=_list(
        "Expressions over the whole object.",
        _object("One expression.", cel=_CEL, jq=_object("By jq.", **_REQUIREMENT), **_REQUIREMENT),
    ),
)
_EVENT = _object(
    "An event that is told of the object.",
    type=_text("Normal or Warning."),
    reason=_text("Why, in one word."),
    message=_text("What has happened."),
)
_FINALIZERS = _object(
    "Finalizers that go, then those that come.", add=_ITEMS, remove=_ITEMS, empty=_switch("All of them go.")
)
_DELETE = _switch("The object is deleted.")
_PATCH = _object(
    "A patch of the object.",
    subresource=_SUBRESOURCE,
    root=_text("The field that the template is put under."),
    template=_TEMPLATE,
    type=_text("The kind of patch.", enum=["json", "merge", "strategic"]),
    impersonation=_USER,
)
_APPLY = _object(
    "An object that is applied.",
    template=_TEMPLATE,
    subresource=_SUBRESOURCE,
    type=_text("How it is applied.", enum=["apply", "merge", "strategic"]),
    impersonation=_USER,
)
_NEXT = _object(
    "What is done, as it was written before there were steps.",
    event=_EVENT,
    finalizers=_FINALIZERS,
    delete=_DELETE,
    patches=_list("Patches, one after the other.", _PATCH),
    statusTemplate=_TEMPLATE,
    statusSubresource=_text("The subresource that statusTemplate writes.", default="status"),
    statusPatchAs=_USER,
)
_SPEC = _object(
    "What becomes of which objects, and when.",
    "resourceRef",
    resourceRef=_object(
        "The kind of the objects.",
        "kind",
        apiGroup=_text("Group and version, such as v1 or apps/v1.", default="v1"),
        kind=_text("The kind."),
    ),
    selector=_SELECTOR,
    weight=_count("How likely it is among the stages that match.", default=0),
    weightFrom=_from("An expression that tells the weight."),
    delay=_object(
        "How long it waits.",
        durationMilliseconds=_count("At least so long."),
        durationFrom=_from("An expression that tells it: a duration, or a moment."),
        jitterDurationMilliseconds=_count("At most so long."),
        jitterDurationFrom=_from("An expression that tells it: a duration, or a moment."),
    ),
    next=_NEXT,
    steps=_list(
        "What is done, in this order.",
        _object("One step.", patch=_PATCH, event=_EVENT, finalizers=_FINALIZERS, delete=_DELETE, apply=_APPLY),
    ),
    immediateNextStage=_switch("The next stage is looked for at once."),
)
_STATUS = _object(
    "What is said of the stage.",
    conditions=_list("Conditions.", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
)


def definition() -> Obj:
    """The CustomResourceDefinition of stages."""
    whole = _object("A stage in the life of objects.", "spec", spec=_SPEC, status=_STATUS)
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": whole},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Kind", "type": "string", "jsonPath": ".spec.resourceRef.kind"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {"kind": "Stage", "listKind": "StageList", "plural": PLURAL, "singular": "stage"},
            "scope": "Cluster",
            "versions": [version],
        },
    }
