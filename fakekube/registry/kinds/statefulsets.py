"""StatefulSets (kubernetes/pkg/apis/apps, registry/apps/statefulset)."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, required
from fakekube.core.meta import Obj, metadata, name_of
from fakekube.registry.kinds.claim_specs import validate_claim_spec
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.label_selectors import is_usable
from fakekube.registry.kinds.pod_defaults import default_claim_spec
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.pod_warnings import claim_warnings
from fakekube.registry.kinds.rules import (
    Errors,
    amount_of,
    at_most_all,
    int_or_percent,
    named,
    not_above,
    not_decremented,
    not_negative,
    one_of,
)
from fakekube.registry.kinds.workloads import (
    WorkloadStrategy,
    check_template_labels,
    validate_endless,
    validate_required_selector,
)
from fakekube.registry.objectmeta import annotation_errors, label_errors
from fakekube.registry.strategy import Context, Strategy

FROZEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
CHANGEABLE = frozenset(
    (
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    )
)
RETENTION = ("Retain", "Delete")
COUNTERS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
HISTORY_WARNING = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
)


class StatefulSetStrategy(WorkloadStrategy):
    """Its name must be a label, for its pods are called after it."""

    warns_of_name = False

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        return names.dns1123_label(names.masked(name) if prefix else name)

    def default(self, obj: Obj) -> None:
        super().default(obj)
        spec = obj["spec"]
        spec.setdefault("podManagementPolicy", "OrderedReady")
        _default_update(spec.setdefault("updateStrategy", {}))
        retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
        retention.setdefault("whenDeleted", "Retain")
        retention.setdefault("whenScaled", "Retain")
        spec.setdefault("replicas", 1)
        spec.setdefault("revisionHistoryLimit", 10)
        for claim in spec.get("volumeClaimTemplates") or ():
            _default_claim(claim)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        super().prepare_for_create(context, obj)
        _drop_max_unavailable(obj, None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        super().prepare_for_update(context, obj, old)
        _drop_max_unavailable(obj, old)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"], None)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        stored_is_fine = not _validate_spec(old["spec"], old["spec"])
        errors = _validate_spec(obj["spec"], old["spec"], with_template=stored_is_fine)
        new, before = obj["spec"], old["spec"]
        if any(new.get(field) != before.get(field) for field in {*new, *before} - CHANGEABLE):
            errors.append(forbidden("spec", FROZEN))
        return errors

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        not_negative(errors, status, "status", *COUNTERS, "observedGeneration", "collisionCount")
        replicas, ready = status.get("replicas") or 0, status.get("readyReplicas") or 0
        not_above(errors, status, "status", COUNTERS[1:], replicas, "cannot be greater than status.replicas")
        detail = "cannot be greater than status.readyReplicas"
        not_above(errors, status, "status", ("availableReplicas",), ready, detail)
        not_decremented(errors, status, old.get("status") or {}, "status", "collisionCount")
        return errors

    def spec_warnings(self, obj: Obj, old: Obj | None) -> list[str]:
        found = super().spec_warnings(obj, old)
        # The path of an update's warnings is what the real server writes.
        end = "" if old is None else ".Spec"
        for index, claim in enumerate(obj["spec"].get("volumeClaimTemplates") or ()):
            found += claim_warnings(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}]{end}")
        if obj["spec"].get("revisionHistoryLimit", 0) < 0:
            found.append(HISTORY_WARNING)
        return found


def _default_update(strategy: Obj) -> None:
    if "type" not in strategy:
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)


def _default_claim(claim: Obj) -> None:
    """A claim template is told as the whole claim it stands for."""
    claim["kind"], claim["apiVersion"] = "PersistentVolumeClaim", "v1"
    claim.setdefault("metadata", {})
    default_claim_spec(claim.setdefault("spec", {}))
    claim.setdefault("status", {}).setdefault("phase", "Pending")


def _drop_max_unavailable(obj: Obj, old: Obj | None) -> None:
    """maxUnavailable is off by default in this version; what was stored with it keeps it."""
    rolling = obj["spec"]["updateStrategy"].get("rollingUpdate")
    if rolling and "maxUnavailable" in rolling:
        before = old["spec"].get("updateStrategy", {}).get("rollingUpdate") or {} if old else {}
        if "maxUnavailable" not in before:
            del rolling["maxUnavailable"]


def _validate_spec(spec: Obj, old: Obj | None, *, with_template: bool = True) -> Errors:
    """`old` is what is stored now: what cannot change any more is not held against it."""
    errors: Errors = []
    policy = spec.get("podManagementPolicy", "")
    if policy not in ("OrderedReady", "Parallel"):
        errors.append(invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    _validate_update_strategy(errors, spec.get("updateStrategy") or {}, "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in ("whenDeleted", "whenScaled"):
        one_of(errors, retention.get(field, ""), RETENTION, f"spec.persistentVolumeClaimRetentionPolicy.{field}")
    if old is None:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            validate_claim_spec(errors, claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    not_negative(errors, spec, "spec", "replicas", "minReadySeconds")
    not_negative(errors, spec.get("ordinals") or {}, "spec.ordinals", "start")
    service = spec.get("serviceName")
    if old is None and service:
        named(errors, names.dns1123_label(service), service, "spec.serviceName")
    validate_required_selector(errors, spec, "statefulset")
    _validate_own_template(errors, spec, with_template)
    validate_endless(errors, spec.get("template") or {}, "StatefulSet")
    return errors


def _validate_own_template(errors: Errors, spec: Obj, with_template: bool) -> None:
    selector = spec.get("selector")
    if not is_usable(selector):
        errors.append(invalid("spec.selector", selector, ""))
        return
    template = spec.get("template") or {}
    check_template_labels(errors, selector, template)
    if with_template:
        validate_template(errors, _with_claims(template, spec), "spec.template")
    meta = metadata(template)
    errors += label_errors(meta.get("labels") or {}, "spec.template.labels")
    errors += annotation_errors(meta.get("annotations") or {}, "spec.template.annotations")


def _with_claims(template: Obj, spec: Obj) -> Obj:
    """The template with the volumes that the claim templates bring; host names are set by the controller."""
    pod = dict(template.get("spec") or {})
    pod.pop("hostname", None)
    pod.pop("subdomain", None)
    claims = [name_of(claim) for claim in spec.get("volumeClaimTemplates") or ()]
    if claims:
        added = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(claims)]
        pod["volumes"] = added + [each for each in pod.get("volumes") or () if each.get("name") not in claims]
    return {**template, "spec": pod}


def _validate_update_strategy(errors: Errors, strategy: Obj, path: str) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if not kind:
        errors.append(required(path))
    elif kind == "OnDelete":
        if rolling is not None:
            shown = internal("RollingUpdateStatefulSetStrategy", rolling)
            errors.append(invalid(f"{path}.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'"))
    elif kind != "RollingUpdate":
        errors.append(
            invalid(path, internal("StatefulSetUpdateStrategy", strategy), "must be 'RollingUpdate' or 'OnDelete'")
        )
    elif rolling is not None:
        _validate_rolling(errors, rolling, f"{path}.rollingUpdate")


def _validate_rolling(errors: Errors, rolling: Obj, path: str) -> None:
    not_negative(errors, rolling, path, "partition")
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        path = f"{path}.maxUnavailable"
        int_or_percent(errors, unavailable, path)
        if amount_of(unavailable) == 0:
            errors.append(invalid(path, unavailable, "cannot be 0"))
        at_most_all(errors, unavailable, path)


ROWS: dict[str, Strategy] = {"statefulsets.apps": StatefulSetStrategy()}
