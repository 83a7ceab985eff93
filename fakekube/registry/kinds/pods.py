"""Pods (registry/core/pod/strategy.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fakekube.core import names
from fakekube.core.addresses import ip_warnings, is_plain, parse_ip
from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj, labels_of, name_of
from fakekube.registry.kinds.pod_defaults import default_pod
from fakekube.registry.kinds.pod_features import drop_disabled
from fakekube.registry.kinds.pod_paths import EPHEMERAL, RESIZE, prepare_path, validate_path
from fakekube.registry.kinds.pod_resources import qos_class
from fakekube.registry.kinds.pod_status import prepare_status, validate_pod_status
from fakekube.registry.kinds.pod_update import validate_pod_update
from fakekube.registry.kinds.pod_validation.annotations import APP_ARMOR
from fakekube.registry.kinds.pod_validation.scheduling import PREFERRED, REQUIRED
from fakekube.registry.kinds.pod_validation.template import validate_new_pod
from fakekube.registry.kinds.pod_validation.windows import containers_of
from fakekube.registry.kinds.pod_warnings import app_armor_field, pod_warnings
from fakekube.registry.kinds.rules import Errors
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.strategy import Context, Strategy

NAME_WARNING = (
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
    "a DNS label is recommended: [{}]"
)
GATED: Obj = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}
FINISHED = ("Failed", "Succeeded")


def _spec_text(obj: Obj, field: str) -> str:
    return (obj.get("spec") or {}).get(field) or ""


def _status_text(obj: Obj, field: str) -> str:
    return (obj.get("status") or {}).get(field) or ""


def _first_address(obj: Obj) -> str:
    listed = (obj.get("status") or {}).get("podIPs") or [{}]
    return listed[0].get("ip") or ""


class PodStrategy(SelectableStrategy):
    """Of a stored pod little may change; the status path belongs to kubelet and scheduler."""

    answers_deleted_object = True
    field_selectors = {  # noqa: RUF012
        "spec.nodeName": lambda obj: _spec_text(obj, "nodeName"),
        "spec.host": lambda obj: _spec_text(obj, "nodeName"),
        "spec.restartPolicy": lambda obj: _spec_text(obj, "restartPolicy"),
        "spec.schedulerName": lambda obj: _spec_text(obj, "schedulerName"),
        "spec.serviceAccountName": lambda obj: _spec_text(obj, "serviceAccountName"),
        "spec.hostNetwork": lambda obj: "true" if (obj.get("spec") or {}).get("hostNetwork") else "false",
        "status.phase": lambda obj: _status_text(obj, "phase"),
        "status.podIP": _first_address,
        "status.podIPs": lambda obj: "",  # a field that may be asked for, and that no pod fills
        "status.nominatedNodeName": lambda obj: _status_text(obj, "nominatedNodeName"),
    }

    def default(self, obj: Obj) -> None:
        default_pod(obj)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        spec = obj["spec"]
        status: Obj = {"phase": "Pending", "qosClass": qos_class(spec)}
        obj["status"] = status
        drop_disabled(spec, None)
        if spec.get("schedulingGates"):
            status["conditions"] = [{**GATED, "lastProbeTime": None, "lastTransitionTime": None}]
        if spec.get("terminationGracePeriodSeconds", 0) < 0:
            spec["terminationGracePeriodSeconds"] = 1
        labels = labels_of(obj)
        if spec.get("affinity"):
            _merge_affinity_keys(spec["affinity"], labels)
        for constraint in spec.get("topologySpreadConstraints") or ():
            _merge_keys(constraint, labels)
        if obj["metadata"].get("annotations"):
            _copy_app_armor(context, obj)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        errors: Errors = []
        validate_new_pod(errors, obj)
        return errors

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        path = context.request.subresource
        if path in (EPHEMERAL, RESIZE):
            prepare_path(path, obj, old)
        drop_disabled(obj.get("spec"), old.get("spec"))

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        path = context.request.subresource
        if path in (EPHEMERAL, RESIZE):
            return validate_path(path, obj, old)
        errors: Errors = []
        validate_pod_update(errors, obj, old)
        return errors

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        prepare_status(obj, old)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors = validate_pod_status(obj, old)
        if not errors:
            for warning in _address_warnings(obj.get("status") or {}):
                context.warn(warning)
        return errors

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        if old is not None:  # updates come from machines; the real server spares itself the trouble
            return []
        messages = names.dns1123_label(name_of(obj))
        return ([NAME_WARNING.format(" ".join(messages))] if messages else []) + pod_warnings(obj)

    def grace_seconds(self, context: Context, obj: Obj, options: Obj) -> int | None:
        spec, asked = obj.get("spec") or {}, options.get("gracePeriodSeconds")
        if not spec.get("nodeName") or _status_text(obj, "phase") in FINISHED:
            return 0
        period = asked if asked is not None else spec.get("terminationGracePeriodSeconds") or 0
        return 1 if period < 0 else period


def _address_warnings(status: Obj) -> list[str]:
    found: list[str] = []
    for field in ("podIPs", "hostIPs"):
        for index, each in enumerate(status.get(field) or ()):
            address = each.get("ip", "")
            if not is_plain(address) and parse_ip(address) is not None:
                found += ip_warnings(f"status.{field}[{index}].ip", address)
    return found


def _merge_affinity_keys(affinity: Obj, labels: Mapping[str, str]) -> None:
    for field in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(field) or {}
        for term in pods.get(REQUIRED) or ():
            _merge_keys(term, labels)
        for weighted in pods.get(PREFERRED) or ():
            _merge_keys(weighted.get("podAffinityTerm") or {}, labels)


def _merge_keys(term: Obj, labels: Mapping[str, str]) -> None:
    """matchLabelKeys become expressions over the pod's own labels, where there is a selector to add them to."""
    selector = term.get("labelSelector")
    if selector is None:
        return
    found = [*_expressions(term.get("matchLabelKeys") or (), "In", labels)]
    found += _expressions(term.get("mismatchLabelKeys") or (), "NotIn", labels)
    if found:
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *found]


def _expressions(keys: Iterable[str], operator: str, labels: Mapping[str, str]) -> list[Obj]:
    return [{"key": key, "operator": operator, "values": [labels[key]]} for key in keys if key in labels]


def _copy_app_armor(context: Context, obj: Obj) -> None:
    """Old annotations become the field of their container, unless the pod's own profile says the same."""
    spec, annotations = obj["spec"], obj["metadata"]["annotations"]
    if not any(key.startswith(APP_ARMOR) for key in annotations) or (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in containers_of(spec, "spec"):
        key = APP_ARMOR + container.get("name", "")
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        if key in annotations and own is None:
            profile = app_armor_field(annotations[key])
            if profile is not None and profile != of_pod:
                container.setdefault("securityContext", {})["appArmorProfile"] = profile
            if profile is None or profile != of_pod:
                told = f"metadata.annotations[{key}]"
                context.warn(f'{told}: deprecated since v1.30; use the "appArmorProfile" field instead')


ROWS: dict[str, Strategy] = {"pods": PodStrategy()}
